"""Row hashes of a snapshot's batches, kept from scan to scan: each step of a run asks for the same."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

import polars as pl

from cauce.expr.schema import Schema
from cauce.stats.mixing import Words

MOST_BYTES: Final = 2**27
"""The most memory for hashes: those of eight million rows. Of further rows they are computed anew."""

Lanes = tuple[Words, Words]


@dataclass(frozen=True)
class Place:
    """Where a batch stands. rows: the first and how many; of the part `part` of an immutable snapshot."""

    snapshot: str
    part: str
    rows: tuple[int, int]


@dataclass
class _Known:
    """Of one snapshot at a time. placed: by the number of a frame that is alive."""

    snapshot: str = ""
    lanes: dict[tuple[Place, Schema], Lanes] = field(default_factory=dict)
    bytes: int = 0
    placed: dict[int, Place] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)


_KNOWN: Final = _Known()


def placed(batch: pl.DataFrame, place: Place) -> pl.DataFrame:
    """`batch`, whose rows are those of `place`, so that hashes of them are computed once."""
    number = id(batch)
    with _KNOWN.lock:
        if _KNOWN.snapshot != place.snapshot:
            _KNOWN.snapshot, _KNOWN.bytes = place.snapshot, 0
            _KNOWN.lanes.clear()
        _KNOWN.placed[number] = place
    weakref.finalize(batch, _KNOWN.placed.pop, number, None).atexit = False
    return batch


def same_place(batch: pl.DataFrame, like: pl.DataFrame) -> pl.DataFrame:
    """`batch`, whose rows are those of `like` in the same order, with their place, if that is known."""
    place = _KNOWN.placed.get(id(like))
    return batch if place is None else placed(batch, place)


def known_lanes(batch: pl.DataFrame, fields: Schema) -> Lanes | None:
    """The hashes of the rows over `fields`, read-only, where they are known."""
    place = _KNOWN.placed.get(id(batch))
    return None if place is None else _KNOWN.lanes.get((place, fields))


def note_lanes(batch: pl.DataFrame, fields: Schema, *, lanes: Lanes) -> None:
    """Keep the hashes of a placed batch where there is room; others are not kept."""
    place = _KNOWN.placed.get(id(batch))
    if place is None:
        return
    size = sum(lane.nbytes for lane in lanes)
    with _KNOWN.lock:
        if place.snapshot != _KNOWN.snapshot or _KNOWN.bytes + size > MOST_BYTES:
            return
        for lane in lanes:
            lane.flags.writeable = False
        if _KNOWN.lanes.setdefault((place, fields), lanes) is lanes:
            _KNOWN.bytes += size
