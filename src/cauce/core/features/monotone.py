"""Constraints a user put on columns, formulas or features, as constraints on features."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from cauce.core.features.fitted import Feature, FittedFeatures
from cauce.errors import CauceError

Way = Literal["increasing", "decreasing"]
_RISING = ("impute.", "missing", "scale.", "log.", "clip", "bins", "elapsed")
_LISTED = 30


def monotone_features(asked: Mapping[str, Way], fitted: FittedFeatures) -> tuple[tuple[str, Way], ...]:
    """The features to constrain, each with its way, in the order of the features.

    asked: by column, formula or feature. A column means every feature that reads it, and each must rise with
    it wherever both have a value. A column or feature that was left out needs no constraint. E0851 where a
    name is none of these, E0852 for a category, E0853 for a feature that need not rise with its column.
    """
    found: dict[str, Way] = {}
    for name, way in asked.items():
        found.update((feature.name, way) for feature in _meant(name, fitted))
    return tuple((name, found[name]) for name in fitted.names if name in found)


def _meant(name: str, fitted: FittedFeatures) -> Iterator[Feature]:
    made = [one for one in fitted.features if name in (*one.columns, one.source)]
    for feature in made:
        if feature.levels is not None:
            raise CauceError("E0852", name=name)
        if feature.source != name or not all(step.startswith(_RISING) for step, _facts in feature.told):
            raise CauceError("E0853", name=name, feature=feature.name)
    if made:
        yield from made
        return
    for feature in fitted.features:
        if feature.name == name:
            if feature.levels is not None:
                raise CauceError("E0852", name=name)
            yield feature
            return
    if name not in {one.name for one in fitted.dropped}:
        raise CauceError("E0851", name=name, known=", ".join(fitted.names[:_LISTED]))
