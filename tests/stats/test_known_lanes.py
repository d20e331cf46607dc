"""Row hashes that are remembered between scans of a snapshot are the ones that would be computed."""

from __future__ import annotations

import gc

import numpy as np
import polars as pl

from cauce.expr.schema import Field, Schema
from cauce.stats.known_lanes import Place, known_lanes, placed
from cauce.stats.row_hash import row_hashes

SCHEMA = Schema((Field("a", "integer"), Field("b", "float")))


def rows(start: int) -> pl.DataFrame:
    numbers = np.arange(start, start + 100)
    return pl.DataFrame({"a": numbers, "b": numbers / 7})


def at(first: int, *, snapshot: str = "one") -> Place:
    return Place(snapshot, "parts/x", (first, 100))


def test_a_second_scan_reads_the_hashes_of_the_first() -> None:
    """Each step of a run would hash every row again."""
    plain = row_hashes(rows(0), SCHEMA)
    first = row_hashes(placed(rows(0), at(0)), SCHEMA)
    again = row_hashes(placed(rows(0), at(0)), SCHEMA)
    assert again[0] is first[0]
    assert (first[0] == plain[0]).all()
    assert (first[1] == plain[1]).all()


def test_other_rows_columns_and_snapshots_have_hashes_of_their_own() -> None:
    """Rows would be split by the hashes of other rows."""
    row_hashes(placed(rows(0), at(0)), SCHEMA)
    for batch, columns in (
        (placed(rows(100), at(100)), None),
        (placed(rows(0), at(0)), ("a",)),
        (placed(rows(50), at(0, snapshot="two")), None),
        (rows(7), None),
    ):
        plain = row_hashes(batch.clone(), SCHEMA, columns=columns)
        found = row_hashes(batch, SCHEMA, columns=columns)
        assert (found[0] == plain[0]).all()


def test_a_frame_that_takes_the_place_of_a_dead_one_is_not_taken_for_it() -> None:
    """A frame made where another was freed would be given that one's hashes."""
    gc.freeze()  # only what is made here is collected, and not fifty times all that the tests before it left
    for start in range(50):
        batch = placed(rows(0), at(0))
        row_hashes(batch, SCHEMA)
        del batch
        gc.collect()
        fresh = rows(start + 1)
        assert known_lanes(fresh, SCHEMA) is None


def test_remembered_hashes_cannot_be_written_to() -> None:
    """One step would change what the next one reads."""
    lanes = row_hashes(placed(rows(0), at(0, snapshot="three")), SCHEMA)
    assert not any(lane.flags.writeable for lane in lanes)
