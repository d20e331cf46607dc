"""What the processes of a service tell each other of models: lines of JSON, in both directions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

import msgspec

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A model that can be served: where its bundle lies, the bundle's digest, the version as registered."""

    folder: str
    digest: str
    version: str


@dataclass(frozen=True, kw_only=True)
class News:
    """What the watcher found. model: there is another one (`offer`); same: there is none; away: nobody
    answered, because of `reason`; refused: `version` cannot be served, because of `reason`."""

    kind: Literal["model", "same", "away", "refused"]
    offer: Offer | None = None
    version: str = ""
    reason: str = ""

    def line(self) -> bytes:
        """A line that `lines_of` reads back."""
        return msgspec.json.encode(self) + b"\n"


@dataclass(frozen=True, kw_only=True)
class Order:
    """What the supervisor tells a worker. prepare: open `offer`; commit: answer with what was opened;
    abandon: forget it."""

    kind: Literal["prepare", "commit", "abandon"]
    offer: Offer

    def line(self) -> bytes:
        """A line that `lines_of` reads back."""
        return msgspec.json.encode(self) + b"\n"


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What a worker says of the bundle `digest`: that it is open, or the reason why it never will be."""

    digest: str
    reason: str = ""

    def line(self) -> bytes:
        """A line that `lines_of` reads back."""
        return msgspec.json.encode(self) + b"\n"


@dataclass
class Lines(Generic[T]):
    """Values of one type from bytes that come in any pieces."""

    type: type[T]
    rest: bytes = field(default=b"", init=False)

    def of(self, data: bytes) -> list[T]:
        """The values that are complete now; msgspec.ValidationError for anything else."""
        *whole, self.rest = (self.rest + data).split(b"\n")
        return [msgspec.json.decode(one, type=self.type) for one in whole]
