"""How a regression errs: with the size of its predictions, in the tails, and by slices of the rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from cauce.language import format_significant, translate
from cauce.language import gettext_noop as _

ROWS = 10_000
BINS, FEWEST, MOST_SLICES = 10, 20, 40
_SHARES = (0.001, 0.005, 0.01, *(k / 40 for k in range(1, 40)), 0.99, 0.995, 0.999)
_SURE = 0.01
_WIDER, _HEAVY = 1.5, 1.0
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ResidualPart:
    """Rows between two predictions, or of a slice. low, high: predictions, None of a slice, which has a name.

    mean, deviation: of label minus prediction (n − 1), in the target's unit. share_low, share_high: below
    which a tenth and nine tenths of the residuals lie.
    """

    rows: int
    mean: float
    deviation: float
    share_low: float
    share_high: float
    low: float | None = None
    high: float | None = None
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class ResidualAnalysis:
    """Residuals, label minus prediction, of `rows` rows of a dataset, those of lowest hash where there are
    more. parts: by rising prediction. normal: (quantile of the standard normal, standardised residual).

    statistic, chance: Breusch and Pagan's test (1979) of squared residuals on predictions, studentised after
    Koenker (1981): n R², and how often chance gives as much. ranks, rank_chance: Spearman's correlation of
    |residual| and prediction, which a few huge errors cannot hide, and how often chance gives as much.
    ratio: the median |residual| in that fifth of the predictions where it is largest by that where it is
    smallest, up to 1,000. excess: kurtosis less 3. skew: the third standardised moment.
    Rows count once each here, whatever their weight; those of weight 0 are left out.
    """

    dataset: str
    rows: int
    parts: tuple[ResidualPart, ...]
    normal: tuple[tuple[float, float], ...]
    statistic: float
    chance: float
    ranks: float
    rank_chance: float
    ratio: float
    excess: float
    skew: float
    slices: tuple[ResidualPart, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        """What the numbers say, in the active language."""
        return (self._width(), self._tails())

    def _width(self) -> str:
        least = min(self.chance, self.rank_chance)
        told = {"ratio": format_significant(self.ratio, 2), "chance": format_significant(least, 2)}
        if least < _SURE and self.ratio >= _WIDER:
            text = _(
                "Errors are not alike everywhere: in the fifth of the predictions that errs most, the median "
                "error is {ratio} times that of the one that errs least, more than chance explains. An "
                "interval of one width would be too wide here and too narrow there."
            )
        elif least < _SURE:
            text = _(
                "The size of the errors changes with the prediction, but little: {ratio} times from the "
                "fifth of the predictions that errs least to the one that errs most."
            )
        else:
            text = _(
                "There is no clear sign that errors are larger for large predictions than for small ones "
                "(chance alone would do this in {chance} of all cases)."
            )
        return translate(text).format(**told)

    def _tails(self) -> str:
        if self.excess > _HEAVY:
            text = _(
                "A few errors are far larger than the others: the tails are heavier than those of a normal "
                "distribution (excess kurtosis {excess}, skew {skew})."
            )
        elif abs(self.skew) > _HEAVY / 2:
            text = _("Errors lean to one side: their skew is {skew}.")
        else:
            text = _(
                "Errors are spread much as in a normal distribution (excess kurtosis {excess}, skew {skew})."
            )
        told = {"excess": format_significant(self.excess, 2), "skew": format_significant(self.skew, 2)}
        return translate(text).format(**told)

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        found = dict(vars(self))
        found |= {name: [dict(vars(one)) for one in found[name]] for name in ("parts", "slices")}
        return {**found, "normal": [list(pair) for pair in self.normal]}

    @staticmethod
    def from_json(value: dict[str, Any]) -> ResidualAnalysis:
        """What `to_json` gave."""
        lists: dict[str, Any] = {
            name: tuple(ResidualPart(**one) for one in value[name]) for name in ("parts", "slices")
        }
        normal = tuple((float(a), float(b)) for a, b in value["normal"])
        rest = {name: one for name, one in value.items() if name not in (*lists, "normal")}
        return ResidualAnalysis(**rest, **lists, normal=normal)


def residual_analysis(
    label: Floats, predicted: Floats, *, dataset: str, slices: Mapping[str, Sequence[str]] | None = None
) -> ResidualAnalysis | None:
    """The analysis of rows with both [n]; slices: a name for each row, by column ("" for none).

    None for fewer than 20 rows, or where the residuals do not differ.
    """
    residual = label - predicted
    if residual.size < FEWEST or not np.isfinite(residual).all() or not residual.std() > 0:
        return None
    order = np.argsort(predicted, kind="stable")
    parts = _by_prediction(predicted[order], residual[order])
    spread = float(residual.std(ddof=1))
    standard = (residual - residual.mean()) / residual.std()
    statistic = _breusch_pagan(predicted, residual)
    fifths = [float(np.median(np.abs(one))) for one in np.array_split(residual[order], 5)]
    ranks, rank_chance = _rank_correlation(predicted, np.abs(residual))
    quantiles = np.quantile((residual - residual.mean()) / spread, _shares(residual.size))
    normal = [NormalDist().inv_cdf(share) for share in _shares(residual.size)]
    return ResidualAnalysis(
        dataset=dataset,
        rows=residual.size,
        parts=parts,
        normal=tuple(zip(normal, quantiles.tolist(), strict=True)),
        statistic=statistic,
        chance=math.erfc(math.sqrt(statistic / 2)),
        ranks=ranks,
        rank_chance=rank_chance,
        ratio=min(max(fifths) / max(min(fifths), 1e-300), 1000.0) if max(fifths) > 0 else 1.0,
        excess=float((standard**4).mean() - 3),
        skew=float((standard**3).mean()),
        slices=tuple(_by_slice(residual, slices or {})),
    )


def _shares(rows: int) -> list[float]:
    """Shares that so many rows can tell."""
    return [one for one in _SHARES if min(one, 1 - one) * rows >= 1]


def _breusch_pagan(predicted: Floats, residual: Floats) -> float:
    apart = predicted - predicted.mean()
    apart = apart / (np.abs(apart).max() or 1.0)
    squares = (residual / np.abs(residual).max()) ** 2
    away = squares - squares.mean()
    both = float(apart @ apart) * float(away @ away)
    return residual.size * float(apart @ away) ** 2 / both if both > 0 else 0.0


def _rank_correlation(predicted: Floats, size: Floats) -> tuple[float, float]:
    """Spearman's rho, and how often chance gives as much (normal approximation, variance 1 / (n − 1))."""
    first, second = (_ranks(one) - (one.size + 1) / 2 for one in (predicted, size))
    both = float(first @ first) * float(second @ second)
    rho = float(first @ second) / math.sqrt(both) if both > 0 else 0.0
    return rho, math.erfc(abs(rho) * math.sqrt((size.size - 1) / 2))


def _ranks(values: Floats) -> Floats:
    """From 1; equal values share the mean of their places."""
    _distinct, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: Floats = (ends - (counts - 1) / 2)[places]
    return ranks


def _by_prediction(predicted: Floats, residual: Floats) -> tuple[ResidualPart, ...]:
    """Equal numbers of rows, at the most; equal predictions stay together."""
    edges = np.unique(np.quantile(predicted, np.linspace(0, 1, BINS + 1)))
    places = np.clip(np.searchsorted(edges, predicted, side="right") - 1, 0, max(edges.size - 2, 0))
    made = []
    for at in range(max(edges.size - 1, 1)):
        inside = places == at
        if inside.sum() >= 2:
            ends = float(predicted[inside].min()), float(predicted[inside].max())
            made.append(_part(residual[inside], low=ends[0], high=ends[1]))
    return tuple(made)


def _by_slice(residual: Floats, slices: Mapping[str, Sequence[str]]) -> list[ResidualPart]:
    made = []
    for column, names in slices.items():
        own = np.asarray(names, dtype=object)
        counts = {name: int((own == name).sum()) for name in dict.fromkeys(names) if name}
        for name in sorted(counts, key=lambda one: -counts[one]):
            if counts[name] >= FEWEST:
                made.append(_part(residual[own == name], name=f"{column} {name}"))
    return made[:MOST_SLICES]


def _part(residual: Floats, **about: Any) -> ResidualPart:
    ends = np.quantile(residual, (0.1, 0.9)).tolist()
    mean, deviation = float(residual.mean()), float(residual.std(ddof=1))
    return ResidualPart(residual.size, mean, deviation, *ends, **about)
