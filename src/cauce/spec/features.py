"""The feature steps a project file can declare: one frozen value each, in the order they are written.

A *chain* is a tuple of steps: each works on what the step before it gave, the first on the column itself
(or on the result of the formula of that name). A column may have several chains, whose features stand side
by side. What is learned (a median, levels, quantiles) is learned from the training rows only; rows whose
target is null are left out. "Missing" is null or NaN.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from cauce.language import gettext_noop as _
from cauce.spec.settings import (
    Exact,
    Flag,
    Moment,
    Name,
    Names,
    NotNegative,
    Number,
    OneOrMany,
    Scalar,
    Texts,
    section,
    setting,
)

Unseen = Literal["missing", "rare"]
RareShare = Annotated[float, Exact(ge=0, lt=1)]
Probability = Annotated[float, Exact(gt=0, lt=1)]
Numbers = Annotated[tuple[Number, ...], OneOrMany()]
Count = Annotated[int, Exact(ge=2, le=10_000)]
Components = Annotated[int, Exact(ge=1, le=500)]
Folds = Annotated[int, Exact(ge=2, le=100)]
DatePart = Literal["year", "quarter", "month", "day", "weekday", "day_of_year", "hour", "minute", "second"]

_RARE = _("Levels with a smaller share of the training rows than this are joined into one; 0 joins none.")
_UNSEEN = _(
    "What a level never seen in training counts as: a missing value, or the rare levels "
    "(a missing value where there are none)."
)
_LIMIT = _("The most levels kept, by frequency; the others count as rare.")


@section
class Raw:
    """The value itself, unchanged: for columns that `auto` would treat otherwise. Numbers and booleans."""

    step: Literal["raw"] = "raw"


@section
class Impute:
    """Replaces missing values; every kind. Gives the same kind, one feature, or two with `indicator`.

    median and mean (numbers only) and mode (the most frequent value; of equals, the smallest) come from the
    training rows; constant is `value`, which must be of the column's kind. A column without any value in
    training is imputed with 0, the empty text or false. `indicator` adds a feature
    that is 1 where the value was missing, else 0; the following steps leave it alone.
    """

    step: Literal["impute"] = "impute"
    method: Literal["median", "mean", "mode", "constant"] = setting(
        _("What stands in for a missing value."), default="median"
    )
    value: Scalar | None = setting(_("The constant, with method constant."), default=None)
    indicator: Flag = setting(
        _("Adds a feature that is 1 where the value was missing, else 0."), default=False
    )


@section
class Scale:
    """Shifts and scales a number; missing stays missing. Gives one float.

    standard: (x - mean) / standard deviation (n - 1). min_max: (x - min) / (max - min); values outside the
    training range fall outside [0, 1]. robust: (x - median) / (third quartile - first quartile). A spread
    of zero divides by 1.
    """

    step: Literal["scale"] = "scale"
    method: Literal["standard", "min_max", "robust"] = setting(
        _("By mean and standard deviation, by the range, or by median and quartiles."), default="standard"
    )


@section
class Log:
    """The logarithm of a number: natural ln x, one_plus ln(1 + x), decimal log10 x. Gives one float.

    Where the logarithm does not exist (x <= 0, for one_plus x <= -1) the result is missing.
    """

    step: Literal["log"] = "log"
    method: Literal["natural", "one_plus", "decimal"] = setting(
        _("The natural logarithm, that of 1 + x, or the one to base ten."), default="natural"
    )


@section
class Clip:
    """Limits a number to [lower, upper]; missing stays missing. At least one limit is given.

    `lower_quantile` and `upper_quantile` learn the limit from the training rows; a side has either the
    number or the quantile.
    """

    step: Literal["clip"] = "clip"
    lower: Number | None = setting(_("Smaller values become this."), default=None)
    upper: Number | None = setting(_("Larger values become this."), default=None)
    lower_quantile: Probability | None = setting(
        _("Values below this quantile of the training rows become that quantile."), default=None
    )
    upper_quantile: Probability | None = setting(
        _("Values above this quantile of the training rows become that quantile."), default=None
    )


@section
class Bins:
    """The number of the bin a number falls in, from 0, as an integer; missing stays missing.

    k inner edges make k + 1 bins; bin i holds edge[i-1] <= x < edge[i]. quantile: edges at the quantiles
    1/count, 2/count, … of the training rows, equal ones kept once; uniform: equal widths between the
    training minimum and maximum. Declared `edges` (rising) replace method and count.
    """

    step: Literal["bins"] = "bins"
    method: Literal["quantile", "uniform"] = setting(
        _("Bins of equal numbers of rows, or of equal width."), default="quantile"
    )
    count: Count | None = setting(
        _("How many bins; 10 where neither count nor edges are given."), default=None
    )
    edges: Numbers = setting(_("The inner edges, rising, in place of method and count."), default=())


@section
class OneHot:
    """One 0/1 feature for each level, in code point order, then one for the rare levels if any are joined.

    A missing value has 0 in all of them; a constant imputed before makes it a level. Ends its chain.
    """

    step: Literal["one_hot"] = "one_hot"
    rare: RareShare = setting(_RARE, default=0.01)
    unseen: Unseen = setting(_UNSEEN, default="missing")
    limit: Count = setting(_LIMIT, default=100)


@section
class Ordinal:
    """The position of the level, from 0, as an integer: in `levels`, else in order (numbers by value,
    text by code points); the rare levels, if any are joined, come last. Missing stays missing.
    """

    step: Literal["ordinal"] = "ordinal"
    levels: Texts = setting(_("The levels in their order; any other counts as unseen."), default=())
    rare: RareShare = setting(_RARE, default=0.0)
    unseen: Unseen = setting(_UNSEEN, default="missing")


@section
class Frequency:
    """The share of the training rows that have the same level (missing is a level here). Gives one float."""

    step: Literal["frequency"] = "frequency"
    unseen: Literal["zero", "missing"] = setting(
        _("What a level never seen in training gives: zero, or a missing value."), default="zero"
    )


@section
class Category:
    """The level as a native category of the learner, which splits on sets of levels. Ends its chain.

    Missing stays missing and takes the learner's own branch.
    """

    step: Literal["category"] = "category"
    rare: RareShare = setting(_RARE, default=0.0)
    unseen: Unseen = setting(_UNSEEN, default="missing")
    limit: Count = setting(_LIMIT, default=1_000)


@section
class TargetMean:
    """The target's mean among the training rows of the same level (missing is a level), shrunk to the mean
    of all: (sum + smoothing x mean) / (rows + smoothing). An unseen level gives the mean of all.

    A training row gets the value learned from the other `folds` - 1 folds, so its own target never reaches
    it. binary: the target is 1 for the positive class. multiclass: one feature for each class.
    """

    step: Literal["target_mean"] = "target_mean"
    smoothing: NotNegative = setting(
        _("How many rows of the overall mean are mixed into each level's mean."), default=20.0
    )
    folds: Folds = setting(_("Training rows are encoded by folds, each from the others' targets."), default=5)


@section
class DateParts:
    """Parts of a date or datetime as integers, one feature each. Ends its chain.

    weekday: 1 Monday to 7 Sunday (ISO 8601). Empty `parts`: year, month, day, weekday for a date, and hour
    as well for a datetime. A zoned datetime is read in UTC. Missing gives missing parts.
    """

    step: Literal["date_parts"] = "date_parts"
    parts: Annotated[tuple[DatePart, ...], OneOrMany()] = setting(
        _("Which parts; year, month, day and weekday (and hour) where none are given."), default=()
    )


@section
class Elapsed:
    """The time from `since` or from another column to this date or datetime, negative before it.

    One float in `unit`s; missing where either side is.
    """

    step: Literal["elapsed"] = "elapsed"
    since: Moment | None = setting(_("A fixed date or datetime (ISO 8601) to count from."), default=None)
    column: Name | None = setting(_("The date or datetime column to count from."), default=None)
    unit: Literal["days", "hours", "seconds"] = setting(_("The unit of the result."), default="days")


@section
class TextLength:
    """The number of characters (code points) of a text, as an integer; missing stays missing."""

    step: Literal["text_length"] = "text_length"


ALL_NUMBERS = ("numbers",)


@section
class Pca:
    """Principal components: the directions in which several number columns vary together, as features.

    Learned from the training rows: centred always, divided by each column's standard deviation (n - 1)
    with `scale`. A missing value stands at the column's mean; training rows with an infinite one are left
    out. Each direction points to where its largest loading is positive. Features are called NAME:1, NAME:2,
    …, the one of most variance first; a direction without variance gives none.
    """

    columns: Names = setting(
        _('The columns, or formulas; "numbers" takes every number column that `auto` would.'),
        default=ALL_NUMBERS,
        example=("length", "width", "height"),
    )
    components: Components | None = setting(
        _("How many components; 5 where neither this nor share is given, or as many as there are columns."),
        default=None,
    )
    share: Probability | None = setting(
        _("As many components as hold this share of the variance."), default=None, example=0.95
    )
    scale: Flag = setting(
        _("Whether each column counts alike, whatever its unit: divided by its standard deviation."),
        default=True,
    )
    keep: Flag = setting(
        _("Whether the columns also stay features of their own, where `auto` makes them such."), default=False
    )


FeatureStep = (
    Raw
    | Impute
    | Scale
    | Log
    | Clip
    | Bins
    | OneHot
    | Ordinal
    | Frequency
    | Category
    | TargetMean
    | DateParts
    | Elapsed
    | TextLength
)
STEPS: dict[str, type[Any]] = {
    declared.__dataclass_fields__["step"].default: declared for declared in FeatureStep.__args__
}
