"""Where a run tells what it found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

from cauce.core.run_record import RunRecord

DeliveryState: TypeAlias = Literal["delivered", "waiting", "unavailable"]


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What became of what was told.

    delivered: all is there. waiting: `backlog` messages stay in the outbox for the next run, for `reason`.
    unavailable: there is nothing that could take it. where: the destination, without user or password.
    refused: messages the destination does not accept, kept aside. seconds: how long it was waited for.
    """

    state: DeliveryState
    where: str = ""
    backlog: int = 0
    refused: int = 0
    reason: str = ""
    seconds: float = field(default=0.0, compare=False)

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return dict(vars(self))


class Tracker(Protocol):
    """Keeps what runs tell, never at the cost of the run: `put` is local and durable when it returns."""

    def put(self, record: RunRecord) -> None:
        """Keep what is known of a run by now. What was told before is not told again."""
        ...

    def wait(self) -> Delivery:
        """Wait, within limits, until all is where it belongs."""
        ...

    def close(self) -> None:
        """End whatever works beside the run."""
        ...
