"""What time it is."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The time, for provenance and run names; never part of anything that is digested."""

    def now(self) -> datetime:
        """The current instant, in UTC, with its zone."""
        ...

    def seconds(self) -> float:
        """Seconds of a clock that never goes back; only differences mean something."""
        ...
