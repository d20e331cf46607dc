"""The space around the best candidate."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cauce.core.candidates.search.proposals import Proposals, Space
from cauce.spec.models import ModelSettings
from cauce.spec.space import Choices, Dimension, Range

SHARE = 1 / 3
"""How much of a range is left."""


def narrowed(space: Space, best: ModelSettings, *, grid: bool) -> Space:
    """The space around `best`, searched by other draws.

    Of a range its third around the best, within the range; of numbers in a list what lies between the
    neighbours of the best; of other choices the best alone.
    """
    around = {name: _around(one, getattr(best, name), grid=grid) for name, one in space.dimensions.items()}
    return replace(space, dimensions=around, seed=(space.seed + 1) % (1 << 31))


def _around(one: Dimension, best: Any, *, grid: bool) -> Dimension:
    if isinstance(one, Choices) and not one.ordered:
        return Choices((best,))
    if isinstance(one, Choices) or one.steps is not None or (grid and one.values is not None):
        return _between(one, best, grid=grid)
    return _third(one, best)


def _third(one: Range, best: float) -> Dimension:
    low, high, at = (_scaled(value, one) for value in (one.low, one.high, best))
    half = (high - low) * SHARE / 2
    first, last = (_unscaled(value, one) for value in (max(low, at - half), min(high, at + half)))
    if one.whole:
        first, last = (
            max(min(math.floor(first), best - 1), one.low),
            min(max(math.ceil(last), best + 1), one.high),
        )
    first, last = float(one.near(first)), float(one.near(last))
    return Choices((best,), ordered=True) if first == last else replace(one, low=first, high=last)


def _between(one: Dimension, best: Any, *, grid: bool) -> Dimension:
    """Around a counted value: in a grid the middles to its neighbours, else all between the neighbours."""
    values = one.values or ()
    log = isinstance(one, Range) and one.log
    whole = all(isinstance(value, int) for value in values)
    place = values.index(best)
    near = values[max(0, place - 1) : place + 2]
    if len(near) < 2:
        return Choices((best,), ordered=True)
    made = Range(float(near[0]), float(near[-1]), whole=whole, log=log)
    if not grid:
        return made
    middles = (_unscaled((_scaled(value, made) + _scaled(best, made)) / 2, made) for value in near)
    return Choices(tuple(sorted({made.near(value) for value in middles})), ordered=True)


def _scaled(value: float, one: Range) -> float:
    return math.log(value) if one.log else float(value)


def _unscaled(value: float, one: Range) -> float:
    return math.exp(value) if one.log else value


@dataclass
class Refined:
    """A search, then others of the space narrowed around the best so far, so many times.

    make: what searches a space. grid: whether it is a grid that does.
    """

    space: Space
    make: Callable[[Space], Proposals]
    times: int
    grid: bool = False
    _inner: Proposals | None = None
    _best: tuple[float, ModelSettings] | None = None
    _round: tuple[ModelSettings, ...] = field(default=())

    def propose(self, width: int) -> tuple[ModelSettings, ...]:
        """The next round of the search under way, or of the next narrower one."""
        self._inner = self._inner or self.make(self.space)
        self._round = self._inner.propose(width)
        while not self._round and self.times > 0 and self._best is not None:
            self.times -= 1
            self.space = narrowed(self.space, self._best[1], grid=self.grid)
            self._inner = self.make(self.space)
            self._round = self._inner.propose(width)
        return self._round

    def learn(self, worth: Sequence[float | None]) -> None:
        """Pass it on, and keep the best; of equal ones the first."""
        assert self._inner is not None
        self._inner.learn(worth)
        for model, value in zip(self._round, worth, strict=True):
            if value is not None and (self._best is None or value > self._best[0]):
                self._best = (value, model)
