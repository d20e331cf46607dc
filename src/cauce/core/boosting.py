"""What is asked of a boosted-tree fit, and what comes out of it. Plain values, the same for every engine."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from cauce.core.matrix import Matrix
from cauce.core.trees.model import Output
from cauce.errors import CauceError

ClassWeight = Literal["none", "balanced"] | tuple[float, ...]
Device = Literal["cpu", "cuda"]
Monotone = tuple[tuple[str, Literal["increasing", "decreasing"]], ...]

_OBJECTIVES = {
    "binary": ("binary:logistic", "logloss", "log_loss"),
    "multiclass": ("multi:softprob", "mlogloss", "log_loss"),
    "regression": ("reg:squarederror", "rmse", "rmse"),
}
_QUANTILE = ("reg:quantileerror", "quantile", "pinball")
_INFINITY = math.inf

CUT_ROWS = 50_000
"""The bins of a feature are cut from so many training rows."""
MOST_WORKERS = 4
"""So many workers grow trees where a project does not say how many."""
KEPT_BY_TASK = 1 << 28
"""Bytes of rows that a task of several keeps in memory while trees grow; the others wait in a file."""


@dataclass(frozen=True, kw_only=True)
class BoostParameters:
    """How trees are grown; names and meaning are XGBoost's (`hist`, depth first). Raises E0815.

    rounds: most rounds (a round of k classes grows k trees). subsample: share of rows by tree;
    colsample_bytree, colsample_bynode: share of features by tree and by split; all in (0, 1].
    forest: a random forest: `rounds` trees side by side, each of squared errors on the label or on whether a
    row is of the class, so that leaves are means or class shares and the forest their mean; eta is 1, λ and α
    are 0, and the rows of a tree are chosen by their hash, whatever their order (`cauce.core.forest`).
    min_child_weight: None only of a forest: as `ForestRows.leaf` has it.
    monotone: features with which the prediction (binary: the positive class's probability) only rises or
    only falls. quantile: of a regression, the share of labels that are to lie below the prediction, in
    place of their mean (pinball loss; Koenker & Bassett 1978).
    class_weight: "balanced" (training rows / (classes × rows of the class), rows of weight 0 apart, as
    scikit-learn) or a weight by class; multiplies the row weight, in validation too.
    max_cat_to_onehot: categories with fewer levels are split one against the rest, others into two sets of
    which one has at most max_cat_threshold members.
    """

    rounds: int = 100
    eta: float = 0.3
    max_depth: int = 6
    min_child_weight: float | None = 1.0
    subsample: float = 1.0
    colsample_bytree: float = 1.0
    colsample_bynode: float = 1.0
    reg_lambda: float = 1.0
    reg_alpha: float = 0.0
    gamma: float = 0.0
    max_bin: int = 256
    max_cat_to_onehot: int = 4
    max_cat_threshold: int = 64
    class_weight: ClassWeight = "none"
    forest: bool = False
    monotone: Monotone = ()
    quantile: float | None = None

    def __post_init__(self) -> None:
        for name, low, high, allowed in _RANGES:
            value = getattr(self, name)
            if name == "min_child_weight" and value is None and self.forest:
                continue
            whole = isinstance(getattr(BoostParameters, name), int)
            if (
                value is None
                or not low <= value <= high
                or (whole and value != int(value))
                or not math.isfinite(value)
            ):
                raise CauceError("E0815", name=name, value=value, allowed=allowed)
        for name, fixed in _FIXED_IN_A_FOREST if self.forest else ():
            if getattr(self, name) != fixed:
                raise CauceError("E0815", name=name, value=getattr(self, name), allowed=fixed)
        if self.quantile is not None and (self.forest or not 0 < self.quantile < 1):
            raise CauceError("E0815", name="quantile", value=self.quantile, allowed="> 0, < 1")
        table = self.class_weight
        if isinstance(table, tuple) and not all(0 <= weight < _INFINITY for weight in table):
            raise CauceError("E0815", name="class_weight", value=table, allowed="≥ 0")


_TINY = 5e-324
_FIXED_IN_A_FOREST = (("eta", 1.0), ("reg_lambda", 0.0), ("reg_alpha", 0.0))
_RANGES = (
    ("rounds", 1, 1_000_000, "1 … 1000000"),
    ("eta", _TINY, 1.0, "> 0, ≤ 1"),
    ("max_depth", 1, 20, "1 … 20"),
    ("min_child_weight", 0.0, _INFINITY, "≥ 0"),
    ("subsample", _TINY, 1.0, "> 0, ≤ 1"),
    ("colsample_bytree", _TINY, 1.0, "> 0, ≤ 1"),
    ("colsample_bynode", _TINY, 1.0, "> 0, ≤ 1"),
    ("reg_lambda", 0.0, _INFINITY, "≥ 0"),
    ("reg_alpha", 0.0, _INFINITY, "≥ 0"),
    ("gamma", 0.0, _INFINITY, "≥ 0"),
    ("max_bin", 2, 65_535, "2 … 65535"),
    ("max_cat_to_onehot", 1, 1 << 24, "1 … 16777216"),
    ("max_cat_threshold", 1, 1 << 24, "1 … 16777216"),
)


@dataclass(frozen=True, kw_only=True)
class BoostSpec:
    """One fit. Raises E0806 (no features), E0815 (a setting out of range) and E0850 to E0852 (monotone).

    features: columns in the model's order: numbers or booleans, taken as float32; null and NaN are missing,
    values beyond ±1e38, ±inf included, count as ±1e38. levels: (column, count) of the features that are
    categories, whose values are whole codes from 0 to count - 1 or null.
    label: class number from 0, or the number to predict. classes: 2 for binary, 1 for regression.
    weight: ≥ 0; a row of weight 0 is as if absent. fold: 0 trains, 1 validates, anything else is ignored.
    lanes: two 64-bit columns, the hash of the row, which choose the `cut_rows` training rows from
    which the bins of every feature are cut. early_stopping: rounds without a better validation metric.
    earlier: the payload of boosted trees of the same task and features; the new ones are grown on top of
    them, which stay as they are. The score before the first tree, and early stopping, begin at theirs.
    seed: of the row and column samples; the rows a tree sees are chosen by their hash (`cauce.core.drawing`).
    threads: None takes what the process may use; the model does not depend on it.
    memory: bytes of float32 features kept in memory; beyond it they are spooled to a temporary file.
    """

    task: Output
    features: tuple[str, ...]
    label: str
    fold: str
    lanes: tuple[str, str]
    classes: int = 2
    levels: tuple[tuple[str, int], ...] = ()
    weight: str | None = None
    parameters: BoostParameters = field(default_factory=BoostParameters)
    early_stopping: int | None = None
    earlier: bytes | None = field(default=None, repr=False)
    seed: int = 0
    device: Device = "cpu"
    threads: int | None = None
    cut_rows: int = CUT_ROWS
    memory: int = 1 << 30

    def __post_init__(self) -> None:
        if not self.features:
            raise CauceError("E0806")
        needed = {"binary": 2, "regression": 1}.get(self.task, max(2, self.classes))
        table = self.parameters.class_weight
        names, stop = set(self.features), self.early_stopping
        forest = self.parameters.forest
        checks = (
            ("classes", self.classes, self.classes == needed, needed),
            ("class_weight", table, not isinstance(table, tuple) or len(table) == needed, needed),
            ("class_weight", table, table == "none" or self.task != "regression", "none"),
            ("early_stopping", stop, stop is None or stop >= 1, "≥ 1"),
            ("early_stopping", stop, stop is None or not forest, None),
            ("quantile", self.parameters.quantile, self._quantile_fits, "regression"),
            ("earlier", "…", self.earlier is None or self._continues, None),
            ("seed", self.seed, 0 <= self.seed < 1 << 31, "0 … 2147483647"),
            ("device", self.device, self.device in ("cpu", "cuda"), "cpu, cuda"),
            ("threads", self.threads, self.threads is None or self.threads >= 1, "≥ 1"),
            ("cut_rows", self.cut_rows, self.cut_rows >= 1, "≥ 1"),
            ("levels", self.levels, all(n in names and 1 <= k <= 1 << 24 for n, k in self.levels), "≥ 1"),
        )
        for name, value, fine, allowed in checks:
            if not fine:
                raise CauceError("E0815", name=name, value=value, allowed=allowed)
        self._check_monotone()

    @property
    def _quantile_fits(self) -> bool:
        return self.parameters.quantile is None or self.task == "regression"

    @property
    def _continues(self) -> bool:
        return not self.parameters.forest and self.parameters.quantile is None

    def _check_monotone(self) -> None:
        categories = {name for name, _ in self.levels}
        for name, _ in self.parameters.monotone:
            if self.task == "multiclass":
                raise CauceError("E0850", name=name, classes=self.classes)
            if name not in self.features:
                raise CauceError("E0851", name=name, known=", ".join(self.features))
            if name in categories:
                raise CauceError("E0852", name=name)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a batch that the fit reads."""
        weight = () if self.weight is None else (self.weight,)
        return tuple(dict.fromkeys((*self.features, self.label, *weight, self.fold, *self.lanes)))

    @property
    def metric(self) -> str:
        """The metric of the history, the lower the better: log_loss (nats), rmse (the label's unit), brier,
        pinball (of a quantile, the label's unit).

        brier, of a forest for classes: the mean of (p - y)², of more than two classes summed over them.
        """
        if self.parameters.forest and self.task != "regression":
            return "brier"
        if self.parameters.quantile is not None:
            return "pinball"
        return _OBJECTIVES[self.task][2]


@dataclass(frozen=True)
class Round:
    """One round of the history: the metric on the training sample and on validation rows, where measured."""

    number: int
    train: float | None
    validation: float | None


@dataclass(frozen=True)
class Cuts:
    """Where the bins are: from how many rows, how many bins by feature, and a SHA-256 of every cut."""

    rows: int
    bins: tuple[int, ...]
    digest: str


@dataclass(frozen=True, kw_only=True)
class BoostResult:
    """A fitted model.

    payload: XGBoost JSON holding best_round + 1 rounds and nothing later, without feature names; the same
    rows give the same bytes, whatever the threads (one XGBoost version, one kind of processor). On top of an
    earlier payload: its trees, then those.
    best_round: from 0; the lowest validation metric with early stopping, else the last round. -1 where an
    earlier payload alone did best.
    history: every round grown. importance: (feature, gain): the loss that the splits on it took away, summed.
    """

    payload: bytes
    best_round: int
    metric: str
    history: tuple[Round, ...]
    cuts: Cuts
    importance: tuple[tuple[str, float], ...]
    rows: int
    validation_rows: int
    library: str


@dataclass(frozen=True, kw_only=True)
class BoostRequest:
    """One fit of rows that are ready for many.

    early_stopping: as in BoostSpec. whole: rows that stop training train too. history: whether every round
    is measured on the training sample, which takes time. threads: None as in BoostSpec.
    """

    parameters: BoostParameters
    early_stopping: int | None = None
    whole: bool = False
    history: bool = True
    threads: int | None = None


@dataclass(frozen=True)
class Boosted:
    """A fitted model that is still at hand. score: float32 features [n, f] to probabilities [n, classes] or
    values [n], as `load_scorer` of the payload would."""

    result: BoostResult
    score: Callable[[Matrix], Matrix]


def xgboost_parameters(spec: BoostSpec, base: Sequence[float], *, threads: int) -> dict[str, Any]:
    """The parameters for `xgboost.Booster`; `base` is what `start_score` gave."""
    grown = spec.parameters
    task: Output = "regression" if grown.forest else spec.task
    objective, metric, _ = _OBJECTIVES[task] if grown.quantile is None else _QUANTILE
    names = [name for name, *_ in _RANGES if name != "rounds"]
    outputs = "num_target" if grown.forest else "num_class"
    return {
        **{name: getattr(grown, name) for name in names},
        **({"eta": 1 / grown.rounds} if grown.forest else {}),
        **({outputs: spec.classes} if spec.task == "multiclass" else {}),
        **({} if grown.quantile is None else {"quantile_alpha": grown.quantile}),
        **({"monotone_constraints": _directions(spec)} if grown.monotone else {}),
        "objective": objective,
        "eval_metric": metric,
        "base_score": [float(value) for value in base] if len(base) > 1 else float(base[0]),
        "booster": "gbtree",
        "tree_method": "hist",
        "seed": spec.seed,
        "device": spec.device,
        "nthread": threads,
        "verbosity": 0,
        "validate_parameters": True,
    }


def _directions(spec: BoostSpec) -> str:
    """Of each feature 1 for rising, -1 for falling and 0 for free, as XGBoost wants it."""
    signs = {name: 1 if way == "increasing" else -1 for name, way in spec.parameters.monotone}
    return "(" + ",".join(str(signs.get(name, 0)) for name in spec.features) + ")"
