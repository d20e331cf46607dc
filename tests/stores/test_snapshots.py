"""A snapshot is the same rows whatever carried them, whole, and read back exactly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cauce.core.canonical import canonical_json
from cauce.core.part_writing import rows_in_part
from cauce.core.snapshot import Manifest
from cauce.core.snapshot_reading import SnapshotSource, read_manifest, verify_snapshot
from cauce.core.snapshot_writing import write_snapshot
from cauce.errors import CauceError, CauceErrors
from cauce.expr.schema import Field, Schema
from cauce.planning.record import Record
from cauce.planning.step import Reference, Step
from cauce.ports.store import Store
from cauce.stores.garbage import collect_garbage, unreferenced
from cauce.stores.ledger import StoreLedger
from cauce.stores.local import LocalStore
from cauce.testing.stores import MemoryStore

SCHEMA = Schema(
    (
        Field("b", "boolean"),
        Field("i", "integer"),
        Field("f", "float"),
        Field("d", "decimal", scale=2),
        Field("t", "text"),
        Field("day", "date"),
        Field("at", "datetime", zone="UTC"),
    )
)
FRAME = pl.DataFrame(
    {
        "b": [True, False, None] * 40,
        "i": [2**53 + 1, -(2**63), None] * 40,
        "f": [-0.0, float("nan"), None] * 40,
        "d": [Decimal("12345678901234567890.25"), Decimal("-0.01"), None] * 40,
        "t": ["", "ñandú\0😀", None] * 40,
        "day": [date(1, 1, 1), date(9999, 12, 31), None] * 40,
        "at": [datetime(1969, 12, 31, 23, 59, 59, 999999), datetime(2026, 11, 21), None] * 40,
    },
    schema=SCHEMA.dtypes,
)


@pytest.fixture(params=["local", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return LocalStore(str(tmp_path / "store")) if request.param == "local" else MemoryStore()


def _written(store: Store, frame: pl.DataFrame = FRAME, size: int = 50, rows: int = 32) -> Manifest:
    return write_snapshot(frame.iter_slices(size), SCHEMA, store=store, rows_per_part=rows)


def test_every_kind_of_value_reads_back_exactly(store: Store) -> None:
    manifest = _written(store)
    assert [part.rows for part in manifest.parts] == [32, 32, 32, 24]
    source = SnapshotSource(read_manifest(store, manifest.identity), store, batch_rows=20)
    batches = list(source.batches())
    assert max(batch.height for batch in batches) == 20
    whole = pl.concat(batches)
    assert whole.equals(FRAME, null_equal=True)
    assert whole.schema == FRAME.schema
    some = pl.concat(source.batches(["t", "i"]))
    assert some.columns == ["t", "i"]
    assert pl.concat(source.batches([])).height == 120
    verify_snapshot(manifest, store, rows=True)


def test_another_parquet_reader_sees_the_same_rows(tmp_path: Path) -> None:
    source = SnapshotSource(_written(store := LocalStore(str(tmp_path))), store)
    paths = source.parquet_paths()
    assert paths is not None
    rows = [row for path in paths for row in pq.read_table(path).to_pylist()]
    assert str(rows[:3]) == str(FRAME.head(3).to_dicts())
    assert len(rows) == 120
    group = pq.ParquetFile(paths[0]).metadata.row_group(0).column(1)
    assert group.compression == "LZ4"
    assert group.statistics.has_min_max


def test_the_same_rows_are_one_snapshot_however_they_are_cut_or_ordered(store: Store) -> None:
    first = _written(store)
    keys = list(store.list(""))
    for frame, size, rows in (
        (FRAME, 7, 32),
        (FRAME.reverse(), 120, 1000),
        (FRAME.sample(120, seed=1, shuffle=True), 1, 5),
    ):
        assert _written(store, frame, size, rows) == first
    assert list(store.list("")) == keys


def test_the_same_batches_give_the_same_bytes_and_their_sizes_do_not_matter() -> None:
    one, other = MemoryStore(), MemoryStore()
    assert _written(one, size=120) == _written(other, size=7)
    assert {key: one.get(key) for key in one.list("")} == {key: other.get(key) for key in other.list("")}


def test_one_changed_cell_one_more_row_or_another_kind_is_another_snapshot() -> None:
    changed = FRAME.with_columns(i=pl.when(pl.int_range(pl.len()) == 7).then(0).otherwise("i"))
    frames = (FRAME, changed, pl.concat([FRAME, FRAME.head(1)]), FRAME.head(119), FRAME.clear())
    assert len({_written(MemoryStore(), frame).identity for frame in frames}) == 5
    integer, text = (
        write_snapshot(
            iter([pl.DataFrame({"x": [None]}, schema=schema.dtypes)]), schema, store=MemoryStore()
        ).identity
        for schema in (Schema((Field("x", "integer"),)), Schema((Field("x", "text"),)))
    )
    assert integer != text


def test_a_table_without_rows_is_a_snapshot_too(store: Store) -> None:
    manifest = write_snapshot(iter([]), SCHEMA, store=store)
    assert manifest.rows == 0
    source = SnapshotSource(manifest, store)
    assert sum(batch.height for batch in source.batches()) == 0
    verify_snapshot(manifest, store, rows=True)


def test_a_batch_of_another_schema_is_refused_and_leaves_nothing(store: Store) -> None:
    for frame in (FRAME.drop("b"), FRAME.with_columns(pl.col("f").cast(pl.Float32)), FRAME[:, ::-1]):
        with pytest.raises(CauceError) as caught:
            _written(store, frame)
        assert caught.value.code == "E0511"
    assert list(store.list("")) == []


def test_a_source_that_fails_midway_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> Iterator[pl.DataFrame]:
        yield FRAME
        raise RuntimeError("gone")

    store = LocalStore(str(tmp_path))
    with pytest.raises(RuntimeError, match="gone"):
        write_snapshot(broken(), SCHEMA, store=store, rows_per_part=10)
    assert list(store.list("")) == []
    assert list((tmp_path / ".scratch").iterdir()) == []


def test_a_damaged_or_missing_part_is_named_and_a_missing_one_restored(tmp_path: Path) -> None:
    store = LocalStore(str(tmp_path))
    manifest = _written(store)
    first, second = (tmp_path / part.key for part in manifest.parts[:2])
    content = first.read_bytes()
    first.chmod(0o600)
    for bad in (content[:-1], b"", b"x" * len(content), content[:50] + b"?" + content[51:]):
        first.write_bytes(bad)
        with pytest.raises(CauceErrors, match="E0509"):
            verify_snapshot(manifest, store)
    first.write_bytes(b"no parquet")
    with pytest.raises(CauceError, match="cannot be read as Parquet"):
        list(SnapshotSource(manifest, store).batches())
    first.unlink()
    second.unlink()
    with pytest.raises(CauceErrors) as caught:
        verify_snapshot(manifest, store)
    assert [error.code for error in caught.value.errors] == ["E0502", "E0502"]
    with pytest.raises(CauceError) as refused:
        _written(store, FRAME.reverse())
    assert refused.value.code == "E0510"
    assert _written(store) == manifest
    verify_snapshot(manifest, store, rows=True)


def test_rows_under_another_identity_are_found(store: Store) -> None:
    manifest = _written(store)
    lying = Manifest(SCHEMA, manifest.rows, "0" * 64, manifest.parts)
    with pytest.raises(CauceError) as caught:
        verify_snapshot(lying, store, rows=True)
    assert caught.value.code == "E0515"


def test_a_manifest_reads_back_equal_and_any_edit_is_refused(store: Store) -> None:
    manifest = _written(store)
    data = manifest.to_bytes()
    assert Manifest.from_bytes(data, manifest.key) == manifest
    value = json.loads(data)
    edits = [
        {**value, "format": 2},
        {**value, "rows": 121},
        {**value, "rows": 120.0},
        {**value, "rows": True},
        {**value, "more": 1},
        {key: one for key, one in value.items() if key != "schema"},
        {**value, "identity": "0" * 64},
        {**value, "identity": "../x"},
        {**value, "parts": [{**value["parts"][0], "key": "../secret"}, *value["parts"][1:]]},
        {**value, "parts": [{**value["parts"][0], "rows": -1}, *value["parts"][1:]]},
        {**value, "parts": ["x"]},
        {**value, "schema": [*value["schema"], value["schema"][0]]},
        {**value, "schema": [{"name": "x", "kind": "complex"}]},
        {**value, "schema": [{"name": "x", "kind": "decimal", "scale": 39}]},
        {**value, "schema": [{"name": "x", "kind": "datetime", "zone": "CET"}]},
        {**value, "schema": [{"name": "x", "kind": "integer", "scale": 1}]},
    ]
    for edit in edits:
        with pytest.raises(CauceError) as caught:
            Manifest.from_bytes(json.dumps(edit).encode(), manifest.key)
        assert caught.value.code == ("E0508" if edit["format"] == 2 else "E0507"), edit


@given(st.binary(max_size=60) | st.integers(0, 400).map(lambda cut: b"[" * cut))
def test_no_bytes_make_a_manifest_or_a_record_crash(data: bytes) -> None:
    for read in (Manifest.from_bytes, Record.from_bytes):
        with pytest.raises(CauceError) as caught:
            read(data, "k")
        assert caught.value.code in ("E0507", "E0508")


def test_parts_of_wide_tables_hold_fewer_rows() -> None:
    assert rows_in_part(1) == 2**20
    assert rows_in_part(28) == 599_186
    assert rows_in_part(5001) == 3354
    assert rows_in_part(10**6) == 1024


def test_garbage_is_what_no_finished_step_refers_to(store: Store) -> None:
    ledger = StoreLedger(store)
    kept, lost = _written(store), _written(store, FRAME.head(60))
    step = Step(name="ingest", inputs={"x": 1})
    record = Record(step, {"snapshot": Reference("snapshot", kept.identity)})
    ledger.finish(record, {"time": datetime(2026, 1, 1, tzinfo=UTC).isoformat()})
    store.put_if_absent("parts/half.parquet", b"a part whose manifest never came")
    store.put_if_absent("runs/r/begin.json", canonical_json({}))
    store.put_if_absent("elsewhere/x", b"not ours to judge")
    kept_parts = {part.key for part in kept.parts}
    own = {part.key for part in lost.parts} - kept_parts
    expected = {lost.key, *own, "parts/half.parquet"}
    named = unreferenced(store)
    assert set(named) == expected
    assert named.index(lost.key) < min(named.index(key) for key in own)
    assert collect_garbage(store) == ()
    assert set(collect_garbage(store, older_than=0)) == expected
    verify_snapshot(kept, store)
    assert ledger.finished(step.digest) == record
    assert ledger.gone(record) == ()
    assert "provenance/ledger/" in str(unreferenced(store, roots=[]))
    collect_garbage(store, roots=[], older_than=0)
    assert list(store.list("")) == ["elsewhere/x", "runs/r/begin.json"]
