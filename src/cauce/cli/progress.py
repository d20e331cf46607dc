"""How far a run is: a moving line on a terminal, a plain line now and then anywhere else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from cauce.cli.terminal import Terminal, live_console
from cauce.errors import shown
from cauce.language import format_number, translate
from cauce.language import gettext_noop as _
from cauce.planning.record import Record
from cauce.planning.resolving import State
from cauce.planning.step import Step
from cauce.running.observer import Observer, Silent

_BETWEEN = 5.0
_STEPS = {
    "bring": _("bringing the data here"),
    "ingest": _("reading the data"),
    "profile": _("looking at the columns"),
    "validate": _("judging the data"),
    "split": _("dividing the rows"),
    "leaks": _("looking for leaks"),
    "tune": _("trying the candidates"),
    "fit": _("training"),
    "calibrate": _("comparing predictions with rows outside the training rows"),
    "evaluate": _("evaluating"),
    "curve": _("fitting to parts of the training rows"),
    "bundle": _("writing the model"),
    "register": _("registering the model"),
    "warehouse": _("writing the tables of the warehouse"),
    "captures": _("loading captured predictions"),
    "predict": _("scoring"),
    "verify": _("comparing the engines"),
    "pack": _("packing the libraries (MB)"),
}


def step_words(name: str) -> str:
    """What a step does, in words; its name where there are none."""
    return translate(_STEPS[name]) if name in _STEPS else name


@dataclass
class _Pace:
    """How much is done, and how fast since it was first told: what comes before may be something else.

    fits: of each trial, where what is done are fits of candidates on folds.
    """

    first: tuple[float, float] | None = None
    fits: int = 0

    def words(self, done: float, total: float | None) -> str:
        """Such as: 1,200,000 of 5,000,000 (24 %), 400,000 a second; or trial 3 of 12, fold 2 of 5."""
        if self.fits:
            return _trial(round(done), None if total is None else round(total), self.fits)
        now = time.monotonic()
        self.first = self.first or (now, done)
        text = _counted(done, total)
        began, before = self.first
        if now - began < 1.0 or done <= before:
            return text
        rate = round((done - before) / (now - began))
        if not rate:
            return text
        return translate(_("{count}, {rate} a second")).format(count=text, rate=format_number(rate))


def _trial(done: int, total: int | None, fits: int) -> str:
    """What is under way after so many fits."""
    at = min(done, total - 1) if total else done
    told = {"trial": format_number(at // fits + 1), "fold": at % fits + 1, "folds": fits}
    if not total:
        return translate(_("trial {trial}, fold {fold} of {folds}")).format(**told)
    text = translate(_("trial {trial} of {trials}, fold {fold} of {folds}"))
    return text.format(trials=format_number(total // fits), **told)


def _fits(step: Step) -> int:
    """How many fits each trial of this step is; 0 for steps that try no candidates."""
    found = step.parameters.get("fits") if step.name == "tune" else None
    return found if isinstance(found, int) else 0


def _counted(done: float, total: float | None) -> str:
    if not total:
        return format_number(round(done))
    text, share = translate(_("{done} of {total} ({share} %)")), str(round(100 * done / total))
    return text.format(done=format_number(round(done)), total=format_number(round(total)), share=share)


@contextmanager
def observed(terminal: Terminal) -> Iterator[Observer]:
    """Who tells people of a run while it lasts."""
    if terminal.quiet:
        yield Silent()
    elif not terminal.live:
        yield _Plain(terminal.say)
    else:
        with _bars(terminal) as bars:
            yield _Live(bars)


@contextmanager
def counted(terminal: Terminal, name: str) -> Iterator[Callable[[float, float | None], None] | None]:
    """Who tells people how far the work called `name` is, as report(done, total); None for nobody."""
    if terminal.quiet:
        yield None
    elif not terminal.live:
        count = _Count(name, terminal.say)
        yield count.report
        count.end()
    else:
        with _bars(terminal) as bars:
            pace, bar = _Pace(), bars.add_task(step_words(name), total=None, count="")

            def report(done: float, total: float | None) -> None:
                bars.update(bar, completed=done, total=total, count=pace.words(done, total))

            yield report


def spelled(terminal: Terminal, name: str) -> Callable[[float, float | None], None] | None:
    """The same by lines alone, for work during which people are asked; None for nobody."""
    return None if terminal.quiet else _Count(name, terminal.say).report


@dataclass
class _Count:
    """A line every few seconds, and one at the end where there was any."""

    name: str
    say: Callable[[str], None]
    began: float = field(default_factory=time.monotonic)
    told: float = 0.0
    pace: _Pace = field(default_factory=_Pace)

    def report(self, done: float, total: float | None) -> None:
        """So much is done; told every few seconds."""
        now, words = time.monotonic(), self.pace.words(done, total)
        if now - max(self.began, self.told) >= _BETWEEN:
            self.told = now
            self.say(f"{step_words(self.name)}: {words}")

    def end(self) -> None:
        """All is done."""
        if self.told:
            self.say(_ended(self.name, time.monotonic() - self.began))


def _bars(terminal: Terminal) -> Any:
    from rich.progress import (  # noqa: PLC0415 - slow to import, and only needed on a terminal
        BarColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[count]}", markup=False),
        TimeRemainingColumn(),
        console=live_console(terminal),
        transient=True,
    )


def _to_do(run: str, states: tuple[State, ...]) -> str:
    left = sum(not state.finished for state in states)
    text = translate(_("Run {run}: {left} of {steps} steps to do"))
    return text.format(run=shown(run), left=left, steps=len(states))


def _ended(name: str, seconds: float) -> str:
    text = translate(_("{step}: done in {seconds} s"))
    return text.format(step=step_words(name), seconds=format_number(seconds, digits=1))


def _kept(name: str) -> str:
    return translate(_("{step}: done before")).format(step=step_words(name))


def _failed(name: str) -> str:
    return translate(_("{step}: not finished")).format(step=step_words(name))


@dataclass
class _Plain:
    """A line when a step begins and ends, and every few seconds between."""

    say: Callable[[str], None]
    count: _Count | None = None

    def bringing(self, done: float, total: float | None) -> None:
        """So much of what is elsewhere is here."""
        self.count = self.count or _Count("bring", self.say)
        self.count.report(done, total)

    def planned(self, run: str, states: tuple[State, ...]) -> None:
        """How much there is to do."""
        if self.count is not None:
            self.count.end()
        self.say(_to_do(run, states))

    def started(self, state: State) -> None:
        """A step begins."""
        self.count = _Count(state.step.name, self.say, pace=_Pace(fits=_fits(state.step)))
        self.say(f"{step_words(state.step.name)} …")

    def progressed(self, step: Step, done: float, *, total: float | None) -> None:  # noqa: ARG002
        """So much of the step under way is done; told every few seconds."""
        if self.count is not None:
            self.count.report(done, total)

    def finished(self, record: Record, seconds: float) -> None:
        """A step ended well."""
        self.say(_ended(record.step.name, seconds))

    def reused(self, record: Record) -> None:
        """A step was finished before."""
        self.say(_kept(record.step.name))

    def failed(self, step: Step, error: BaseException) -> None:  # noqa: ARG002
        """A step did not end well; the error itself is told elsewhere."""
        self.say(_failed(step.name))


@dataclass
class _Live:
    """A bar for the step under way, and a lasting line for each that ended."""

    bars: Any
    bar: Any = None
    pace: _Pace = field(default_factory=_Pace)

    def bringing(self, done: float, total: float | None) -> None:
        """So much of what is elsewhere is here."""
        if self.bar is None:
            self.bar = self.bars.add_task(step_words("bring"), total=None, count="")
        self.bars.update(self.bar, completed=done, total=total, count=self.pace.words(done, total))

    def planned(self, run: str, states: tuple[State, ...]) -> None:
        """How much there is to do."""
        self._end(_to_do(run, states))

    def started(self, state: State) -> None:
        """A step begins."""
        self.pace = _Pace(fits=_fits(state.step))
        self.bar = self.bars.add_task(step_words(state.step.name), total=None, count="")

    def progressed(self, step: Step, done: float, *, total: float | None) -> None:  # noqa: ARG002
        """So much is done of the step under way."""
        if self.bar is not None:
            self.bars.update(self.bar, completed=done, total=total, count=self.pace.words(done, total))

    def finished(self, record: Record, seconds: float) -> None:
        """A step ended well."""
        self._end(_ended(record.step.name, seconds))

    def reused(self, record: Record) -> None:
        """A step was finished before."""
        self._say(_kept(record.step.name))

    def failed(self, step: Step, error: BaseException) -> None:  # noqa: ARG002
        """A step did not end well; the error itself is told elsewhere."""
        self._end(_failed(step.name))

    def _end(self, text: str) -> None:
        if self.bar is not None:
            self.bars.remove_task(self.bar)
            self.bar = None
        self._say(text)

    def _say(self, text: str) -> None:
        self.bars.console.print(text, markup=False, highlight=False)
