"""Scoring again what was captured, by the service's own path."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cauce.core.bundle.exporting import export_bundle
from cauce.errors import CauceError
from cauce.running.model_reference import FoundModel
from cauce.service.capture_reading import CaptureFile, Kept, capture_files, read_capture
from cauce.service.served import Served, open_served

_FIRST = 10


@dataclass(frozen=True)
class Difference:
    """A row that is scored otherwise. row: its place in the request; columns: the predictions that differ;
    values: the row, what was answered and what is scored now, where rows were asked for."""

    request: str
    row: int
    columns: tuple[str, ...]
    values: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        content = {"request": self.request, "row": self.row, "columns": list(self.columns)}
        return content if self.values is None else {**content, **self.values}


@dataclass(frozen=True, kw_only=True)
class Replay:
    """What scoring again found.

    model, captured: the digests of the model that scored, and of those that had answered. requests, rows:
    scored again. equal: rows with the same bits. differing: rows by prediction column; largest: the largest
    absolute difference of each that is a number. first: rows that differ. others: requests of other models,
    left aside. incomplete: requests of which columns were not kept. torn: bytes of last records that were
    never whole; damaged: names of files of which more could not be read.
    """

    model: str
    version: str
    captured: tuple[str, ...] = ()
    files: int = 0
    requests: int = 0
    rows: int = 0
    equal: int = 0
    differing: Mapping[str, int] = field(default_factory=dict)
    largest: Mapping[str, float] = field(default_factory=dict)
    first: tuple[Difference, ...] = ()
    others: int = 0
    incomplete: int = 0
    torn: int = 0
    damaged: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether every row that was captured gets the same prediction, bit for bit."""
        return self.rows > 0 and self.rows == self.equal and not (self.incomplete or self.damaged)

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        first = [one.to_json() for one in self.first]
        content = {**vars(self), "captured": list(self.captured), "damaged": list(self.damaged)}
        return {**content, "first": first, "holds": self.holds}


@dataclass
class _Found:
    captured: dict[str, None] = field(default_factory=dict)
    count: Counter[str] = field(default_factory=Counter)
    differing: Counter[str] = field(default_factory=Counter)
    largest: dict[str, float] = field(default_factory=dict)
    first: list[Difference] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)


def replay_capture(
    folder: str | Path,
    model: FoundModel,
    *,
    place: Path,
    other: bool = False,
    rows: bool = False,
    report: Callable[[float, float | None], None],
) -> Replay:
    """Score every captured request again with `model`, of which a copy is made in the folder `place`.

    other: also requests that another model answered; else, where there are none of this one, E2456. rows:
    show the rows of differences. report(done, total): counts files. E2452, E2454.
    """
    paths, found, bundle = capture_files(folder), _Found(), model.bundle
    served = open_served(export_bundle(bundle, place / "bundle"), digest=bundle.identity)
    for number, path in enumerate(paths):
        report(number, len(paths))
        one = _read(path)
        if one is not None:
            _replay_file(one, path, served, found=found, other=other, rows=rows)
    if not other and not found.count["requests"] and found.count["others"]:
        raise CauceError("E2456", found=", ".join(found.captured), given=bundle.identity)
    return Replay(
        model=bundle.identity,
        version=model.version,
        captured=tuple(found.captured),
        files=len(paths),
        differing=dict(found.differing),
        largest=found.largest,
        first=tuple(found.first),
        damaged=tuple(found.damaged),
        **{name: found.count[name] for name in _COUNTS},
    )


_COUNTS = ("requests", "rows", "equal", "others", "incomplete", "torn")


def _read(path: Path) -> CaptureFile | None:
    """The file; None where it is gone since it was listed."""
    try:
        return read_capture(path)
    except FileNotFoundError:
        return None


def _replay_file(
    file: CaptureFile, path: Path, served: Served, *, found: _Found, other: bool, rows: bool
) -> None:
    if file.state == "damaged":
        found.damaged.append(path.name)
    elif file.lost:
        found.count["torn"] += file.lost
    if file.header is None:
        return
    found.captured[file.header.identity] = None
    if file.header.identity != served.identity and not other:
        found.count["others"] += len(file.requests)
        return
    needed = set(served.manifest.schema.names)
    for one in file.requests:
        if not needed <= one.rows[0].keys():
            found.count["incomplete"] += 1
            continue
        _compare(one, served.answers(_only(one.rows, needed), interval=_interval(one, served)), found, rows)


def _interval(one: Kept, served: Served) -> bool:
    return "lower" in one.answers[0] and served.with_interval is not None


def _only(rows: Sequence[Mapping[str, Any]], names: Iterable[str]) -> list[dict[str, Any]]:
    return [{name: row[name] for name in names} for row in rows]


def _compare(one: Kept, now: Sequence[Mapping[str, Any]], found: _Found, rows: bool) -> None:
    found.count["requests"] += 1
    found.count["rows"] += len(one.rows)
    for place, (before, after) in enumerate(zip(one.answers, now, strict=True)):
        names = dict.fromkeys((*before, *after))
        differing = tuple(name for name in names if not _same(before.get(name), after.get(name)))
        if not differing:
            found.count["equal"] += 1
            continue
        for name in differing:
            found.differing[name] += 1
            _enlarge(found.largest, name, before.get(name), after.get(name))
        if len(found.first) < _FIRST:
            shown = {"input": one.rows[place], "answered": before, "scored": after} if rows else None
            found.first.append(Difference(one.request, place, differing, shown))


def _same(before: Any, after: Any) -> bool:
    """The same value of the same type, with the same bits."""
    if type(before) is float and type(after) is float:
        return struct.pack("<d", before) == struct.pack("<d", after)
    return type(before) is type(after) and bool(before == after)


def _enlarge(largest: dict[str, float], name: str, before: Any, after: Any) -> None:
    if type(before) in (int, float) and type(after) in (int, float):
        largest[name] = max(largest.get(name, 0.0), abs(float(before) - float(after)))
