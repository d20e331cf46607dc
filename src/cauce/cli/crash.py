"""The report of a defect: versions and places in the code; no message, no value, no row of data."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePath

from cauce.cli.pages import PAGES
from cauce.version import __version__

_LIBRARIES = ("polars", "pyarrow", "numpy", "xgboost-cpu", "xgboost", "onnx", "onnxruntime", "pydantic")
_MORE = ("rich", "typer", "matplotlib", "mlflow", "pyspark")


def write_report(error: BaseException, arguments: Sequence[str]) -> str | None:
    """Write the report and give its path; None where no folder takes it.

    It lies in the project's .cauce folder where there is one, else in the system's folder for temporary
    files. Exceptions are named by type only, because their messages may quote data.
    """
    name = time.strftime(f"crash-%Y%m%dT%H%M%SZ-{os.getpid()}.txt", time.gmtime())
    text = "\n".join(_lines(error, arguments)) + "\n"
    for folder in (Path(".cauce"), Path(tempfile.gettempdir())):
        if folder.is_dir():
            try:
                path = folder / name
                with path.open("x", encoding="utf-8") as file:
                    file.write(text)
            except OSError:
                continue
            return str(path)
    return None


def first_place(error: BaseException) -> str:
    """Where the innermost of our own code was, as module:line."""
    places = [line for line in _frames(error) if line.startswith("cauce/")]
    return places[-1].split(" ")[0] if places else "?"


def _lines(error: BaseException, arguments: Sequence[str]) -> Iterator[str]:
    yield f"cauce {__version__}"
    yield f"python {platform.python_version()} {platform.python_implementation()} {platform.platform()}"
    yield " ".join(f"{name}={_version(name)}" for name in (*_LIBRARIES, *_MORE))
    yield f"command: {' '.join(_without_values(arguments))}"
    seen: BaseException | None = error
    while seen is not None:
        yield f"{type(seen).__module__}.{type(seen).__qualname__}"
        yield from (f"  {place}" for place in _frames(seen))
        seen = seen.__cause__ or seen.__context__


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "-"


def _without_values(arguments: Sequence[str]) -> Iterator[str]:
    """The command's name and the names of its options; every other word is replaced."""
    for word in arguments:
        if word.startswith("--"):
            yield word.partition("=")[0]
        else:
            yield word if word in PAGES else "…"


def _frames(error: BaseException) -> Iterator[str]:
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"{_short(frame.filename)}:{frame.lineno} {frame.name}"


def _short(file: str) -> str:
    """The file as it is imported, without the folders above, which may name people."""
    path = PurePath(file)
    for above in sorted((entry for entry in sys.path if entry), key=len, reverse=True):
        if path.is_relative_to(above):
            return path.relative_to(above).as_posix()
    return path.name
