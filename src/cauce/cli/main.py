"""The command `cauce`: settles threads and language, runs one command, and ends in an exit code."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from cauce.cli.answer import Answer
from cauce.cli.settings import Settings, peek, take_settings
from cauce.cli.terminal import (
    INTERRUPTED,
    PIPE_CLOSED,
    TERMINATED,
    OutputClosedError,
    Terminal,
    may_colour,
    settle_streams,
)
from cauce.errors import CauceError, CauceWarning
from cauce.language import use_language
from cauce.sparing import spare_collections, spare_imports, spare_last_collection, spare_memory
from cauce.threads import limit_threads

_COMPLETING = "_CAUCE_COMPLETE"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process with its exit code; SIGTERM ends it as Ctrl-C does."""
    spare_imports()
    spare_collections()
    spare_memory()
    told: list[int] = []

    def end(number: int, _frame: Any) -> None:
        told.append(number)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
    try:
        status = run_line(sys.argv[1:] if arguments is None else list(arguments))
        for one in (signal.SIGINT, signal.SIGTERM):
            # All is said: whoever is impatient now ends a process, not the interpreter's own last words.
            signal.signal(one, signal.SIG_DFL)
    except KeyboardInterrupt:
        status = INTERRUPTED
    spare_last_collection()
    sys.exit(TERMINATED if told and status == INTERRUPTED else status)


def run_line(arguments: Sequence[str]) -> int:
    """Run one command line; its exit code. Nothing but SystemExit of shell completion leaves it."""
    settle_streams()
    settings, rest = take_settings(arguments)
    terminal = Terminal(settings.quiet, may_colour() and not settings.plain)
    said = _Said()
    try:
        try:
            language, threads = peek(settings)
            use_language(language)
            limit_threads(threads)
            with _listening(said, terminal):
                answer = _answered(rest, settings, terminal=terminal)
            return _shown(answer, settings, terminal=terminal, said=said)
        except OutputClosedError:
            return PIPE_CLOSED
        except BaseException as error:
            return _failed(error, arguments, settings=settings, terminal=terminal, said=said)
    except OutputClosedError:
        return PIPE_CLOSED
    except KeyboardInterrupt:
        return INTERRUPTED


@dataclass
class _Said:
    """Warnings of ours, each once, in the order they came. shown: those that the terminal has shown."""

    warnings: dict[str, CauceError] = field(default_factory=dict)
    shown: set[str] = field(default_factory=set)

    def hear(self, warning: CauceWarning, terminal: Terminal) -> None:
        """Keep the warning for the end, or show it where it does not wait for that."""
        text = str(warning)
        self.warnings.setdefault(text, warning.told)
        if warning.at_once and text not in self.shown:
            self.shown.add(text)
            terminal.warning(warning.told)

    def show(self, terminal: Terminal) -> None:
        """Show those that were not shown yet."""
        for text, warning in self.warnings.items():
            if text not in self.shown:
                terminal.warning(warning)


@contextmanager
def _listening(said: _Said, terminal: Terminal) -> Iterator[None]:
    """Collect our warnings; those of libraries are for developers, who run tests."""

    def heard(message: Warning | str, *_more: Any, **_named: Any) -> None:
        if isinstance(message, CauceWarning):
            said.hear(message, terminal)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", CauceWarning)
        warnings.showwarning = heard
        yield


def _answered(rest: list[str], settings: Settings, *, terminal: Terminal) -> Answer | None:
    if settings.fault is not None:
        raise settings.fault
    import logging

    from typer.main import get_command

    from cauce.cli.app import app
    from cauce.cli.options import HelpAsked

    if not settings.debug:
        logging.disable(logging.WARNING)
    command = get_command(app)
    if _COMPLETING in os.environ:
        from typer._completion_classes import completion_init

        completion_init()
        command.main(prog_name="cauce", complete_var=_COMPLETING)
    try:
        with command.make_context("cauce", rest, obj=(settings, terminal)) as context:
            answer: Answer | None = command.invoke(context)
            return answer
    except HelpAsked as asked:
        return Answer("cauce.help/1", {"text": asked.text}, asked.text)


def _shown(answer: Answer | None, settings: Settings, *, terminal: Terminal, said: _Said) -> int:
    said.show(terminal)
    if answer is None:
        return 0
    if settings.json:
        from cauce.cli.failures import told

        heard = [told(warning) for warning in said.warnings.values()]
        terminal.document({"schema": answer.schema, **answer.content, "warnings": heard})
    elif answer.text:
        terminal.data(answer.text)
    for note in answer.notes:
        terminal.say(note)
    if answer.next is not None:
        terminal.next(_same_project(answer.next, settings))
    return answer.status


def _same_project(command: str, settings: Settings) -> str:
    """The command for the project that was named, if one was."""
    if settings.project is None or not command.startswith("cauce ") or "--project" in command:
        return command
    return f"{command} --project {shlex.quote(settings.project)}"


def _failed(
    error: BaseException,
    arguments: Sequence[str],
    *,
    settings: Settings,
    terminal: Terminal,
    said: _Said,
) -> int:
    if isinstance(error, SystemExit):
        raise error
    from cauce.cli.failures import as_coded, as_document

    failure = as_coded(error, arguments)
    if settings.debug:
        terminal.traceback(error)
    said.show(terminal)
    terminal.error(failure)
    if settings.json:
        _document(terminal, as_document(failure))
    return int(failure.exit_code)


def _document(terminal: Terminal, content: dict[str, Any]) -> None:
    """The failure for programs; where even that cannot be written, the exit code has to do."""
    with suppress(CauceError):
        terminal.document(content)
