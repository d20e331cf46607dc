"""Scores by label: all that AUC, PR, ROC, calibration and confusion at any threshold need."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.errors import CauceError
from cauce.stats.cells import Floats, floats
from cauce.stats.mergeable import Mergeable, at_least, column
from cauce.stats.ordered import Bins, Limits, bins_of, float_keys, merged, no_bins
from cauce.stats.products import inner_product
from cauce.stats.quantiles import middles, relative_error

_MANTISSA: Final = 52
_SMALLEST: Final = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class ScoreState:
    """Weights by score and label; losses of scores in [0, 1]; rows left out."""

    bins: Bins
    squared: float = 0.0
    logarithmic: float = 0.0
    outside: int = 0
    rows: int = 0
    unlabelled: int = 0
    unscored: int = 0


@dataclass(frozen=True)
class ScoreCounts:
    """`score` ascending and distinct; `positive`, `negative`: the weight of rows with each label there.

    exact: `score` are the scores themselves. Else each stands for a bin, and the true scores lie within
    `error_bound` of it relative to their size. rows: counted; unlabelled, unscored: left out (null
    label; null or NaN score or weight). squared_error, log_loss: Σw(score-label)² and
    -Σw ln(probability of the label), clipped at 2^-52; never binned; NaN where a score is outside [0, 1].
    """

    score: NDArray[np.float64]
    positive: NDArray[np.float64]
    negative: NDArray[np.float64]
    error_bound: float
    squared_error: float
    log_loss: float
    rows: int
    unlabelled: int
    unscored: int

    @property
    def exact(self) -> bool:
        return self.error_bound == 0.0

    @property
    def auc_error(self) -> float:
        """How far the area under the ROC curve of these bins is at most from that of the scores."""
        pairs = float(self.positive.sum() * self.negative.sum())
        if self.exact or not pairs:
            return 0.0
        return inner_product(self.positive, self.negative) / pairs / 2


@dataclass(frozen=True)
class ScoreBins(Mergeable[ScoreState, ScoreCounts]):
    """The weight of positive and negative rows at each score.

    positive: the label's value that counts as positive; any other label is negative, null is left out.
    limit: exact up to so many distinct scores; beyond, the finest bins of which at most `limit` are in
    use, of relative width 2^-`bits` at most. For several classes, one ScoreBins for each.
    """

    score: str
    label: str
    positive: bool | int | str = True
    weight: str | None = None
    limit: int = 131_072
    bits: int = 14
    state_type = ScoreState

    def __post_init__(self) -> None:
        at_least(self, "limit", lowest=1)
        at_least(self, "bits", lowest=1)

    @property
    def columns(self) -> tuple[str, ...]:
        extra = () if self.weight is None else (self.weight,)
        return tuple(dict.fromkeys((self.score, self.label, *extra)))

    def start(self) -> ScoreState:
        return ScoreState(no_bins(2))

    def update(self, state: ScoreState, batch: pl.DataFrame) -> ScoreState:
        return self.merge(state, self._of(batch, state.bins)) if batch.height else state

    def of(self, batch: pl.DataFrame) -> ScoreState:
        return self._of(batch, no_bins(2))

    def _of(self, batch: pl.DataFrame, known: Bins) -> ScoreState:
        labels = column(batch, self.label)
        positive = is_value(labels, self.positive, summary=self)
        labelled = labels.is_not_null().to_numpy()
        scores = floats(column(batch, self.score), self)
        weights = np.ones(batch.height)
        if self.weight is not None:
            weights = floats(column(batch, self.weight), self)
        keep = labelled & ~np.isnan(scores) & np.isfinite(weights)
        scores, positive, weights = scores[keep] + 0.0, positive[keep], weights[keep]
        by_label = np.stack((weights * positive, weights * ~positive))
        bins = bins_of(float_keys(scores), self._limits, known=known, weights=by_label)
        unlabelled = int((~labelled).sum())
        left_out = int(batch.height - len(scores) - unlabelled)
        return ScoreState(bins, *_losses(scores, positive, weights), len(scores), unlabelled, left_out)

    def merge(self, left: ScoreState, right: ScoreState) -> ScoreState:
        return ScoreState(
            merged(left.bins, right.bins, limits=self._limits),
            left.squared + right.squared,
            left.logarithmic + right.logarithmic,
            left.outside + right.outside,
            left.rows + right.rows,
            left.unlabelled + right.unlabelled,
            left.unscored + right.unscored,
        )

    def result(self, state: ScoreState) -> ScoreCounts:
        positive, negative = state.bins.weights
        squared, logarithmic = (state.squared, state.logarithmic) if not state.outside else (math.nan,) * 2
        return ScoreCounts(
            middles(state.bins),
            positive,
            negative,
            relative_error(state.bins),
            squared,
            logarithmic,
            state.rows,
            state.unlabelled,
            state.unscored,
        )

    @property
    def _limits(self) -> Limits:
        return Limits(self.limit, _MANTISSA - self.bits)


def is_value(labels: pl.Series, value: Any, *, summary: Any) -> NDArray[np.bool_]:
    """Which labels equal `value` (null: none). Raises E0202 where they cannot be compared."""
    try:
        return labels.eq_missing(pl.Series([value], dtype=labels.dtype, strict=True)).to_numpy()
    except (pl.exceptions.PolarsError, TypeError, OverflowError) as error:
        name, needed = type(summary).__name__, f"labels like {value!r}"
        raise CauceError(
            "E0202", column=labels.name, found=labels.dtype, summary=name, needed=needed
        ) from error


def _losses(scores: Floats, positive: NDArray[np.bool_], weights: Floats) -> tuple[float, float, int]:
    inside = (scores >= 0.0) & (scores <= 1.0)
    outside = len(scores) - int(inside.sum())
    if outside:
        scores, positive, weights = scores[inside], positive[inside], weights[inside]
    squared = float((weights * (scores - positive) ** 2).sum())
    likely = np.clip(scores, _SMALLEST, 1 - _SMALLEST)
    logarithmic = -float((weights * np.where(positive, np.log(likely), np.log1p(-likely))).sum())
    return squared, logarithmic, outside
