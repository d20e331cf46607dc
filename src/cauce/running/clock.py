"""The machine's clock, and names of runs that sort by time."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cauce.ports.clock import Clock

_FORM = "%Y%m%dT%H%M%S"


@dataclass(frozen=True)
class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The current instant, in UTC."""
        return datetime.now(UTC)

    def seconds(self) -> float:
        """Seconds of a clock that never goes back."""
        return time.monotonic()


def new_run_name(clock: Clock, earlier: Sequence[str] = ()) -> str:
    """A name such as "20261121T103015.250-3f9c2a": the time in UTC, then six random digits.

    It sorts after all of `earlier`, also where the clock was set back since.
    """
    moment = clock.now().astimezone(UTC)
    stamp = _stamp(moment)
    latest = max((name[: len(stamp)] for name in earlier), default="")
    if stamp <= latest:
        stamp = _stamp(_moment(latest) + timedelta(milliseconds=1))
    return f"{stamp}-{secrets.token_hex(3)}"


def _stamp(moment: datetime) -> str:
    return f"{moment.strftime(_FORM)}.{moment.microsecond // 1000:03d}"


def _moment(stamp: str) -> datetime:
    return datetime.strptime(f"{stamp}000+0000", f"{_FORM}.%f%z")
