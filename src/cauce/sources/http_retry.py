"""How often the network is asked again, and how long is waited in between."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from cauce.errors import CauceError
from cauce.sources.http_client import Broken, Request, Response
from cauce.sources.http_policy import Policy

_AGAIN = frozenset((202, 408, 425, 429, 500, 502, 503, 504))


class Refused(Broken):
    """An answer that says: later. wait: how many seconds the server wishes, None where it does not say."""

    def __init__(self, status: int, wait: float | None) -> None:
        super().__init__(f"HTTP {status}")
        self.status, self.wait = status, wait


def check_status(response: Response, request: Request, *, good: tuple[int, ...] = (200,)) -> None:
    """Refused for answers that may pass, E2605 for those that will not."""
    if response.status in good:
        return
    if response.status in _AGAIN:
        raise Refused(response.status, asked_wait(response.header("retry-after")))
    raise CauceError("E2605", url=request.shown, status=f"HTTP {response.status}")


def asked_wait(text: str | None) -> float | None:
    """Seconds that a header Retry-After asks for, as a number or a date; None where it says nothing."""
    if text is None:
        return None
    if text.strip().isascii() and text.strip().isdigit():
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


@dataclass
class Patience:
    """How much of it is left for one thing that is fetched."""

    policy: Policy
    shown: str
    failed: int = 0
    began: float = field(default_factory=time.monotonic)

    def progressed(self) -> None:
        """Something came: counting begins anew."""
        self.failed = 0

    def check_time(self) -> None:
        """E2610 when it has taken longer than it may."""
        if time.monotonic() - self.began > self.policy.seconds:
            raise CauceError("E2610", url=self.shown, seconds=round(self.policy.seconds))

    def wait(self, problem: Broken) -> None:
        """Sleep until the next try. E2608 when there is none, E2610 and E2612 where it would be too long."""
        self.failed += 1
        if self.failed >= self.policy.tries:
            raise CauceError("E2608", url=self.shown, tries=self.failed, reason=problem.reason)
        wish = problem.wait if isinstance(problem, Refused) else None
        if wish is not None and wish > self.policy.longest_pause:
            raise CauceError("E2612", url=self.shown, seconds=round(wish))
        longest = min(self.policy.pause * 2.0 ** (self.failed - 1), self.policy.longest_pause)
        pause = random.uniform(longest / 2, longest) if wish is None else wish  # noqa: S311 - no secret
        if time.monotonic() + pause - self.began > self.policy.seconds:
            raise CauceError("E2610", url=self.shown, seconds=round(self.policy.seconds))
        time.sleep(pause)
