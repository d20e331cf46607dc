"""The one place that writes to the terminal: people read standard error, programs standard output."""

from __future__ import annotations

import errno
import json
import math
import os
import shutil
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

from cauce.core.faults import as_failure
from cauce.errors import CauceError, shown
from cauce.language import gettext_noop as _
from cauce.language import translate

PIPE_CLOSED, INTERRUPTED, TERMINATED = 141, 130, 143
"""Exit codes after the reader left, after Ctrl-C, after SIGTERM: 128 and the signal's number."""
_BOLD, _RED, _YELLOW, _DIM, _PLAIN = "\x1b[1m", "\x1b[1;31m", "\x1b[1;33m", "\x1b[2m", "\x1b[0m"
_MOST_ERRORS = 20
_LONGEST_LINE = 4000


class OutputClosedError(Exception):
    """Whoever read standard output has gone away."""


@dataclass(frozen=True)
class Terminal:
    """quiet: only errors and warnings on standard error. colour: whether it may be coloured."""

    quiet: bool = False
    colour: bool = False

    @property
    def width(self) -> int:
        """Columns for text people read: the terminal's; without end where standard output is no terminal."""
        return shutil.get_terminal_size((80, 24)).columns if _is_terminal(sys.stdout) else 100_000

    @property
    def live(self) -> bool:
        """Whether standard error is a terminal on which lines may change."""
        return _is_terminal(sys.stderr) and os.environ.get("TERM") != "dumb"

    def say(self, text: str) -> None:
        """A line for people, unless they want quiet."""
        if not self.quiet:
            _write(sys.stderr, text)

    def next(self, command: str) -> None:
        """The next command to type."""
        self.say(translate(_("Next: {command}")).format(command=self._painted(command, _BOLD)))

    def data(self, text: str) -> None:
        """What was asked for, on standard output. OutputClosedError, or E05xx where it cannot be written."""
        if sys.stdout is None:
            raise as_failure(OSError(errno.EBADF, os.strerror(errno.EBADF)), _output_name())
        try:
            _write(sys.stdout, text)
        except BrokenPipeError:
            _let_go()
            raise OutputClosedError from None
        except OSError as error:
            _let_go()
            raise as_failure(error, _output_name()) from error

    def document(self, content: Mapping[str, Any]) -> None:
        """The same as one JSON value."""
        self.data(json.dumps(_plain(content), ensure_ascii=False, allow_nan=False))

    def ask(self, text: str) -> str:
        """The answer to a question, without the line's end. EOFError where there is none."""
        _write(sys.stderr, text, end="")
        line = sys.stdin.readline() if sys.stdin else ""
        if not line:
            _write(sys.stderr, "")
            raise EOFError
        return line.rstrip("\r\n")

    def error(self, failure: CauceError) -> None:
        """One failure or several: message, hint, and how to read more."""
        several = tuple(getattr(failure, "errors", (failure,)))
        for one in several[:_MOST_ERRORS]:
            self._told(one, translate(_("error")), _RED)
        if len(several) > _MOST_ERRORS:
            _write(sys.stderr, translate(_("… and {count} more.")).format(count=len(several) - _MOST_ERRORS))
        lines = getattr(failure, "lines", ())
        if lines:
            _write(sys.stderr, translate(_("To write in the project file:")))
        for line in lines:
            _write(sys.stderr, f"  {shown(line, most=_LONGEST_LINE)}")
        for code in dict.fromkeys(one.code for one in several[:_MOST_ERRORS]):
            more = translate(_("more: {command}")).format(command=f"cauce explain {code}")
            _write(sys.stderr, self._painted(more, _DIM))

    def warning(self, told: CauceError) -> None:
        """A warning: its message and hint."""
        self._told(told, translate(_("warning")), _YELLOW)

    def traceback(self, error: BaseException) -> None:
        """Where an exception came from, for whoever asked for it."""
        _write(sys.stderr, "".join(traceback.format_exception(error)).rstrip())

    def _told(self, one: CauceError, kind: str, paint: str) -> None:
        _write(sys.stderr, f"{self._painted(f'{kind}[{one.code}]:', paint)} {one.message}")
        _write(sys.stderr, f"{translate(_('hint:'))} {one.hint}")

    def marked(self, text: str, state: str) -> str:
        """A state's word in its colour, where standard output may be coloured."""
        paint = {"ok": _DIM, "warn": _YELLOW, "fail": _RED}[state]
        return f"{paint}{text}{_PLAIN}" if self.colour and _is_terminal(sys.stdout) else text

    def _painted(self, text: str, paint: str) -> str:
        return f"{paint}{text}{_PLAIN}" if self.colour else text


def _plain(value: Any) -> Any:
    """`value` with null in place of NaN and infinities, which JSON does not have."""
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def may_colour() -> bool:
    """Whether standard error is a terminal that takes colours, and NO_COLOR is not set."""
    return (
        _is_terminal(sys.stderr) and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "") != "dumb"
    )


def is_interactive() -> bool:
    """Whether somebody can answer questions."""
    return _is_terminal(sys.stdin) and _is_terminal(sys.stderr)


def settle_streams() -> None:
    """Characters the terminal does not know are written as escapes, instead of ending the program."""
    for stream in (sys.stdout, sys.stderr):
        change = getattr(stream, "reconfigure", None)
        if change is not None:
            change(errors="backslashreplace")


def _let_go() -> None:
    """Let go of a broken standard output, so that the interpreter's last flush says nothing."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.close(null)
    except OSError:
        return


def live_console(terminal: Terminal) -> Any:
    """Rich's console on standard error, for lines that change."""
    from rich.console import Console  # noqa: PLC0415 - slow to import, and only needed for progress

    return Console(stderr=True, highlight=False, no_color=not terminal.colour)


def _is_terminal(stream: IO[str] | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def _output_name() -> str:
    return translate(_("the standard output"))


def _write(stream: IO[str] | None, text: str, end: str = "\n") -> None:
    if stream is None:
        return
    if stream is sys.stderr:
        try:
            stream.write(text + end)
            stream.flush()
        except (OSError, ValueError):
            return
    else:
        stream.write(text + end)
        stream.flush()
