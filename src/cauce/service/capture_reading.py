"""Captured predictions, from segments and from sealed files alike."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from cauce.core.capture_log import LogReader, State
from cauce.errors import CauceError
from cauce.expr.schema import Schema
from cauce.service import capture_segments as files

HEADER = "cauce.capture"
"""The name of the header among a sealed file's metadata."""


@dataclass(frozen=True)
class Header:
    """What a file of captured predictions says about their model. left_out: columns that were not kept."""

    identity: str
    name: str
    snapshot: str | None
    columns: Schema
    key: tuple[str, ...]
    left_out: tuple[str, ...]

    @property
    def kept(self) -> Schema:
        """The model's columns that are there."""
        return Schema(tuple(one for one in self.columns if one.name not in self.left_out))

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Header:
        """What a file has; KeyError, TypeError or ValueError for anything else."""
        return Header(
            identity=value["identity"],
            name=value["name"],
            snapshot=value["snapshot"],
            columns=Schema.from_json(value["columns"]),
            key=tuple(value["key"]),
            left_out=tuple(value["left_out"]),
        )


@dataclass(frozen=True)
class Kept:
    """A request that was answered. time: nanoseconds since 1970; rows: with the key where it came along."""

    time: int
    request: str
    door: str
    version: str
    rows: Sequence[Mapping[str, Any]]
    answers: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class CaptureFile:
    """A file that was read. header: None where nothing of it could be. lost: bytes that could not be read."""

    header: Header | None
    said: Mapping[str, Any]
    requests: Sequence[Kept]
    state: State = "whole"
    lost: int = 0


def capture_files(folder: str | Path) -> list[Path]:
    """Every file of captured predictions, by time; E2452 where there is none."""
    place = Path(folder)
    sealed = {files.stem(path): path for path in files.sealed(place)}
    found = {**{files.stem(path): path for path in files.segments(place)}, **sealed}
    damaged = [path for path in place.glob(f"*{files.DAMAGED}") if files.stem(path) not in found]
    if not found and not damaged:
        raise CauceError("E2452", folder=str(folder))
    return sorted((*found.values(), *damaged))


def read_capture(path: Path) -> CaptureFile:
    """A segment, or what it was sealed into since it was listed. E2454 for a sealed file that is not what was
    sealed; FileNotFoundError for one that is gone."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        since = [one for one in files.sealed(path.parent) if files.stem(one) == files.stem(path)]
        if not since or path in since:
            raise
        path = since[0]
        data = path.read_bytes()
    return _sealed(path, data) if path.suffix == files.SEALED else read_segment(data)


def read_segment(data: bytes) -> CaptureFile:
    """The bytes of a segment, as far as they are whole."""
    reader = LogReader(data)
    payloads = list(reader)
    try:
        said = msgspec.msgpack.decode(payloads[0])
        header = Header.from_json(said)
    except (IndexError, KeyError, TypeError, ValueError, CauceError):
        return CaptureFile(None, {}, (), "torn" if reader.state == "torn" else "damaged", len(data))
    change = _changes(header.columns)
    requests = [
        Kept(one[0], one[1], one[2], one[3], [_read(row, change) for row in one[4]], one[5])
        for payload in payloads[1:]
        for one in msgspec.msgpack.decode(payload)
    ]
    return CaptureFile(header, said, requests, reader.state, reader.lost)


def _changes(columns: Schema) -> dict[str, Callable[[str], Any]]:
    return {one.name: _READS[one.kind] for one in columns if one.kind in _READS}


_READS: Mapping[str, Callable[[str], Any]] = {
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "decimal": Decimal,
}


def _read(row: dict[str, Any], change: Mapping[str, Callable[[str], Any]]) -> dict[str, Any]:
    for name, read in change.items():
        if row.get(name) is not None:
            row[name] = read(row[name])
    return row


def _sealed(path: Path, data: bytes) -> CaptureFile:
    digest = path.name.split(".")[1]
    if hashlib.sha256(data).hexdigest() != digest:
        raise CauceError("E2454", file=path.name)
    said = json.loads(pl.read_parquet_metadata(io.BytesIO(data))[HEADER])
    return CaptureFile(Header.from_json(said), said, list(_requests(pl.read_parquet(io.BytesIO(data)))))


def _requests(frame: pl.DataFrame) -> Iterator[Kept]:
    """The requests whose rows follow each other."""
    about = frame.select("number", "time", "request", "door", "version", "interval").rows()
    outputs = frame["output"].to_list()
    without: list[dict[str, Any]] = [{}] * frame.height
    inputs = frame["input"].to_list() if "input" in frame.columns else without
    beside = [json.loads(text) for text in frame["beside"].to_list()]
    begin = 0
    for place in range(1, frame.height + 1):
        if place < frame.height and about[place][0] == about[begin][0]:
            continue
        _number, time, request, door, version, interval = about[begin]
        rows = [{**inputs[one], **beside[one]} for one in range(begin, place)]
        answers = [
            {
                name: value
                for name, value in outputs[one].items()
                if interval or name not in ("lower", "upper")
            }
            for one in range(begin, place)
        ]
        yield Kept(time, request, door, version, rows, answers)
        begin = place
