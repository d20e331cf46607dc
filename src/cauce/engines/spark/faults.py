"""The border where Spark's failures become ours: one code with a way out, never pages of Java."""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cauce.engines.spark.crossing import crossed_in
from cauce.errors import CauceError

_GONE = (
    "SESSION_OR_CONTEXT_NOT_EXISTS",
    "SparkContext was shut down",
    "Cannot call methods on a stopped SparkContext",
    "Answer from Java side is empty",
    "SparkContext has been shutdown",
    "Error while sending or receiving",
    "An error occurred while trying to connect to the Java server",
)
_UNREACHABLE = (
    "All masters are unresponsive",
    "Failed to connect to master",
    "Application has been killed. Reason: All masters",
)
_CANCELLED = ("Job aborted due to cancel", " cancelled", "was cancelled", "JOB_CANCELLED")
_PYTHONS = ("PYTHON_VERSION_MISMATCH",)
_NO_PYTHON = ("Cannot run program", "PYTHON_EXEC")
_MEMORY = (
    "MemoryError",
    "OutOfMemoryError",
    "Container killed",
    "memory limits",
    "Python worker exited unexpectedly",
    "exit code 137",
    "UnableToAcquireMemory",
)
_LOST = ("ExecutorLostFailure", "Executor heartbeat timed out", "Lost executor", "FetchFailed")
_DATA = re.compile(
    r"\[([A-Z][A-Z0-9_.]*)\](?:(?!SQLSTATE: ).)*SQLSTATE: ((?:2[123]|38|39|P0)[0-9A-Z]{3})", re.DOTALL
)
"""A condition of Spark about what is in the data, whose text may repeat a cell."""
_CELLS = re.compile(r"^(java\.(?:lang\.NumberFormat|lang\.Arithmetic|time\.[\w.]*)\w*Exception)\b")
"""Exceptions of Java whose text may repeat a cell."""
_FULL = (errno.ENOSPC, errno.EDQUOT)
_DISK = ("No space left on device", "Disk quota exceeded")
_TOO_MUCH = ("is bigger than spark.driver.maxResultSize", "Total size of serialized results")


@contextmanager
def translated_jobs() -> Iterator[None]:
    """Turn what Spark raises inside into an error of ours; E0701 where it is none of the known ones.

    E0718 where the disk is full on which the driver puts what it sends.
    """
    from py4j.protocol import Py4JError  # noqa: PLC0415
    from pyspark.errors import PySparkException  # noqa: PLC0415

    try:
        with _cells_unlogged():
            yield
    except (PySparkException, Py4JError, ConnectionError, EOFError) as error:
        raise as_failure(_text(error)) from error
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise CauceError("E0718", reason=error.strerror) from error


@contextmanager
def _cells_unlogged() -> Iterator[None]:
    """PySpark writes its exceptions to standard error too, with the cells that they repeat; not inside."""
    from pyspark.logger import PySparkLogger  # noqa: PLC0415

    loggers = [PySparkLogger.getLogger(f"{kind}QueryContextLogger") for kind in ("SQL", "DataFrame")]
    before = [logger.disabled for logger in loggers]
    for logger in loggers:
        logger.disabled = True
    try:
        yield
    finally:
        for logger, disabled in zip(loggers, before, strict=True):
            logger.disabled = disabled


def as_failure(text: str) -> CauceError:
    """What Spark says in `text` with a code of ours."""
    crossed = crossed_in(text)
    if crossed is not None:
        return crossed
    for marks, make in _KINDS:
        if any(mark in text for mark in marks):
            return make(text)
    return CauceError("E0701", reason=first_reason(text))


def first_reason(text: str) -> str:
    """The one line of `text` that says most, without what may be data in it.

    Of a Python exception its type, of a condition of Spark about the data its name. In Spark's own texts the
    innermost cause is the last.
    """
    raised = _python_exception(text)
    if raised is not None:
        return raised
    condition = _DATA.search(text)
    if condition is not None:
        return f"{condition[1]} (SQLSTATE {condition[2]})"
    causes = re.findall(r"^Caused by: (.+)$", text, re.MULTILINE)
    lines = [line.strip() for line in (causes[-1:] or text.splitlines()) if line.strip()]
    told = [line for line in lines if not line.startswith(("An error occurred", "at ", "Traceback"))]
    if not told:
        return "it gave no reason"
    about_cells = _CELLS.match(told[0].removeprefix(": "))
    return about_cells[1] if about_cells else _without_class(told[0])


def _python_exception(text: str) -> str | None:
    """ "ValueError at module.py:12" where a Python worker raised it."""
    if "Traceback (most recent call last)" not in text:
        return None
    frames = re.findall(r'File "(?:.*/)?([^"/]+)", line (\d+)', text)
    kinds = re.findall(
        r"^\s*([A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Warning|Exit))\b", text, re.MULTILINE
    )
    if not kinds:
        return None
    return f"{kinds[-1]} at {frames[-1][0]}:{frames[-1][1]}" if frames else kinds[-1]


def _without_class(line: str) -> str:
    return re.sub(r"^: |^(?:[a-z]\w*\.)+[A-Z]\w*: ", "", line)


def _text(error: BaseException) -> str:
    return str(error) or type(error).__name__


def _pythons(text: str) -> CauceError:
    found = re.findall(r"\d+\.\d+", text.partition("PYTHON_VERSION_MISMATCH")[2])
    worker, driver = (*found, "?", "?")[:2]
    return CauceError("E0710", worker=worker, driver=driver)


def _missing_module(text: str) -> CauceError:
    module = re.search(r"No module named '([^']+)'", text)
    name = module[1] if module else "cauce"
    if name.startswith("cauce.") or module is None:
        return CauceError("E0712", worker="?", driver=_own_version())
    return CauceError("E0711", module=name)


def _own_version() -> str:
    from cauce.version import __version__  # noqa: PLC0415

    return __version__


def _no_python(text: str) -> CauceError:
    named = re.search(r'Cannot run program "([^"]+)"', text)
    return CauceError("E0719", python=named[1] if named else "python3")


def _plainly(code: str) -> Callable[[str], CauceError]:
    return lambda text: CauceError(code, reason=first_reason(text))


def _bare(code: str) -> Callable[[str], CauceError]:
    return lambda _text: CauceError(code)


_KINDS: tuple[tuple[tuple[str, ...], Callable[[str], CauceError]], ...] = (
    (_PYTHONS, _pythons),
    (_NO_PYTHON, _no_python),
    (("No module named", "cannot import name", "Can't get attribute"), _missing_module),
    (_UNREACHABLE, _plainly("E0706")),
    (_GONE, _bare("E0716")),
    (_DISK, _plainly("E0718")),
    (_TOO_MUCH, _bare("E0713")),
    (_MEMORY, _plainly("E0704")),
    (_LOST, _plainly("E0703")),
    (_CANCELLED, _bare("E0705")),
)
