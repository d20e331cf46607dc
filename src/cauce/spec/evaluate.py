"""How a model is judged beside its metrics, and from which probability a row counts as positive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from cauce.language import gettext_noop as _
from cauce.spec.findings import Finding
from cauce.spec.positions import KeyPath
from cauce.spec.settings import Exact, Expects, Flag, FrozenMap, Names, NotNegative, section, setting

Level = Annotated[float, Exact(ge=0.5, le=0.999)]
Probability = Annotated[float, Exact(gt=0, lt=1)]
Threshold = Annotated[
    Probability | Literal["f1"] | FrozenMap[NotNegative],
    Expects(
        _(
            'a probability between 0.0 and 1.0, "f1", { recall = 0.8 }, { precision = 0.9 } or a table of '
            "both costs"
        )
    ),
]
COSTS = frozenset(("cost_false_positive", "cost_false_negative"))
_AT_LEAST = (frozenset(("recall",)), frozenset(("precision",)))
_WHERE: KeyPath = ("choose", "threshold")
_UNSEEN: tuple[KeyPath, ...] = (("split", "validation"), ("choose", "folds"))


@section
class Evaluate:
    """How a model is judged beside its metrics."""

    slices: Names = setting(
        _("Columns on whose values the model is judged apart; numbers and dates by quarters of the rows."),
        default=(),
        example=("region",),
    )
    level: Level = setting(_("The confidence of intervals."), default=0.95)
    interval: Level | None = setting(
        _(
            "Predicted numbers get a lower and an upper end between which this share of new values lies, "
            "such as 0.9."
        ),
        default=None,
    )
    interval_kind: Literal["constant", "relative", "quantile"] = setting(
        _(
            "How wide these intervals are, on the scale that is learned: constant, relative to the size of "
            "the prediction, or quantile: as two more models of boosting find them for each row."
        ),
        default="constant",
    )
    permutation: Flag = setting(
        _("Whether each column is shuffled among validation rows, to see how much the model needs it."),
        default=True,
    )
    contributions: Flag | None = setting(
        _("Whether the report shows how each column moves predictions of validation rows; no where absent."),
        default=None,
    )
    learning_curve: Flag | None = setting(
        _(
            "Whether the model is also fitted to a sixteenth, an eighth, a quarter and half of the training "
            "rows, to see whether more rows would help; no where absent."
        ),
        default=None,
    )


def wants_quantiles(project: Any) -> bool:
    """Whether two more models are wanted, for the ends of intervals."""
    return project.evaluate.interval is not None and project.evaluate.interval_kind == "quantile"


def answer_findings(project: Any) -> Iterator[Finding]:
    """What is wrong with a scale, a calibration or an interval, beside its shape."""
    target, evaluate, task = project.target, project.evaluate, project.target.task
    calibrated = project.choose.calibration != "none"
    asked: tuple[tuple[KeyPath, bool, bool], ...] = (
        (("target", "transform"), target.transform is not None, task in ("binary", "multiclass")),
        (("choose", "calibration"), calibrated, task == "regression"),
        (("evaluate", "interval"), evaluate.interval is not None, task in ("binary", "multiclass")),
    )
    unseen = project.split.validation == 0 and isinstance(project.choose.folds, str | None)
    for name in ("contributions", "learning_curve"):
        if getattr(evaluate, name) and project.split.validation == 0:
            told = {"key": f"evaluate.{name}"}
            yield Finding("E2303", ("evaluate", name), told, (("split", "validation"),))
    for path, wanted, misfit in asked:
        if wanted and misfit:
            yield Finding(
                "E0319", path, {"key": ".".join(map(str, path)), "task": task}, (("target", "task"),)
            )
        if wanted and path != ("target", "transform") and unseen:
            yield Finding("E2203", path, {"key": ".".join(map(str, path))}, _UNSEEN)
    if evaluate.interval is None and evaluate.interval_kind != "constant":
        told = {"kind": evaluate.interval_kind}
        yield Finding("E2208", ("evaluate", "interval_kind"), told, (("evaluate", "interval"),))
    if wants_quantiles(project):
        learners = dict.fromkeys(one.learner for one in project.models)
        if list(learners) != ["boosting"]:
            told = {"learner": ", ".join(learners)}
            yield Finding("E2206", ("evaluate", "interval_kind"), told, (("models", 0, "learner"),))


def threshold_findings(threshold: Any, *, task: str | None, validation: float) -> Iterator[Finding]:
    """What is wrong with `choose.threshold` beside its shape. task: as declared."""
    if threshold is None:
        return
    if isinstance(threshold, Mapping):
        given = frozenset(threshold)
        shares = given in _AT_LEAST and all(0 < value <= 1 for value in threshold.values())
        costs = given == COSTS and any(threshold.values())
        if not (shares or costs):
            yield Finding("E0908", _WHERE, {"got": ", ".join(sorted(given)) or "{}"})
    if task in ("multiclass", "regression"):
        yield Finding("E0909", _WHERE, {"task": task}, (("target", "task"),))
    if validation == 0 and not isinstance(threshold, float):
        yield Finding("E0910", _WHERE, {}, _UNSEEN)
