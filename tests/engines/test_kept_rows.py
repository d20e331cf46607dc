"""Rows that wait between scans: where they wait, and what happens when there is no room."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

import polars as pl
import pytest

from cauce.engines.local.kept import KeptRows
from cauce.errors import CauceError
from cauce.expr.batch import take
from cauce.expr.schema import Field, Schema

SCHEMA = Schema((Field("*", "float"), Field("t", "text"), Field("n", "integer")))


def frames() -> Iterator[pl.DataFrame]:
    for start in range(0, 300, 100):
        rows = range(start, start + 100)
        yield pl.DataFrame({"*": [k / 4 for k in rows], "t": [f"ñ{k}" for k in rows], "n": list(rows)})


def kept(memory: int) -> KeptRows:
    return KeptRows(frames, SCHEMA, single=("*",), memory=memory)


@pytest.mark.parametrize("memory", [0, 4_000, 1 << 20])
def test_every_scan_gives_the_same_rows_wherever_they_wait(memory: int) -> None:
    """A model that sees other rows in its second step than in its first settles on nothing."""
    rows = kept(memory)
    first = pl.concat(rows.batches())
    single, *others = pl.concat(frames()).get_columns()
    assert first.equals(pl.DataFrame([single.cast(pl.Float32), *others]))
    for _scan in range(2):
        assert pl.concat(rows.batches(("n", "*"))).equals(take(first, ("n", "*")))
    one, other = rows.batches(), rows.batches()
    for mine, theirs in zip(one, other, strict=True):
        assert mine.equals(theirs), "two scans at once"
    rows.close()


def test_a_scan_that_was_broken_off_begins_anew() -> None:
    """Half the rows taken for all of them would train on half."""
    rows = kept(0)
    next(rows.batches())
    assert not rows.known
    assert sum(batch.height for batch in rows.batches()) == 300
    assert sum(batch.height for batch in rows.batches()) == 300
    rows.close()


def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that could not be kept must not be missing in silence."""
    full = open("/dev/full", "r+b", buffering=0)  # noqa: SIM115, PTH123 - the rows close it
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: full)
    rows = kept(0)
    with pytest.raises(CauceError, match="No space left") as caught:
        list(rows.batches())
    assert caught.value.code == "E0818"
    rows.close()
