"""What a service answered, as rows of a table: every sealed file once, however often it is tried."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from cauce.core.canonical import is_digest
from cauce.errors import CauceError
from cauce.expr.schema import Field, Kind, Schema
from cauce.running.prediction import ABOUT
from cauce.running.warehouse_records import CAPTURED
from cauce.service import capture_segments as segments
from cauce.service.capture_reading import CaptureFile, Header, Kept, capture_files, read_capture
from cauce.service.capture_sealing import seal
from cauce.spec.addresses import Address

_KINDS: tuple[tuple[type, Kind], ...] = (
    (bool, "boolean"),
    (int, "integer"),
    (float, "float"),
    (str, "text"),
)


@dataclass(frozen=True)
class Captures:
    """What was loaded. out: the table. files, rows: that came new; known: files that were there already.

    open: files that a service still writes, and that are not sealed. damaged: names of files of which more
    could not be read.
    """

    out: str
    files: int
    rows: int
    known: int
    open: int
    damaged: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {**vars(self), "damaged": list(self.damaged)}


def load_captures(
    folder: str | Path, at: Address, *, home: Path, report: Callable[[float, float | None], None]
) -> Captures:
    """Load every sealed file of captured predictions into the table, in a transaction for each.

    What nobody writes any more is sealed first, where the folder may be written. A file is known by its
    digest, which stands in `cauce_run`: one that is there with all its rows is left alone.
    home: of a relative path. report(done, total): counts files. E1214, E2452, E2454, and what writing raises.
    """
    place = Path(folder)
    capture_files(place)
    if os.access(place, os.W_OK | os.X_OK):
        seal(place)
    found, known = segments.sealed(place), _runs(at, home)
    rows = files = 0
    for number, path in enumerate(found):
        report(number, len(found))
        made = _loaded(path, at, home=home, known=known)
        rows, files = rows + made, files + bool(made)
    damaged = sorted(path.name for path in place.glob(f"*{segments.DAMAGED}"))
    left = len(segments.segments(place))
    return Captures(str(at), files, rows, len(found) - files, left, tuple(damaged))


def _loaded(path: Path, at: Address, *, home: Path, known: Mapping[str, int]) -> int:
    """The rows of a file that were not there yet; 0 where they were, or where the file is gone by now."""
    from cauce.sources.sql.warehouse import load_frame

    digest = path.name.split(".")[1]
    try:
        count = int(pl.scan_parquet(path).select(pl.len()).collect().item())
        if not is_digest(digest) or known.get(digest) == count:
            return 0
        file = read_capture(path)
    except FileNotFoundError:
        return 0
    frame, schema = captured_frame(file)
    return load_frame(frame, schema, place=at, run=digest, home=home)


def _runs(at: Address, home: Path) -> dict[str, int]:
    """How many rows of each run the table has; nothing where it is not there."""
    from cauce.sources.sql.warehouse import runs_in

    try:
        return runs_in(at, home=home)
    except CauceError as error:
        if error.code not in ("E2512", "E2513"):
            raise
        return {}


def captured_frame(file: CaptureFile) -> tuple[pl.DataFrame, Schema]:
    """The rows of a file: the model's key, where they are of which request, the cells as JSON, what was
    answered, by what and when. E1214 where two of these have one name."""
    header = file.header
    if header is None:
        raise CauceError("E2454", file="")
    rows = list(_rows(file.requests, header))
    answers = tuple(_answers(file.requests))
    fields = (*_key(header), *CAPTURED, *answers, *ABOUT)
    names = [one.name for one in fields]
    for one in names:
        if names.count(one) > 1:
            raise CauceError("E1214", column=one)
    columns = {
        one.name: pl.Series([row.get(one.name) for row in rows], dtype=one.dtype, strict=False)
        for one in fields
    }
    return pl.DataFrame(columns), Schema(fields)


def _key(header: Header) -> Iterator[Field]:
    for name in header.key:
        if name not in header.left_out:
            yield header.columns[name] if name in header.columns else Field(name, "text")


def _rows(requests: Sequence[Kept], header: Header) -> Iterator[dict[str, Any]]:
    keys = {one.name: one.kind for one in _key(header)}
    for one in requests:
        moment = datetime.fromtimestamp(one.time // 1000 / 1e6, tz=UTC).replace(tzinfo=None)
        about = {
            "request": one.request,
            "door": one.door,
            "model_version": one.version,
            "snapshot": header.snapshot,
            "scored_at": moment,
        }
        for place, (row, answer) in enumerate(zip(one.rows, one.answers, strict=True), 1):
            key = {name: _cell(row.get(name), kind) for name, kind in keys.items()}
            yield {**key, **about, "row": place, "input": _text(row), **answer}


def _cell(value: Any, kind: str) -> Any:
    return str(value) if kind == "text" and value is not None else value


def _text(row: Mapping[str, Any]) -> str:
    cells = {name: _plain(value) for name, value in row.items()}
    return json.dumps(cells, ensure_ascii=False, default=str)


def _plain(value: Any) -> Any:
    """NaN and infinity as texts: JSON has no words for them."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _answers(requests: Sequence[Kept]) -> Iterator[Field]:
    """The columns of what was answered, each of the kind that its values have."""
    found: dict[str, Kind] = {}
    for one in requests:
        for answer in one.answers:
            for name, value in answer.items():
                if name not in found and value is not None:
                    found[name] = next(kind for cls, kind in _KINDS if isinstance(value, cls))
    for name, kind in found.items():
        yield Field(name, kind)
