"""Calibration, factors and intervals, fitted on rows that the model has not learned from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from cauce.core.answering.answering import Answering
from cauce.core.answering.calibration import Calibration, Input, Knots, Map, Method, Sigmoid
from cauce.core.answering.interval import IntervalRule
from cauce.core.answering.isotonic import fit_isotonic
from cauce.core.answering.platt import fit_platt
from cauce.core.answering.rows import ACTUAL, PREDICTED, RESIDUAL, SMEAR, Asked, score_name
from cauce.core.answering.transform import Transform
from cauce.core.columns import TARGET, WEIGHT
from cauce.core.task import Target
from cauce.errors import CauceError, warn
from cauce.stats.moments import Moments
from cauce.stats.quantiles import ColumnQuantiles, Quantiles
from cauce.stats.scores import ScoreBins, ScoreCounts
from cauce.stats.summary import Summary

FEW = {"isotonic": (1000, 100), "platt": (60, 30)}
"""By method, the rows and the rows of the rarer class below which a calibration is a doubtful gain."""
_BITS = 12
_LIMIT = 65_536


@dataclass(frozen=True, kw_only=True)
class Fitting:
    """What is fitted for a target. on: what calibration reads. interval: its rule with any radius."""

    target: Target
    method: Method | None = None
    on: Input = "margin"
    transform: Transform | None = None
    interval: IntervalRule | None = None

    @property
    def asked(self) -> Asked:
        """What is wanted of every row."""
        on = None if self.method is None else self.on
        return Asked(self._maps, on, self.transform, self.interval)

    @property
    def _maps(self) -> int:
        return 1 if self.target.task == "binary" else len(self.target.classes)

    @property
    def summaries(self) -> tuple[Summary, ...]:
        """Of the columns that `asked` names, in the order that `fit` reads; rows of weight 0 do not count."""
        found: list[Summary] = []
        if self.method is not None:
            numbers = (1,) if self.target.task == "binary" else range(len(self.target.classes))
            found += [ScoreBins(score_name(at), TARGET, one, WEIGHT) for at, one in enumerate(numbers)]
        if self.transform is not None:
            found.append(Moments((SMEAR, ACTUAL, PREDICTED, WEIGHT)))
        if self.interval is not None:
            found.append(Quantiles((RESIDUAL,), limit=_LIMIT, bits=_BITS))
        return tuple(found)

    def fit(self, results: Sequence[Any]) -> tuple[Answering, dict[str, Any]]:
        """What answers need, and facts about it. E2202, E2204; W2201, W2202."""
        rest, facts = list(results), {}
        calibration, interval = None, self.interval
        if self.method is not None:
            calibration, facts["calibration"] = self._calibration(rest[: self._maps])
            rest = rest[self._maps :]
        if self.transform is not None:
            facts["transform"] = _bias(rest.pop(0))
        if interval is not None:
            interval, rows = conformal(interval, rest.pop(0)[RESIDUAL])
            facts["interval"] = {"rows": rows}
        return Answering(self.transform, calibration, interval), facts

    def _calibration(self, counts: Sequence[ScoreCounts]) -> tuple[Calibration | None, dict[str, Any]]:
        method = self.method
        names = self.target.class_names[1:] if len(counts) == 1 else self.target.class_names
        self._warn_of_few(counts)
        maps = tuple(
            self._map(name, one, both=len(counts) == 1) for name, one in zip(names, counts, strict=True)
        )
        rows = counts[0].rows
        facts = {"method": method, "rows": rows, "left": [one is None for one in maps]}
        if method is None or all(one is None for one in maps):
            return None, facts
        same = Sigmoid(1.0, 0.0) if self.on == "margin" else Knots((0.0, 1.0), (0.0, 1.0))
        return Calibration(method, self.on, tuple(one or same for one in maps)), facts

    def _warn_of_few(self, counts: Sequence[ScoreCounts]) -> None:
        """W2201, once, with the rarest class."""
        names, first = self.target.class_names, counts[0]
        sides = [float(one.positive.sum()) for one in counts]
        if len(counts) == 1:
            sides = [float(first.negative.sum()), *sides]
        seen = {name: size for name, size in zip(names, sides, strict=True) if size > 0}
        if len(seen) < 2:
            return
        rarest = min(seen, key=lambda name: seen[name])
        rows, fewest = FEW[str(self.method)]
        if first.rows < rows or seen[rarest] < fewest:
            fewest = round(seen[rarest])
            warn("W2201", method=self.method, count=first.rows, fewest=fewest, name=rarest)

    def _map(self, name: str, found: ScoreCounts, *, both: bool) -> Map | None:
        positive, negative = float(found.positive.sum()), float(found.negative.sum())
        if not (positive > 0 and negative > 0):
            if both:
                only = name if positive > 0 else self.target.class_names[0]
                raise CauceError("E2202", key="choose.calibration", only=only)
            warn("W2204", name=name)
            return None
        fit = fit_isotonic if self.method == "isotonic" else fit_platt
        made = fit(found.score, positive=found.positive, negative=found.negative)
        flat = made is None or (not isinstance(made, Sigmoid) and made.shares[0] == made.shares[-1])
        if flat:
            warn("W2202", name=name)
        return None if flat else made


def _bias(found: Any) -> dict[str, float | int | None]:
    """How far predictions brought back lie below the mean: Duan's factor, and mean by mean predicted."""
    weight = found[WEIGHT].mean
    smear = found[SMEAR].mean / weight if weight else math.nan
    predicted = found[PREDICTED].mean
    ratio = found[ACTUAL].mean / predicted if predicted else math.nan
    return {
        "rows": found[ACTUAL].count,
        "smearing": smear if math.isfinite(smear) and smear > 0 else None,
        "ratio": ratio if math.isfinite(ratio) else None,
    }


def conformal(rule: IntervalRule, residuals: ColumnQuantiles) -> tuple[IntervalRule, int]:
    """The rule with the radius that holds for a new row with its level, and from how many rows.

    The ceil((n + 1) level)-th smallest of n residuals (Vovk et al. 2005; Lei et al. 2018), widened by what
    binning may have moved it. E2204 where n is too small for the level.
    """
    count = residuals.count
    rank = math.ceil((count + 1) * rule.level - 1e-9)
    if rank > count:
        needed = math.ceil(rule.level / (1.0 - rule.level) - 1e-9)
        raise CauceError("E2204", level=rule.level, needed=needed, count=count)
    radius = residuals.at_rank(rank - 1)
    exact = rank == count or residuals.exact
    return replace(rule, radius=radius if exact else radius + abs(radius) * residuals.error_bound), count
