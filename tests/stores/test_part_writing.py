"""Parts are written while their rows arrive, and are the files that writing them at once would have made."""

from __future__ import annotations

import hashlib
import resource
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cauce.core.snapshot_writing import write_snapshot
from cauce.errors import CauceError
from cauce.expr.schema import Field, Schema
from cauce.stores.local import LocalStore

NAMES = ("*", "^a$", "", "x y", "x.y")
SCHEMA = Schema((*(Field(name, "float") for name in NAMES), Field("t", "text")))
_RANDOM = np.random.default_rng(3)
ROWS = 300_000
FRAME = pl.DataFrame(
    {name: _RANDOM.random(ROWS) for name in NAMES}
    | {"t": pl.Series(_RANDOM.integers(0, 999, ROWS)).cast(pl.String)},
    schema=SCHEMA.dtypes,
)


@pytest.mark.parametrize("batch", [70_001, 131_072, 300_000])
def test_a_part_has_the_bytes_of_one_written_at_once(tmp_path: Path, batch: int) -> None:
    """Machines that write the same rows would else keep them twice, and older stores would not know them."""
    store = LocalStore(str(tmp_path / "store"))
    manifest = write_snapshot(FRAME.iter_slices(batch), SCHEMA, store=store, rows_per_part=200_000)
    expected = []
    for part in (FRAME[:200_000], FRAME[200_000:]):
        file = tmp_path / "at_once.parquet"
        part.write_parquet(file, compression="lz4", statistics=True, row_group_size=131_072)
        expected.append((part.height, hashlib.sha256(file.read_bytes()).hexdigest()))
    assert [(part.rows, part.sha256) for part in manifest.parts] == expected


def test_a_disk_that_fills_up_is_said_before_the_source_was_read_to_its_end(tmp_path: Path) -> None:
    """A long reading would else go on for hours for rows that nobody can keep."""
    store, read = LocalStore(str(tmp_path)), 0

    def long() -> Iterator[pl.DataFrame]:
        nonlocal read
        for read in range(500):
            yield FRAME[read * 500 :][:20_000]

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, before[1]))
    try:
        with pytest.raises(CauceError) as caught:
            write_snapshot(long(), SCHEMA, store=store)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.code == "E0503"
    assert read < 100
    assert list(store.list("")) == []
    assert list((tmp_path / ".scratch").iterdir()) == []
