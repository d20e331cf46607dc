"""Seals segments that nobody writes any more: each becomes a Parquet file that its name proves.

`python -m cauce.service.capture_sealing FOLDER DAYS`; DAYS may be "". The service starts it beside itself.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import polars as pl

from cauce.core.durable import sync
from cauce.failpoints import passage
from cauce.service import capture_segments as files
from cauce.service.capture_reading import HEADER, CaptureFile, Header, Kept, read_segment
from cauce.service.logs import start_logs

_DAY = 86_400.0
_LOG = logging.getLogger("cauce.service")


def seal(folder: Path, *, days: float | None = None) -> list[Path]:
    """Seal what nobody writes any more, and delete what was sealed more than `days` ago; the new files.
    OSError."""
    files.tidy(folder)
    made = []
    for path in files.segments(folder):
        descriptor = files.lock(path)
        if descriptor is None:
            continue
        try:
            made += _seal(path)
        finally:
            os.close(descriptor)
    if days is not None:
        forget(files.sealed(folder), days)
    return made


def _seal(path: Path) -> list[Path]:
    found = read_segment(path.read_bytes())
    made: list[Path] = []
    known = {files.stem(one) for one in files.sealed(path.parent)}
    if found.header is not None and found.requests and files.stem(path) not in known:
        made.append(_written(path, found, found.header))
    if found.state == "damaged":
        path.rename(path.with_suffix(files.DAMAGED))
        _LOG.error("capture: %s is damaged: %d bytes of it cannot be read", path.name, found.lost)
    else:
        path.unlink()
        if found.lost:
            _LOG.warning("capture: %s: %d bytes of a last record that was not whole", path.name, found.lost)
    sync(path.parent)
    return made


def _written(path: Path, found: CaptureFile, header: Header) -> Path:
    """The sealed file, durable, under its name."""
    buffer = io.BytesIO()
    # Written by us and not by Polars, which hides a full disk.
    sealed_frame(found.requests, header).write_parquet(
        buffer, metadata={HEADER: json.dumps(dict(found.said))}
    )
    data = buffer.getvalue()
    draft = path.with_suffix(".draft")
    target = path.with_name(f"{files.stem(path)}.{hashlib.sha256(data).hexdigest()}{files.SEALED}")
    try:
        draft.write_bytes(data)
        draft.chmod(0o400)
        sync(draft)
        passage("capture.drafted")
        draft.rename(target)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    sync(path.parent)
    passage("capture.sealed")
    return target


def sealed_frame(requests: Sequence[Kept], header: Header) -> pl.DataFrame:
    """A row for each row that was scored. number: the request's, in the segment. time: nanoseconds since
    1970. input: the model's columns; beside: those of the key that are none of them, as JSON."""
    each = [(number, one, place) for number, one in enumerate(requests) for place in range(len(one.rows))]
    names, kept = header.columns.names, header.kept
    rows = [one.rows[place] for _number, one, place in each]
    answers = [one.answers[place] for _number, one, place in each]
    columns = {
        "number": pl.Series([number for number, _one, _place in each], dtype=pl.Int64),
        "time": pl.Series([one.time for _number, one, _place in each], dtype=pl.Int64),
        "request": pl.Series([one.request for _number, one, _place in each], dtype=pl.String),
        "door": pl.Series([one.door for _number, one, _place in each], dtype=pl.String),
        "version": pl.Series([one.version for _number, one, _place in each], dtype=pl.String),
        "interval": pl.Series(["lower" in one for one in answers], dtype=pl.Boolean),
        "output": pl.Series(answers, dtype=pl.Struct(_types(answers))),
        "beside": pl.Series([_beside(row, names) for row in rows], dtype=pl.String),
    }
    if len(kept):
        inputs = [{name: row[name] for name in kept.names} for row in rows]
        columns["input"] = pl.Series(inputs, dtype=pl.Struct(kept.dtypes))
    return pl.DataFrame(columns)


def _beside(row: Any, names: Sequence[str]) -> str:
    return json.dumps({name: value for name, value in row.items() if name not in names}, default=str)


_KINDS = ((bool, pl.Boolean), (int, pl.Int64), (float, pl.Float64), (str, pl.String))


def _types(answers: Sequence[Any]) -> dict[str, Any]:
    """The types of predictions: whatever classes are, in a model they are of one kind."""
    found: dict[str, Any] = {}
    for one in answers:
        for name, value in one.items():
            if value is not None or name not in found:
                kinds = (dtype for kind, dtype in _KINDS if isinstance(value, kind))
                found[name] = next(kinds, found.get(name, pl.Float64))
    return found


def forget(sealed: Sequence[Path], days: float) -> None:
    """Delete those that were sealed more than so many days ago."""
    for path in sealed:
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > days * _DAY:
                path.unlink()
                files.stored_mark(path).unlink(missing_ok=True)


def main(arguments: Sequence[str]) -> int:
    """Seal; the exit code."""
    start_logs()
    folder, days = arguments
    with suppress(OSError):
        os.nice(10)
    try:
        seal(Path(folder), days=float(days) if days else None)
    except OSError as error:
        _LOG.error("capture: nothing is sealed in %s: %s", folder, error.strerror)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
