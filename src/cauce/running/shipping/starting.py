"""Spark's own program for submitting jobs: where it is, and a process of it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from importlib.util import find_spec
from pathlib import Path

from cauce.errors import CauceError
from cauce.running.shipping.submission import Command

_ENDING = 30.0
_PROGRAM = "spark-submit"


def find_program(environment: Mapping[str, str] = os.environ) -> str:
    """The spark-submit of SPARK_HOME, else the one that pyspark brings, else the one on the path. E0702."""
    home = environment.get("SPARK_HOME")
    spark = find_spec("pyspark")
    homes = [Path(home)] if home else [] if spark is None or not spark.origin else [Path(spark.origin).parent]
    for one in homes:
        program = one / "bin" / _PROGRAM
        if program.is_file():
            return str(program)
    found = shutil.which(_PROGRAM)
    if found is None:
        raise CauceError("E0702", package="pyspark")
    return found


def start(
    command: Command, *, folder: Path, log: Path | None = None, said: Callable[[str], None] | None = None
) -> int:
    """Run the command in `folder` and wait for its exit code.

    log: where what Spark itself says goes, which is its standard error; else to this process's. said: hears
    each line that the job writes; without it they go where this process writes. spark-submit joins what a
    Python program says to people with what it answers, both on standard output.
    Hidden settings reach Spark in a file that only this user can read, removed at the end: a command's words
    can be read by everybody on the machine. When this process is told to end, the job is told too.
    """
    with _hidden(command) as more, nullcontext() if log is None else log.open("ab") as errors:
        words = [command.words[0], *more, *command.words[1:]]
        with subprocess.Popen(  # noqa: S603 - Spark's own program, on what this user asked for
            words,
            cwd=folder,
            stdout=None if said is None else subprocess.PIPE,
            stderr=errors,
            text=True,
            errors="replace",
            process_group=0,
        ) as process:
            return _waited(process, said)


def _waited(process: subprocess.Popen[str], said: Callable[[str], None] | None) -> int:
    try:
        for line in process.stdout or ():
            if said is not None:
                said(line.rstrip("\n"))
        code = process.wait()
    except BaseException:
        # The driver, too: it is spark-submit's child, and would go on for a while without it.
        _tell(process, signal.SIGTERM)
        try:
            process.wait(_ENDING)
        except subprocess.TimeoutExpired:
            _tell(process, signal.SIGKILL)
        raise
    # A process that a signal ended has its number, negative; a shell says 128 and the number.
    return code if code >= 0 else 128 - code


def _tell(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """Send a signal to the process and to all it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


@contextmanager
def _hidden(command: Command) -> Iterator[list[str]]:
    if not command.hidden:
        yield []
        return
    with tempfile.TemporaryDirectory(prefix="cauce-submit-") as private:
        file = Path(private, "hidden.properties")
        lines = (f"{_escaped(name)}={_escaped(value)}\n" for name, value in command.hidden)
        file.touch(mode=0o600)
        file.write_text("".join(lines), encoding="utf-8")
        yield ["--properties-file", str(file), "--load-spark-defaults"]


def _escaped(text: str) -> str:
    """A text as a name or a value in a file of Java properties."""
    marks = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return "".join(marks.get(one, f"\\{one}" if one in ":=#! " else one) for one in text)
