"""Features of many folds at once: what they all ask is looked up in one pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cauce.core.features.asking import Ask, Part, ask_parts
from cauce.core.features.fitted import FittedFeatures
from cauce.core.features.fitting import FeatureFit
from cauce.core.features.known import KnownFeatures
from cauce.core.features.plan import FeaturePlan
from cauce.expr.projection import Projection
from cauce.stats.summary import Summary
from cauce.stats.unions import Unions

Look = Callable[[Projection | None, tuple[Summary, ...]], tuple[Any, ...]]
"""Looks once at all rows, with their blocks; a projection leaves the columns that the summaries read."""


@dataclass(frozen=True)
class RowSet:
    """Rows that features are fitted on: those whose whole number in column `by` is one of `blocks`."""

    by: str
    blocks: tuple[int, ...]


def fit_features_of(
    plan: FeaturePlan | KnownFeatures, sets: Sequence[RowSet], *, look: Look
) -> tuple[FittedFeatures, ...]:
    """The features fitted on each set of rows, as `fit_features` would give them for those rows alone.

    look is called as often as the most demanding set needs, whatever their number: summaries are gathered
    by block and merged into sets. Raises what `fit_features` raises.
    """
    if isinstance(plan, KnownFeatures):
        return (plan.fitted,) * len(sets)
    fits = [FeatureFit(plan) for _ in sets]
    scans = [0] * len(fits)
    while any(asked := [fit.asks() for fit in fits]):
        places = _by_askers(asked, sets)
        parts = [_part(asks, [sets[at] for at in askers]) for askers, asks in places.items()]
        answers: list[dict[Ask, Any]] = [{} for _ in fits]
        for askers, found in zip(places, ask_parts(look, parts, schema=plan.setting.schema), strict=True):
            for at, own in zip(askers, found, strict=True):
                answers[at] |= own
        for at, fit in enumerate(fits):
            if asked[at]:
                fit.learn(answers[at])
                scans[at] += 1
    return tuple(fit.finished(count) for fit, count in zip(fits, scans, strict=True))


def _by_askers(
    asked: Sequence[tuple[Ask, ...]], sets: Sequence[RowSet]
) -> dict[tuple[int, ...], tuple[Ask, ...]]:
    """The asks by who wants them, apart for sets of different columns."""
    askers: dict[tuple[str, Ask], list[int]] = {}
    for at, asks in enumerate(asked):
        for one in asks:
            askers.setdefault((sets[at].by, one), []).append(at)
    found: dict[tuple[int, ...], list[Ask]] = {}
    for (_by, one), places in askers.items():
        found.setdefault(tuple(places), []).append(one)
    return {places: tuple(asks) for places, asks in found.items()}


def _part(asks: tuple[Ask, ...], sets: Sequence[RowSet]) -> Part:
    by, unions = sets[0].by, tuple(one.blocks for one in sets)
    return Part(asks, lambda summary: Unions(by, unions, summary))
