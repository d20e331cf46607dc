"""What a search of one `[[models]]` table proposes, and how it draws."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from cauce.spec.models import ModelSettings
from cauce.spec.space import Dimension, Range


class Proposals(Protocol):
    """Proposes models in rounds and learns their worth. It knows no clock and no cores."""

    def propose(self, width: int) -> tuple[ModelSettings, ...]:
        """The next round, at most `width` models; none where it is over."""
        ...

    def learn(self, worth: Sequence[float | None]) -> None:
        """What the models of the round are worth, in order: the higher the better, None for a failure."""
        ...


@dataclass
class Listed:
    """Proposes the models of a list, in its order."""

    models: Sequence[ModelSettings]
    proposed: int = 0

    def propose(self, width: int) -> tuple[ModelSettings, ...]:
        """The next `width` of the list."""
        first = self.proposed
        self.proposed = min(first + width, len(self.models))
        return tuple(self.models[first : self.proposed])

    def learn(self, worth: Sequence[float | None]) -> None:
        """A list does not change with what is learned."""


@dataclass(frozen=True)
class Space:
    """What varies about a model. model: with one value for every setting that does not."""

    model: ModelSettings
    dimensions: Mapping[str, Dimension]
    seed: int = 0

    def made(self, settings: Mapping[str, Any]) -> ModelSettings:
        """The model with these settings."""
        made: ModelSettings = changed(self.model, settings)
        return made

    def drawn(self, number: int) -> ModelSettings:
        """The draw with this number, each setting evenly over its values or its range.

        A draw is a function of seed, number and the setting's name, by SHA-256: the same on every machine,
        and the same for a setting whatever else the space holds.
        """
        return self.made(
            {name: picked(one, _share(self.seed, number, name)) for name, one in self.dimensions.items()}
        )


def changed(model: Any, settings: Mapping[str, Any]) -> Any:
    """The model with other settings."""
    return replace(model, **settings)


def picked(one: Dimension, share: float) -> Any:
    """The value at this share, in [0, 1), of the way through the dimension."""
    return one.at(share) if isinstance(one, Range) else one.values[int(share * len(one.values))]


def _share(seed: int, number: int, name: str) -> float:
    digest = hashlib.sha256(f"{seed}/{number}/{name}".encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / (1 << 53)
