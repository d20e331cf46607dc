"""What to ask of scored rows to see what calibration and intervals did."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cauce.core.answering.answering import Answering
from cauce.core.answering.effects import (
    AnswerEffects,
    CalibrationEffect,
    Coverage,
    IntervalEffect,
    ScaleEffect,
    SliceCoverage,
)
from cauce.core.columns import FOLD, TARGET, TEST, WEIGHT
from cauce.core.metrics.curves import calibration as reliability
from cauce.core.metrics.interval import LEVEL, wilson
from cauce.core.metrics.keys import DATASETS, Dataset
from cauce.core.metrics.losses import Losses
from cauce.core.metrics.names import MetricName
from cauce.core.metrics.ranking import ranking_metric
from cauce.core.metrics.requests import scores_of
from cauce.core.metrics.slicing import SliceColumn
from cauce.core.metrics.target import CLASSES_SHOWN, Target, metric_names
from cauce.core.metrics.value import Metric, metric
from cauce.stats.grouped import Filtered, Grouped, Several
from cauce.stats.moments import Moments
from cauce.stats.quantiles import Quantiles
from cauce.stats.scores import ScoreBins, ScoreCounts
from cauce.stats.summary import Summary

WEIGHED, WIDTH = "__inside__", "__width__"
"""float: the weight where the target lies inside its interval, else 0; the interval's width."""
_RANKED = ("roc_auc", "calibration_error")


def plain_name(place: int) -> str:
    """The column of a class's probability before calibration."""
    return f"__plain_{place}__"


@dataclass(frozen=True, kw_only=True)
class AnswerQuestion:
    """What is asked beside an evaluation's own question.

    slices: columns of slice numbers, of which intervals are judged apart. bucket: a row's bucket where rows
    belong together or count differently.
    """

    target: Target
    answering: Answering
    slices: tuple[str, ...] = ()
    bucket: str | None = None
    level: float = LEVEL

    @property
    def summaries(self) -> tuple[Summary, ...]:
        """Over all rows, in the order that `effects` reads."""
        found: list[Summary] = []
        if self.answering.calibration is not None:
            found.append(Grouped(FOLD, Several(self._before)))
        if self.answering.interval is not None:
            found.append(Grouped(FOLD, self._covered))
            found += [Filtered(FOLD, (TEST,), Grouped(name, self._covered)) for name in self.slices]
            if self.bucket is not None:
                found.append(Grouped(FOLD, Grouped(self.bucket, Moments((WEIGHED, WEIGHT)))))
        return tuple(found)

    @property
    def _numbers(self) -> tuple[int, ...]:
        return (1,) if self.target.task == "binary" else tuple(range(len(self.target.classes)))

    @property
    def _before(self) -> tuple[Summary, ...]:
        bins = tuple(ScoreBins(plain_name(one), TARGET, one, WEIGHT) for one in self._numbers)
        every = tuple(plain_name(at) for at in range(len(self.target.classes)))
        return bins if self.target.task == "binary" else (Losses(TARGET, every, WEIGHT), *bins)

    @property
    def _covered(self) -> Summary:
        return Several((Moments((WEIGHED, WEIGHT)), Quantiles((WIDTH,))))

    def effects(
        self,
        results: Sequence[Any],
        *,
        facts: Mapping[str, Any],
        named: Mapping[str, SliceColumn],
        group: str | None,
    ) -> AnswerEffects:
        """What the results say. facts: what was found when it was fitted. named: for each of `slices`, its
        column. group: the column whose rows belong together."""
        rest = list(results)
        calibrated = covered = None
        if self.answering.calibration is not None:
            calibrated = self._calibrated(rest.pop(0).groups, facts["calibration"])
        scale = None
        if self.answering.transform is not None:
            scale = ScaleEffect(scale=self.answering.transform.scale, **facts["transform"])
        if self.answering.interval is not None:
            covered = self._intervals(rest, facts["interval"], named, group)
        return AnswerEffects(calibrated, scale, covered)

    def _calibrated(self, groups: Mapping[Any, Any], facts: Mapping[str, Any]) -> CalibrationEffect:
        names = [self.target.classes[one] for one in self._numbers]
        left = tuple(name for name, one in zip(names, facts["left"], strict=True) if one)
        found: dict[Dataset, Any] = {
            name: groups[fold] for fold, name in enumerate(DATASETS) if fold in groups
        }
        curves = {
            dataset: {
                name: reliability(scores_of(one))
                for name, one in zip(names[:CLASSES_SHOWN], _bins(own), strict=False)
            }
            for dataset, own in found.items()
        }
        before = {dataset: self._metrics(own) for dataset, own in found.items()}
        rows, method = int(facts["rows"]), str(facts["method"])
        return CalibrationEffect(method=method, rows=rows, left=left, before=before, curves=curves)

    def _metrics(self, own: Sequence[Any]) -> tuple[Metric, ...]:
        bins = dict(zip([self.target.classes[one] for one in self._numbers], _bins(own), strict=True))
        first = next(iter(bins.values()))
        weight = float(first.positive.sum() + first.negative.sum())
        if not weight > 0:
            return ()
        found = []
        if self.target.task == "binary":
            found.append(metric(MetricName("log_loss"), first.log_loss / weight))
            found.append(metric(MetricName("brier"), first.squared_error / weight))
        else:
            found.append(metric(MetricName("log_loss"), own[0].log / own[0].weight))
        wanted = [one for one in metric_names(self.target) if one.kind in _RANKED and one.positive in bins]
        return (*found, *(ranking_metric(scores_of(bins[str(one.positive)]), one) for one in wanted))

    def _intervals(
        self, rest: list[Any], facts: Mapping[str, Any], named: Mapping[str, SliceColumn], group: str | None
    ) -> IntervalEffect:
        rule = self.answering.interval
        assert rule is not None
        whole = rest.pop(0).groups
        slices = [(name, rest.pop(0).groups) for name in self.slices]
        buckets = rest.pop(0).groups if self.bucket is not None else {}
        datasets: dict[Dataset, Coverage] = {}
        counted = 1.0
        for fold, name in enumerate(DATASETS):
            if fold in whole:
                own = whole[fold]
                counted = _effective(own, buckets[fold].groups) if fold in buckets else 1.0
                found = self._coverage(own, counted)
                datasets |= {} if found is None else {name: found}
        parts = [
            SliceCoverage(named[name].column, *named[name].named(code), found)
            for name, groups in slices
            for code, own in groups.items()
            if (found := self._coverage(own, counted)) is not None
        ]
        return IntervalEffect(
            level=rule.level,
            kind=rule.kind,
            radius=rule.radius,
            rows=int(facts["rows"]),
            datasets=datasets,
            slices=tuple(parts),
            group=group,
        )

    def _coverage(self, own: Sequence[Any], counted: float) -> Coverage | None:
        """counted: how much a row counts for, against an independent one."""
        moments, widths = own
        rows, weight = moments[WEIGHT].count, moments[WEIGHT].mean
        if not rows or not weight > 0:
            return None
        share = min(1.0, max(0.0, moments[WEIGHED].mean / weight))
        interval = wilson(share, rows * counted, level=self.level)
        return Coverage(rows, share, interval, float(widths[WIDTH].quantile(0.5)))


def _bins(own: Sequence[Any]) -> list[ScoreCounts]:
    return [one for one in own if isinstance(one, ScoreCounts)]


def _effective(own: Sequence[Any], buckets: Mapping[Any, Any]) -> float:
    """What a row counts for where those of a bucket err alike: by the spread of the buckets' shares
    (Cochran, Sampling Techniques, 1977, 6.3, of a ratio), 1 where nothing can be said."""
    moments = own[0]
    rows, weight = moments[WEIGHT].count, moments[WEIGHT].mean
    if len(buckets) < 2 or not weight > 0:
        return 1.0
    share = moments[WEIGHED].mean / weight
    apart = [
        one[WEIGHED].mean * one[WEIGHED].count - share * one[WEIGHT].mean * one[WEIGHT].count
        for one in buckets.values()
        if one[WEIGHT].count
    ]
    size = len(apart)
    variance = size / (size - 1) * math.fsum(one * one for one in apart) / (rows * weight) ** 2
    alone = share * (1 - share) / rows
    return min(1.0, alone / variance) if variance > 0 and alone > 0 else 1.0
