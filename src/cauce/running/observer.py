"""Who hears what a run does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from cauce.planning.record import Record
from cauce.planning.resolving import State
from cauce.planning.step import Step

if TYPE_CHECKING:
    from cauce.running.early_parts import EarlyParts


class Observer(Protocol):
    """Hears of a run's events, in order; it must not raise and need not be fast."""

    def planned(self, run: str, states: tuple[State, ...]) -> None:
        """The run begins; where each step stands."""
        ...

    def started(self, state: State) -> None:
        """A step begins; `state.reasons` say why it runs."""
        ...

    def progressed(self, step: Step, done: float, *, total: float | None) -> None:
        """So many rows (or rounds) of the step are done, of `total` where that is known."""
        ...

    def finished(self, record: Record, seconds: float) -> None:
        """A step is finished; its record is durable."""
        ...

    def reused(self, record: Record) -> None:
        """A step was finished before and is not run."""
        ...

    def failed(self, step: Step, error: BaseException) -> None:
        """A step did not finish; the run ends."""
        ...


@runtime_checkable
class HearsBringing(Protocol):
    """An observer that also hears of rows that are brought here from elsewhere, before a run begins."""

    def bringing(self, done: float, total: float | None) -> None:
        """So many rows or bytes are here, of `total` where that is known."""
        ...


@dataclass
class Heard:
    """Who hears how far the engine is: the step under way, or nobody. early: who sees the project's rows as
    they are brought here."""

    report: Callable[[float, float | None], None] | None = None
    early: EarlyParts | None = None

    def __call__(self, done: float, total: float | None) -> None:
        """So many tasks of the step's scan are done."""
        if self.report is not None:
            self.report(done, total)


@dataclass(frozen=True)
class Silent:
    """Hears everything and says nothing."""

    def planned(self, run: str, states: tuple[State, ...]) -> None:
        """Nothing."""

    def started(self, state: State) -> None:
        """Nothing."""

    def progressed(self, step: Step, done: float, *, total: float | None) -> None:
        """Nothing."""

    def finished(self, record: Record, seconds: float) -> None:
        """Nothing."""

    def reused(self, record: Record) -> None:
        """Nothing."""

    def failed(self, step: Step, error: BaseException) -> None:
        """Nothing."""
