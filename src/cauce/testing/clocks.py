"""A clock that a test sets."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


@dataclass
class SteppingClock:
    """Each look at the clock moves it by `step` seconds; `at` may be set, also back."""

    at: datetime = field(default_factory=lambda: datetime(2026, 11, 21, 10, 30, tzinfo=UTC))
    step: float = 1.0
    passed: float = 0.0

    def now(self) -> datetime:
        """The instant it stands at, in UTC; then it moves."""
        self.passed += self.step
        moment, self.at = self.at, self.at + timedelta(seconds=self.step)
        return moment

    def seconds(self) -> float:
        """Seconds moved so far; setting it back does not lessen them."""
        self.passed += self.step
        return self.passed
