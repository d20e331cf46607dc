"""Grid and random search."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from cauce.core.candidates.search.proposals import Space
from cauce.spec.models import ModelSettings
from cauce.spec.space import combinations


def grid(space: Space) -> tuple[ModelSettings, ...]:
    """Every combination of values, the last setting changing fastest."""
    names = tuple(space.dimensions)
    values = [one.values or () for one in space.dimensions.values()]
    return tuple(space.made(dict(zip(names, one, strict=True))) for one in itertools.product(*values))


def draws(space: Space) -> Iterator[ModelSettings]:
    """Random models without end, or until there is no other; none twice.

    Every continuous setting is drawn anew each time, which covers it better than a grid of as many
    candidates (Bergstra and Bengio 2012, Journal of Machine Learning Research 13:281-305).
    """
    seen: set[ModelSettings] = set()
    most = combinations(space.dimensions.values())
    for number in itertools.count():
        if most is not None and len(seen) >= most:
            return
        model = space.drawn(number)
        if model not in seen:
            seen.add(model)
            yield model


@dataclass
class RandomSearch:
    """Draws so many models."""

    space: Space
    budget: int
    _draws: Iterator[ModelSettings] = field(init=False)

    def __post_init__(self) -> None:
        self._draws = itertools.islice(draws(self.space), self.budget)

    def propose(self, width: int) -> tuple[ModelSettings, ...]:
        """The next `width` draws."""
        return tuple(itertools.islice(self._draws, width))

    def learn(self, worth: Sequence[float | None]) -> None:
        """Draws do not depend on what came of others."""
