"""The learners a project can name, each with its settings."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from cauce.language import gettext_noop as _
from cauce.spec.search import Search
from cauce.spec.settings import (
    EMPTY,
    AtLeastOne,
    Exact,
    Expects,
    FrozenMap,
    Name,
    Natural,
    NotNegative,
    PositiveShare,
    Share,
    before,
    section,
    setting,
)

Rounds = Annotated[int, Exact(ge=1, le=100_000)]
Trees = Annotated[int, Exact(ge=1, le=10_000)]
Depth = Annotated[int, Exact(ge=1, le=24)]
MaxBin = Annotated[int, Exact(ge=2, le=4096)]
Patience = Annotated[int, Exact(ge=0)]
Points = Annotated[int, Exact(ge=2, le=1_000)]
ClassWeights = FrozenMap[Annotated[float, Exact(gt=0)]]
ClassWeight = Annotated[
    Literal["none", "balanced"] | ClassWeights,
    Expects(_('"none", "balanced" or a table of classes and positive numbers')),
]
Monotone = FrozenMap[Literal["increasing", "decreasing"]]
_MONOTONE = _(
    "Columns, formulas or features with which the prediction only rises (increasing) or only falls "
    "(decreasing)."
)
_MAX_BIN = _("How many bins a feature's values are sorted into.")
_DEVICE = _("Where trees are grown; cuda needs a GPU.")
_SEARCH = _("How its best settings are looked for: a method and a space of what is tried; see docs/tune.md.")
_CLASS_WEIGHT = _("Weights of the classes: none, balanced, or a table of class and weight.")


_CONTINUE = _(
    "An earlier model to add trees to, as models:/NAME@champion or a bundle's folder: its features and "
    "trees stay as they are; see docs/tune.md."
)
_SUBSET = _("One candidate for each shuffled batch of rows, beside the single fit on all; see docs/tune.md.")


@section
class Subset:
    """Candidates that each learn from one batch of the rows outside the test, shuffled by key and seed.

    The single fit on all rows always stands beside them on the leaderboard.
    """

    batches: Natural = setting(_("How many rows a batch has; the last one has what is left."))
    batch: Natural | None = setting(
        _("The only batch that becomes a candidate, from 1; all of them where absent."), default=None
    )


@section
class Boosting:
    """Gradient boosted trees, for every task."""

    learner: Literal["boosting"] = setting(
        _("The kind of model: boosting is gradient boosted trees."), default="boosting"
    )
    rounds: Rounds = setting(_("The most trees (for each class) that are grown."), default=200, example=200)
    eta: PositiveShare = setting(_("The learning rate: how much each tree counts."), default=0.1, example=0.1)
    max_depth: Depth = setting(_("The most levels of a tree."), default=6, example=6)
    min_child_weight: NotNegative = setting(_("The least weight of rows in a leaf."), default=1.0)
    subsample: PositiveShare = setting(_("The share of rows each tree sees."), default=1.0)
    colsample_bytree: PositiveShare = setting(_("The share of features each tree sees."), default=1.0)
    reg_lambda: NotNegative = setting(_("L2 penalty on leaf values."), default=1.0)
    reg_alpha: NotNegative = setting(_("L1 penalty on leaf values."), default=0.0)
    gamma: NotNegative = setting(_("The least gain for which a leaf is split."), default=0.0)
    max_bin: MaxBin = setting(_MAX_BIN, default=256)
    early_stopping: Patience = setting(
        _("Stops after this many rounds without a better validation score; 0 never stops."), default=20
    )
    class_weight: ClassWeight = setting(_CLASS_WEIGHT, default="none")
    monotone: Monotone = setting(_MONOTONE, default=EMPTY)
    device: Literal["cpu", "cuda"] = setting(_DEVICE, default="cpu")
    continued: Name | None = setting(_CONTINUE, default=None, written="continue")
    search: Search | None = setting(_SEARCH, default=None)
    subset: Subset | None = setting(_SUBSET, default=None)


@section
class Forest:
    """A random forest, for every task: trees grown side by side on parts of rows and features, and averaged.

    Of classes it gives the shares that the rows of a leaf had, so its probabilities need no calibration map.
    """

    learner: Literal["forest"] = setting(_("The kind of model: forest is a random forest."), default="forest")
    trees: Trees = setting(_("How many trees (for each class of more than two)."), default=100, example=100)
    max_depth: Depth = setting(_("The most levels of a tree."), default=14, example=14)
    min_child_weight: NotNegative | None = setting(
        _("The least weight of rows in a leaf; where absent it grows with the root of the training rows."),
        default=None,
    )
    subsample: PositiveShare = setting(_("The share of rows each tree sees."), default=0.632)
    colsample_bynode: PositiveShare | None = setting(
        _(
            "The share of features each split chooses from; where absent √p of p features for classes, two "
            "thirds for a regression."
        ),
        default=None,
    )
    max_bin: MaxBin = setting(_MAX_BIN, default=256)
    class_weight: ClassWeight = setting(_CLASS_WEIGHT, default="none")
    monotone: Monotone = setting(_MONOTONE, default=EMPTY)
    device: Literal["cpu", "cuda"] = setting(_DEVICE, default="cpu")
    search: Search | None = setting(_SEARCH, default=None)
    subset: Subset | None = setting(_SUBSET, default=None)


@section
class StrengthPath:
    """Strengths of a penalty, equal steps of the logarithm apart."""

    path: Points = setting(_("How many strengths, down from the one that leaves no coefficient."))
    least: PositiveShare = setting(_("The last strength as a share of the first."), default=1e-4)


Strength = Annotated[
    NotNegative | Annotated[tuple[NotNegative, ...], AtLeastOne()] | StrengthPath,
    Expects(_("a number from 0, a list of them, or { path = 100 }")),
]
Ratio = Annotated[
    Share | Annotated[tuple[Share, ...], AtLeastOne()],
    Expects(_("a number from 0.0 (ridge) to 1.0 (lasso), or a list of them")),
]


@section
class Penalty:
    """What large coefficients cost: λ((1 - r)/2·Σb² + r·Σ|b|), r the l1_ratio, beside the mean loss.

    Features count as standardised (mean 0, deviation 1 in the training rows), whatever their units.
    """

    strength: Strength = setting(
        _("How much the penalty counts beside the mean loss (λ); a list or { path = 100 } is searched."),
        written="lambda",
    )
    l1_ratio: Ratio = setting(
        _("From 0 (ridge, keeps every feature) to 1 (lasso, leaves some out); a list is searched."),
        default=0.0,
    )


@section
class Linear:
    """A sum of features, for a regression: least squares, with or without a penalty."""

    learner: Literal["linear"] = setting(
        _("The kind of model: linear is least squares, for a regression."), default="linear"
    )
    penalty: Penalty | None = setting(
        _("What large coefficients cost; ordinary least squares where absent."), default=None
    )
    subset: Subset | None = setting(_SUBSET, default=None)


@section
class Logistic:
    """A sum of features turned into probabilities, for two or more classes."""

    learner: Literal["logistic"] = setting(
        _("The kind of model: logistic regression, for two or more classes."), default="logistic"
    )
    penalty: Penalty = setting(
        _("What large coefficients cost; { lambda = 0 } for none."), default=Penalty(strength=0.001)
    )
    class_weight: ClassWeight = setting(_CLASS_WEIGHT, default="none")
    subset: Subset | None = setting(_SUBSET, default=None)


ModelSettings: TypeAlias = Boosting | Forest | Linear | Logistic
"""One `[[models]]` table. Each learner is its own section, told apart by `learner`."""

LEARNERS: dict[str, type[Any]] = {
    declared.__dataclass_fields__["learner"].default: declared for declared in ModelSettings.__args__
}

TASKS: dict[str, tuple[str, ...]] = {
    "boosting": ("binary", "multiclass", "regression"),
    "forest": ("binary", "multiclass", "regression"),
    "linear": ("regression",),
    "logistic": ("binary", "multiclass"),
}
"""What each learner can predict."""
COMPLETE = ("linear", "logistic")
"""The learners that take numbers without missing values alone."""


def continued(model: Any) -> str | None:
    """The earlier model that this one is to go on from, as the project calls it."""
    return getattr(model, "continued", None)


def feature_kind(model: Any) -> str:
    """What models that read the same features have in common: whose learner they suit, or whose they are."""
    earlier = continued(model)
    if earlier is not None:
        return f"continues {earlier}"
    return "complete" if model.learner in COMPLETE else "trees"


class ByLearner:
    """Marks the union of learners: read by the `learner` of a table, boosting where there is none."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        choices = {name: handler.generate_schema(declared) for name, declared in LEARNERS.items()}
        union = {"type": "tagged-union", "choices": choices, "discriminator": "learner"}
        return before(with_learner, union)


def with_learner(value: Any) -> Any:
    """The table of a model with its `learner`; anything else as it is."""
    return {"learner": "boosting", **value} if isinstance(value, dict) else value


Candidate = Annotated[ModelSettings, ByLearner()]
Models = Annotated[tuple[Candidate, ...], AtLeastOne(), Expects(_("one or more tables under [[models]]"))]
