"""Tables that are very wide, or of one very long partition, on Spark."""

from __future__ import annotations

import resource
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from cauce.core.snapshot_reading import SnapshotSource
from cauce.core.snapshot_writing import write_snapshot
from cauce.expr.schema import Field, Schema
from cauce.stats import Counts, Identity, Moments
from cauce.stores.local import LocalStore

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.usefixtures("sent_as_code")]

WIDE = 10_000
LONG = 8_000_000
COLUMNS = 10
SCHEMA = Schema(tuple(Field(f"x{k}", "float") for k in range(COLUMNS)))


@dataclass(frozen=True)
class Weighed:
    """Work that notes the worker's largest memory so far, in KiB, in a file of its process."""

    folder: Path
    columns = SCHEMA.names
    schema = SCHEMA

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with (self.folder / "peaks").open("a") as file:
            file.write(f"{peak}\n")
        return batch


@pytest.mark.timeout(900)
def test_ten_thousand_columns(engine: Any, tmp_path: Path) -> None:
    """Sensors, genes, texts as numbers: wide tables are common, and must not end in a plan too long."""
    draw = np.random.default_rng(3)
    frame = pl.DataFrame({f"gene {k}": draw.normal(size=60) for k in range(WIDE)})
    schema = Schema(tuple(Field(name, "float") for name in frame.columns))
    stores = [LocalStore(str(tmp_path / name)) for name in ("here", "there")]
    manifest = write_snapshot(frame.iter_slices(25), schema, store=stores[0], rows_per_part=25)
    source = SnapshotSource(manifest, stores[0])
    moments, counts = engine.summarise(engine.scan(source), Moments(schema.names), Counts(schema.names))
    assert moments["gene 7"].mean == pytest.approx(frame["gene 7"].mean(), rel=1e-9)
    assert len(counts) == WIDE
    assert engine.write(engine.scan(source), stores[1]).identity == manifest.identity


@pytest.mark.timeout(900)
def test_a_partition_larger_than_a_worker_may_hold_is_streamed(engine: Any, tmp_path: Path) -> None:
    """One long file is one partition: a worker that held it whole would be ended for its memory."""
    from pyspark.sql.functions import col

    from cauce.engines.spark.table import FrameRows, SparkTable

    columns = [(col("id") * (k + 1) / LONG).alias(f"c{k}") for k in range(COLUMNS)]
    rows = engine.session.range(0, LONG, 1, 1).select(*columns)
    table = engine.map(SparkTable(FrameRows(rows, SCHEMA)), Weighed(tmp_path))
    store = LocalStore(str(tmp_path / "store"))
    manifest = engine.write(table, store)
    peaks = [int(line) / 1024 for line in (tmp_path / "peaks").read_text().split()]
    assert manifest.rows == LONG
    assert len(manifest.parts) > 5
    assert peaks[-1] - peaks[0] < LONG * COLUMNS * 8 / 2**20 / 1.5, "megabytes beside those of the start"
    (found,) = engine.summarise(engine.scan(SnapshotSource(manifest, store)), Identity(SCHEMA))
    assert found.identity == manifest.identity
