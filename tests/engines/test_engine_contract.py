"""One suite over every engine: the same work gives the same numbers wherever the batches are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from cauce.core.boosting import BoostParameters, BoostRequest, BoostSpec
from cauce.core.canonical import canonical_json
from cauce.core.numbering import Numbered
from cauce.core.profile import Profiling
from cauce.core.snapshot_reading import SnapshotSource
from cauce.core.snapshot_writing import write_snapshot
from cauce.core.task import target_column
from cauce.core.validation.expected import expected_of
from cauce.core.validation.judging import judge
from cauce.core.validation.verdict import Verdict
from cauce.engines.local.engine import LocalEngine
from cauce.errors import CauceError
from cauce.expr.nodes import Cast, Column
from cauce.expr.schema import Field, Schema
from cauce.running.steps.profile import profiled
from cauce.spec import project_from_mapping
from cauce.stats import (
    Counts,
    Distinct,
    Extremes,
    Gram,
    Grouped,
    Identity,
    Levels,
    Moments,
    OrderedCounts,
    Quantiles,
    ScoreBins,
    TextLengths,
)
from cauce.stores.local import LocalStore
from cauce.testing import engines as contract
from cauce.testing.engines import FrameSource
from cauce.testing.expressions import SCHEMA, edge_batch, examples

ROW = "row number"
BATCH = "spark.sql.execution.arrow.maxRecordsPerBatch"
NUMBERED = Schema((Field(ROW, "integer"), *SCHEMA))


@pytest.fixture(params=["local", pytest.param("spark", marks=pytest.mark.spark)])
def engine(request: pytest.FixtureRequest) -> Any:
    if request.param == "local":
        return LocalEngine()
    from cauce.engines.spark.engine import SparkEngine

    session = request.getfixturevalue("spark_session")
    request.getfixturevalue("small_batches")
    return SparkEngine(session)


@pytest.fixture
def small_batches(spark_session: Any) -> Iterator[None]:
    """Spark hands over a partition in several batches, so that none is taken for the whole."""
    before = spark_session.conf.get(BATCH)
    spark_session.conf.set(BATCH, "97")
    yield
    spark_session.conf.set(BATCH, before)


@pytest.fixture(scope="session")
def edges() -> pl.DataFrame:
    batch = edge_batch()
    return pl.DataFrame([pl.Series(ROW, range(batch.height)), *batch.get_columns()])


@pytest.fixture(params=["batches", "snapshot"])
def source(request: pytest.FixtureRequest, edges: pl.DataFrame, tmp_path: Path) -> Any:
    """The edge table as batches in memory, and as the parts of a snapshot."""
    if request.param == "batches":
        return FrameSource(edges, NUMBERED, rows=61)
    store = LocalStore(str(tmp_path / "store"))
    manifest = write_snapshot(edges.iter_slices(61), NUMBERED, store=store, rows_per_part=300)
    return SnapshotSource(manifest, store, batch_rows=61)


def test_a_scan_loses_and_changes_no_cell(engine: Any, source: Any, edges: pl.DataFrame) -> None:
    contract.check_scan(engine, source, expected=edges)


def test_a_snapshot_is_the_same_whatever_wrote_it(
    engine: Any, source: Any, edges: pl.DataFrame, tmp_path: Path
) -> None:
    """Two names for the same rows would train twice; half a snapshot, or a second copy, would mislead."""
    stores = (LocalStore(str(tmp_path / "one")), LocalStore(str(tmp_path / "two")))
    contract.check_write(engine, source, whole=edges, store=stores[0], again=stores[1])


def test_expressions_mean_the_same_on_the_engine_in_a_batch_and_in_a_row(
    engine: Any, source: Any, edges: pl.DataFrame
) -> None:
    contract.check_map(engine, source, whole=edges, works=examples())


def test_summaries_are_the_same_from_one_scan(engine: Any, source: Any, edges: pl.DataFrame) -> None:
    names = NUMBERED.names
    numbers = tuple(field.name for field in NUMBERED if field.kind in ("integer", "float"))
    texts = tuple(field.name for field in NUMBERED if field.kind == "text")
    contract.check_summaries(
        engine,
        source,
        whole=edges,
        asked={
            Identity(NUMBERED): 0.0,
            Counts(names): 0.0,
            Extremes(names): 0.0,
            Moments((ROW,)): float((edges[ROW].cast(pl.Float64) ** 3).sum()),
            Quantiles(numbers): 0.0,
            Distinct(names): 0.0,
            Levels(texts): 0.0,
            TextLengths(texts): 1e6,
            OrderedCounts(ROW): 0.0,
            Grouped(texts[0], Counts(names)): 0.0,
        },
    )


def test_kept_rows_are_the_rows(engine: Any, source: Any, edges: pl.DataFrame) -> None:
    """A model that is fitted in many scans must see the same rows in each of them, in memory or not."""
    asked = (Identity(NUMBERED), Counts(NUMBERED.names), Quantiles((ROW,)))
    contract.check_kept(engine, source, whole=edges, work=Cast(Column(ROW), "float"), asked=asked)


def test_a_row_of_hostile_column_names_survives(engine: Any) -> None:
    names = ["a", "", "A", " a", "a`b", "a.b", 'x"y', "sélect; --", "日本", "^.*$", "*", "x" * 300]
    schema = Schema(tuple(Field(name, "integer") for name in names))
    frame = pl.DataFrame({name: [k, None] for k, name in enumerate(names)}, schema=schema.dtypes)
    contract.check_scan(engine, FrameSource(frame, schema), expected=frame)
    asked = (Identity(schema), Counts(schema.names))
    contract.check_summaries(engine, FrameSource(frame, schema), whole=frame, asked=dict.fromkeys(asked, 0.0))


def test_a_table_without_rows_has_results(engine: Any) -> None:
    schema = Schema((Field("x", "float"), Field("label", "integer")))
    frame = pl.DataFrame(schema=schema.dtypes)
    asked = (Identity(schema), Counts(("x",)), Moments(("x",)), Gram(("x",)), ScoreBins("x", "label"))
    contract.check_summaries(engine, FrameSource(frame, schema), whole=frame, asked=dict.fromkeys(asked, 0.0))


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_a_few_rows_are_a_snapshot(engine: Any, rows: int, tmp_path: Path) -> None:
    """A cluster hands out partitions without rows: they must leave nothing behind."""
    schema = Schema((Field("x", "integer"), Field("*", "text"), Field("", "date")))
    frame = pl.DataFrame([[k, None, None] for k in range(rows)], schema=schema.dtypes, orient="row")
    store = LocalStore(str(tmp_path / "store"))
    manifest = engine.write(engine.scan(FrameSource(frame, schema)), store)
    assert manifest.identity == write_snapshot(iter([frame]), schema, store=store).identity
    contract.check_scan(engine, SnapshotSource(manifest, store), expected=frame)
    assert len(manifest.parts) == 1


def test_a_verdict_on_the_data_is_the_same_everywhere(engine: Any, source: Any, edges: pl.DataFrame) -> None:
    """Rows that one machine lets through and a cluster sets aside would train two models."""
    columns = {field.name: [{"nulls": 0}, {"unique": True}] for field in NUMBERED}
    numbers = [field.name for field in NUMBERED if field.kind in ("integer", "float", "decimal")]
    ranges = {f"between {name}": f"`{name}` > -3 and `{name}` < 3" for name in numbers if "`" not in name}
    section = {"columns": columns, "formulas": ranges, "unique": {"columns": list(NUMBERED.names[1:4])}}
    mapping = {"name": "a", "data": {"source": "a"}, "target": {"column": "y"}, "validate": section}
    expected = expected_of(project_from_mapping(mapping).validate, NUMBERED)
    assert not expected.misfits

    def verdict(engine: Any, source: Any) -> Verdict:
        def look(work: Any, *summaries: Any) -> tuple[Any, ...]:
            return engine.summarise(engine.map(engine.scan(Numbered(source)), work), *summaries)

        return judge(expected, look).verdict

    found = verdict(engine, source)
    assert found == verdict(LocalEngine(), FrameSource(edges, NUMBERED, rows=edges.height))
    assert any(one.failed for one in found.outcomes)


def test_a_profile_is_the_same_everywhere(engine: Any, source: Any, edges: pl.DataFrame) -> None:
    """The step's digest knows no engine: a cluster and a laptop must find the same table."""
    numbers = [field.name for field in NUMBERED if field.kind == "integer"]
    target = target_column(numbers[1], Column(numbers[1]), schema=NUMBERED)
    asked = Profiling(NUMBERED, target, (ROW,))
    found = profiled(engine, source, profiling=asked)
    whole = FrameSource(edges, NUMBERED, rows=edges.height)
    expected = profiled(LocalEngine(), whole, profiling=asked)
    assert canonical_json(found.to_json()) == canonical_json(expected.to_json())


def test_many_fits_of_rows_read_once(engine: Any) -> None:
    """Candidates are judged by fits that are those of the run; where an engine cannot, it says so."""
    draw = np.random.default_rng(5)
    frame = pl.DataFrame(
        {
            ROW: np.arange(900),
            "x": draw.normal(size=900),
            "y": draw.integers(0, 2, 900).astype(float),
            "fold": draw.choice([0, 0, 1, 2, 3], 900),
            "lane": draw.integers(0, 1 << 62, 900),
        }
    )
    kinds = {"x": "float", "y": "float"}
    schema = Schema(tuple(Field(name, kinds.get(name, "integer")) for name in frame.columns))  # type: ignore[arg-type]
    spec = BoostSpec(
        task="binary", features=("x",), label="y", fold="fold", lanes=("lane", "lane"), early_stopping=3
    )
    asked = [
        BoostRequest(parameters=BoostParameters(rounds=5, max_bin=bins), early_stopping=3)
        for bins in (256, 8)
    ]
    source = FrameSource(frame, schema)
    if isinstance(engine, LocalEngine):
        contract.check_training(engine, source, spec=spec, requests=asked)
        return
    with pytest.raises(CauceError) as caught:
        engine.training(engine.scan(source), spec)
    assert caught.value.code == "E2112"
