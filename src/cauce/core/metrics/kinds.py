"""Every kind of metric: which way is better, what its name must state, and what it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cauce.language import gettext_noop as _

Direction = Literal["higher", "lower", "none"]
Average = Literal["macro", "weighted"]
AVERAGES: tuple[Average, ...] = ("macro", "weighted")


@dataclass(frozen=True, kw_only=True)
class MetricKind:
    """What a metric's name must state, and what the number means.

    positive: needs the class it speaks of. averages: the averages over classes it may state instead.
    one_vs_rest: its averages are of one class against the rest. option: a further parameter and its
    default. best, worst: the ends of its range (None: open).
    """

    name: str
    direction: Direction
    means: str
    positive: bool = False
    averages: tuple[Average, ...] = ()
    one_vs_rest: bool = False
    option: tuple[str, str] | None = None
    scale: str | None = None

    @property
    def bare(self) -> bool:
        """Whether the name alone says everything."""
        return not self.positive and not self.averages


_CLASSES = (
    MetricKind(
        name="roc_auc",
        direction="higher",
        positive=True,
        averages=("macro",),
        one_vs_rest=True,
        means=_(
            "The chance that a random row of the positive class scores above a random other row; "
            "ties count one half."
        ),
    ),
    MetricKind(
        name="average_precision",
        direction="higher",
        positive=True,
        means=_(
            "The area under the precision-recall curve as a step function: the sum over distinct scores, "
            "from the highest, of the gain in recall times the precision there. Guessing gives the "
            "prevalence."
        ),
    ),
    MetricKind(
        name="precision",
        direction="higher",
        positive=True,
        averages=AVERAGES,
        means=_("Of the rows predicted to be the class, the share that are."),
    ),
    MetricKind(
        name="recall",
        direction="higher",
        positive=True,
        averages=AVERAGES,
        means=_(
            "Of the rows that are the class, the share predicted so. Its weighted average is accuracy "
            "under another name."
        ),
    ),
    MetricKind(
        name="f1",
        direction="higher",
        positive=True,
        averages=AVERAGES,
        means=_("The harmonic mean of precision and recall."),
    ),
    MetricKind(
        name="specificity",
        direction="higher",
        positive=True,
        means=_("Of the rows that are not the class, the share not predicted so."),
    ),
    MetricKind(
        name="prevalence",
        direction="none",
        positive=True,
        means=_("The share of rows that are the class; it describes the data, not the model."),
    ),
    MetricKind(
        name="calibration_error",
        direction="lower",
        positive=True,
        option=("bins", "10"),
        means=_(
            "The mean distance between the predicted probability and the share of positives, over bins "
            "of equal width, weighted by rows."
        ),
    ),
    MetricKind(
        name="lift",
        direction="higher",
        positive=True,
        option=("top", "10%"),
        means=_(
            "The share of positives among the rows with the highest scores, over the share among all "
            "rows; a tie at the edge counts in proportion."
        ),
    ),
    MetricKind(name="accuracy", direction="higher", means=_("The share of rows predicted right.")),
    MetricKind(
        name="balanced_accuracy",
        direction="higher",
        means=_("The mean recall of the classes that occur among the labels."),
    ),
    MetricKind(
        name="mcc",
        direction="higher",
        means=_("Matthews correlation between labels and predictions: 1 perfect, 0 as good as chance."),
    ),
    MetricKind(
        name="log_loss",
        direction="lower",
        means=_("The mean of minus the natural logarithm of the probability given to the true class."),
    ),
    MetricKind(
        name="brier",
        direction="lower",
        means=_("The mean squared distance between the positive class's probability and 0 or 1."),
    ),
)

_NUMBERS = (
    MetricKind(
        name="rmse",
        direction="lower",
        scale="log1p",
        means=_("The square root of the mean squared error, in the target's unit."),
    ),
    MetricKind(name="mae", direction="lower", means=_("The mean absolute error, in the target's unit.")),
    MetricKind(
        name="median_absolute_error",
        direction="lower",
        means=_("The error that half of the rows stay below, in the target's unit."),
    ),
    MetricKind(
        name="r2",
        direction="higher",
        scale="log1p",
        means=_(
            "The share of the target's variance that the model explains; 0 is as good as the mean of "
            "these rows, below 0 is worse."
        ),
    ),
    MetricKind(
        name="mape",
        direction="lower",
        means=_("The mean absolute error relative to the label; rows whose label is 0 are left out."),
    ),
    MetricKind(
        name="wape",
        direction="lower",
        means=_("The sum of absolute errors over the sum of absolute labels."),
    ),
    MetricKind(
        name="bias",
        direction="none",
        means=_("The mean of prediction minus label: above 0 the model predicts too much."),
    ),
)

KINDS = {kind.name: kind for kind in (*_CLASSES, *_NUMBERS)}
