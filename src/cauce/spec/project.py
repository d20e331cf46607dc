"""What a user wrote in cauce.toml, as frozen values."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from cauce.language import gettext_noop as _
from cauce.spec.evaluate import Evaluate, Threshold
from cauce.spec.features import Pca
from cauce.spec.folds import FoldsOrHoldout
from cauce.spec.gate import Card, Gate
from cauce.spec.mapping import plain
from cauce.spec.models import Boosting, Models
from cauce.spec.search import TimeLimit, seconds_of
from cauce.spec.serve import Serve
from cauce.spec.settings import (
    EMPTY,
    Character,
    DottedNames,
    Exact,
    Expects,
    Flag,
    FrozenMap,
    Kind,
    Name,
    Names,
    Natural,
    NotNegative,
    PositiveShare,
    RowLimit,
    Scalar,
    Share,
    SomeNames,
    Text,
    Texts,
    section,
    setting,
)
from cauce.spec.shorthand import Chains
from cauce.spec.validate import Validate
from cauce.spec.warehouse import Warehouse

SCHEMA = 1

ProjectName = Annotated[
    str,
    Exact(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"),
    Expects(_("a text of 1 to 64 letters (a to z), digits, - and _ that begins with a letter or digit")),
]
Seed = Annotated[int, Exact(ge=0, le=2**31 - 1)]
Memory = Annotated[
    str,
    Exact(pattern=r"^[0-9]{1,6}(\.[0-9]{1,3})? ?(KB|MB|GB|TB)$"),
    Expects(_('a text such as "4GB" or "512 MB"')),
]
SparkSettings = Annotated[FrozenMap[Text], DottedNames()]
_BYTES = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


@section
class Data:
    """Where the rows come from and what its columns are for."""

    source: SomeNames = setting(
        _(
            "A file, folder or pattern (data/*.csv), or a list; relative to this file. Or an address; on "
            "Spark table:name."
        )
    )
    query: Name | None = setting(
        _("What to ask a database for, in place of a table: a SELECT; joins belong here."),
        default=None,
        example="select * from orders join customers using (customer)",
    )
    format: Literal["auto", "csv", "tsv", "json", "parquet", "orc"] = setting(
        _("The files' format; auto goes by their content."), default="auto"
    )
    encoding: Name | None = setting(
        _("The text encoding, such as utf-8 or cp1252; found from the bytes where absent."), default=None
    )
    delimiter: Character | None = setting(
        _("What separates the fields; found from the text where absent."), default=None
    )
    quote: Character | None = setting(_('What encloses a field; " where absent.'), default=None)
    decimal: Literal[".", ","] | None = setting(
        _("The decimal mark of numbers; found from the text where absent."), default=None
    )
    thousands: Character | None = setting(
        _("The grouping mark of numbers; found from the text where absent."), default=None
    )
    currency: Names = setting(_("Signs to leave out of numbers, such as $ or EUR."), default=())
    date_formats: Names = setting(
        _("Formats of dates, such as %d/%m/%Y, tried in order; found where absent."), default=()
    )
    header: Flag | None = setting(
        _("Whether the first row holds the names; found from the text where absent."), default=None
    )
    missing: Texts = setting(
        _("Texts that mean a missing value in every column, such as ? or N/A."),
        default=(),
        example=("?", "N/A"),
    )
    missing_in: FrozenMap[Texts] = setting(
        _("Texts that mean a missing value, by column, beside those of `missing`."), default=EMPTY
    )
    types: FrozenMap[Kind] = setting(
        _("The kind of a column, where it should not be found from its values."), default=EMPTY
    )
    key: Names = setting(
        _("The column, or columns, that identify a row; random splits follow it."), default=(), example="id"
    )
    group: Name | None = setting(
        _("The column whose equal values stay in one fold, such as a patient."),
        default=None,
        example="patient",
    )
    time: Name | None = setting(
        _("The column that orders the rows in time, for a split by time."), default=None, example="date"
    )
    weight: Name | None = setting(_("The column with each row's weight."), default=None)
    drop: Names = setting(_("Columns that are not read."), default=(), example=("notes",))
    known_after: Names = setting(
        _("Columns that are only known after the target is: never features."),
        default=(),
        example=("closed_at",),
    )
    rejected: RowLimit = setting(
        _("The run stops when more rows than this cannot be read: a share (0.01) or a number (100)."),
        default=0.01,
    )


@section
class Target:
    """What is predicted."""

    column: Name | None = setting(_("The column to predict."), default=None)
    formula: Name | None = setting(
        _("A formula to predict, such as arr_delay > 15; its columns are never features."), default=None
    )
    task: Literal["binary", "multiclass", "regression"] | None = setting(
        _("The kind of prediction; found from the target's values where absent."),
        default=None,
        example="binary",
    )
    positive: Scalar | None = setting(
        _("The class counted as positive in a binary task; found where absent."), default=None, example="yes"
    )
    transform: Literal["log1p"] | None = setting(
        _(
            "The scale on which a number is learned: log1p is log(1 + x), for amounts above -1. Predictions "
            "and metrics stay on the target's own scale."
        ),
        default=None,
    )


@section
class Split:
    """How the rows are divided into training, validation and test."""

    kind: Literal["random", "stratified", "group", "time"] = setting(
        _("random by key, stratified by class, group by `data.group`, time forward by `data.time`."),
        default="random",
        example="stratified",
    )
    train: PositiveShare = setting(_("The share of rows that models learn from."), default=0.6)
    validation: Share = setting(_("The share that stops training and chooses between models."), default=0.2)
    test: PositiveShare = setting(_("The share that nothing but the final judgement reads."), default=0.2)
    seed: Seed | None = setting(_("Another seed for the split than the project's."), default=None)


@section
class FeatureDefaults:
    """What `auto` does with columns that have no declaration of their own, by kind."""

    number: Chains | None = setting(_("For integer, float and decimal columns."), default=None)
    boolean: Chains | None = setting(_("For boolean columns."), default=None)
    text: Chains | None = setting(_("For text columns."), default=None)
    date: Chains | None = setting(_("For date columns."), default=None)
    datetime: Chains | None = setting(_("For datetime columns."), default=None)


@section
class Features:
    """What the learner sees: columns, formulas, and the steps they go through."""

    auto: Flag = setting(
        _("Whether columns without a declaration become features too, in the way that suits their kind."),
        default=True,
    )
    include: Names = setting(_("The only columns that `auto` takes; all of them where absent."), default=())
    exclude: Names = setting(_("Columns that never become features."), default=(), example=("row_number",))
    formulas: FrozenMap[Name] = setting(_("New columns: a name and its formula."), default=EMPTY)
    columns: FrozenMap[Chains] = setting(
        _("The steps of a column or formula, in order; a list of lists gives several features."),
        default=EMPTY,
    )
    defaults: FeatureDefaults = setting(
        _("The steps `auto` uses, by kind of column."), default=FeatureDefaults()
    )
    variance_filter: NotNegative | None = setting(
        _("Drops number features whose variance over the training rows is not above this."), default=None
    )
    pca: FrozenMap[Pca] | None = setting(
        _("Principal components of number columns, by the name of the features they become."), default=None
    )
    acknowledged: Names = setting(
        _("Columns the leak gate may let pass, because you have looked at them."), default=()
    )

    @property
    def pca_declared(self) -> FrozenMap[Pca]:
        """The declared principal components, by name; empty where there are none."""
        return EMPTY if self.pca is None else self.pca


@section
class Choose:
    """What makes one model better than another."""

    metric: Name | None = setting(
        _("The metric that decides, such as roc_auc[positive=yes]; the task's own where absent."),
        default=None,
        example="roc_auc[positive=yes]",
    )
    threshold: Threshold | None = setting(
        _(
            "From which probability a row counts as positive, 0.5 where absent: a probability, or what to "
            'choose it by on validation rows: "f1", { recall = 0.8 } or { precision = 0.9 } (the least to '
            "keep), or { cost_false_positive = 1.0, cost_false_negative = 5.0 }."
        ),
        default=None,
    )
    calibration: Literal["none", "isotonic", "platt"] = setting(
        _(
            "How probabilities are brought to the shares that rows outside the training rows show: isotonic "
            "(any rising curve; needs many rows), platt (a logistic curve), or none."
        ),
        default="none",
    )
    folds: FoldsOrHoldout | None = setting(
        _(
            "How candidates are judged: a table of folds (cross-validation), or holdout: learned from "
            "training rows and judged on validation rows, as where there are several and no folds are given."
        ),
        default=None,
        example={"k": 5},
    )
    rule: Literal["best", "one_standard_error"] = setting(
        _("Which candidate is chosen: the best mean, or the simplest one within one standard error of it."),
        default="best",
    )
    time_limit: TimeLimit | None = setting(
        _(
            "About this time for all candidates and the final fit, such as 30 min: no round begins that "
            "would not end in it, and one that takes a quarter longer is given up."
        ),
        default=None,
    )

    @property
    def seconds(self) -> float | None:
        """`time_limit` in seconds."""
        return None if self.time_limit is None else seconds_of(self.time_limit)


@section
class Engine:
    """Where and how the work is done; it never changes the numbers."""

    kind: Literal["local", "spark"] = setting(
        _("local: this machine; spark: a Spark cluster, or Spark on this machine."), default="local"
    )
    master: Name | None = setting(
        _("The Spark master, such as spark://host:7077; the running session's, or local[*], where absent."),
        default=None,
    )
    workers: Natural | None = setting(
        _("How many Spark tasks train trees together; as the cluster has room, at most 4, where absent."),
        default=None,
    )
    spark: SparkSettings = setting(
        _('More settings of the Spark session, such as spark.executor.memory = "4g". No passwords here.'),
        default=EMPTY,
    )
    batch_rows: Natural = setting(_("How many rows are worked on at a time."), default=131_072)
    threads: Natural | None = setting(_("How many threads; all cores where absent."), default=None)
    memory: Memory | None = setting(
        _(
            "How much memory training rows may take, such as 4GB, before the rest waits in a temporary file; "
            "1 GiB where absent."
        ),
        default=None,
    )

    @property
    def memory_bytes(self) -> int | None:
        """`memory` in bytes (1 GB is 10^9)."""
        if self.memory is None:
            return None
        return int(float(self.memory[:-2]) * _BYTES[self.memory[-2:]])


@section
class Store:
    """Where snapshots, models and the ledger are kept."""

    path: Name = setting(_("A folder, relative to this file."), default=".cauce")
    url: Name | None = setting(
        _(
            "A bucket to keep them in, such as s3://bucket/prefix?region=eu-west-1; the folder then holds "
            "copies and what is written for people."
        ),
        default=None,
        example="s3://my-bucket/cauce",
    )
    shared: Flag = setting(
        _("Whether every machine of a cluster mounts that folder at the same path; Spark needs it to be so."),
        default=False,
    )


@section
class Tracking:
    """Where runs are recorded and models registered."""

    enabled: Flag = setting(_("Whether runs are recorded at all."), default=True)
    uri: Name | None = setting(
        _(
            "The tracking server; a database in the project where absent. Secrets by reference: "
            "https://host#token=env:NAME."
        ),
        default=None,
        example="http://localhost:5000",
    )
    experiment: Name | None = setting(_("The experiment; the project's name where absent."), default=None)
    registry: Name | None = setting(_("The registered model; the project's name where absent."), default=None)
    alias: Literal["auto", "champion", "challenger", "none"] = setting(
        _("The alias a new version gets; auto: champion where there is none yet, else challenger."),
        default="auto",
    )


@section
class Project:
    """A cauce.toml, read: every setting has its value or its default. Made by `read_project`."""

    schema: Literal[1] = setting(_("The version of this file's format."), default=SCHEMA)
    name: ProjectName = setting(_("The project's name, used for folders and the registered model."))
    lang: Literal["en", "es"] | None = setting(
        _("The language of messages, reports and plots; the environment's where absent."),
        default=None,
        example="es",
    )
    seed: Seed = setting(_("What every random choice starts from."), default=0)
    data: Data = setting(_("Where the rows come from and what its columns are for."))
    validate: Validate = setting(
        _("What the data must be like before anything is learned from them."), default=Validate()
    )
    target: Target = setting(_("What is predicted."))
    split: Split = setting(_("How the rows are divided into training, validation and test."), default=Split())
    features: Features = setting(
        _("What the learner sees: columns, formulas, and the steps they go through."), default=Features()
    )
    models: Models = setting(_("The models to train and choose between."), default=(Boosting(),))
    choose: Choose = setting(_("What makes one model better than another."), default=Choose())
    evaluate: Evaluate = setting(_("How a model is judged beside its metrics."), default=Evaluate())
    engine: Engine = setting(
        _("Where and how the work is done; it never changes the numbers."), default=Engine()
    )
    store: Store = setting(_("Where snapshots, models and the ledger are kept."), default=Store())
    tracking: Tracking = setting(_("Where runs are recorded and models registered."), default=Tracking())
    gate: Gate = setting(_("What a model must show on test rows before it takes charge."), default=Gate())
    card: Card = setting(_("What the model card says that only people know."), default=Card())
    serve: Serve = setting(
        _("How the project's models are served, where cauce serve is not told otherwise."), default=Serve()
    )
    warehouse: Warehouse = setting(
        _("A database that mirrors the stages of each run as tables."), default=Warehouse()
    )

    @property
    def split_seed(self) -> int:
        """The seed of the split: its own, or the project's."""
        return self.seed if self.split.seed is None else self.split.seed

    def to_mapping(self) -> dict[str, Any]:
        """A plain JSON value that `project_from_mapping` reads back equal; absent settings are left out."""
        mapping: dict[str, Any] = plain(self)
        return mapping
