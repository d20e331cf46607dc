"""The contract of an engine, to run over every adapter: it carries the kernel's work and adds nothing.

Each check takes an engine and a source; the expected value comes from the kernel applied to one batch
in this process, from the row evaluator, or from the source itself.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from cauce.core.boosting import BoostRequest, BoostSpec
from cauce.core.boosting_rows import SCORES, scoring_part
from cauce.core.scoring import load_scorer
from cauce.core.snapshot_reading import SnapshotSource, verify_snapshot
from cauce.expr.batch import take
from cauce.expr.nodes import Expression
from cauce.expr.projection import Output, Projection
from cauce.expr.row import to_row
from cauce.expr.schema import Schema
from cauce.ports.engine import Engine, Source
from cauce.ports.store import Store
from cauce.stats.identity import Identity
from cauce.stats.moments import Moments
from cauce.stats.summary import Summary
from cauce.testing import expressions, summaries


@dataclass(frozen=True)
class FrameSource:
    """A source over a frame in memory, cut into batches of `rows`; for tests and small tables."""

    frame: pl.DataFrame
    schema: Schema
    rows: int = 1000

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        chosen = self.frame if columns is None else take(self.frame, columns)
        for start in range(0, chosen.height, self.rows):
            yield chosen.slice(start, self.rows)

    def parquet_paths(self) -> None:
        return None


@dataclass(frozen=True)
class Rows:
    """A summary that keeps every row of `schema`, sorted by its first column: how a test sees a table."""

    schema: Schema

    @property
    def columns(self) -> tuple[str, ...]:
        return self.schema.names

    def start(self) -> pl.DataFrame:
        return pl.DataFrame(schema=self.schema.dtypes)

    def update(self, state: pl.DataFrame, batch: pl.DataFrame) -> pl.DataFrame:
        return self.merge(state, take(batch, self.schema.names))

    def merge(self, left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
        return pl.concat([left, right])

    def result(self, state: pl.DataFrame) -> pl.DataFrame:
        return state.sort(self.schema.names[0])

    def dump(self, state: pl.DataFrame) -> bytes:
        sink = io.BytesIO()
        state.write_ipc(sink)
        return sink.getvalue()

    def load(self, data: bytes) -> pl.DataFrame:
        return pl.read_ipc(io.BytesIO(data))


def check_scan(engine: Engine, source: Source, *, expected: pl.DataFrame) -> None:
    """Every cell of the source comes out as it went in; the first column numbers the rows."""
    (seen,) = engine.summarise(engine.scan(source), Rows(source.schema))
    wanted = expected.sort(source.schema.names[0])
    assert seen.schema == wanted.schema
    for name in source.schema.names:
        for found, cell in zip(seen[name].to_list(), wanted[name].to_list(), strict=True):
            assert summaries.same(found, cell), f"column {name}: {found!r} is not {cell!r}"


def check_map(engine: Engine, source: Source, *, whole: pl.DataFrame, works: Sequence[Expression]) -> None:
    """Expressions give the same values on the engine, on one batch here, and on one row at a time."""
    key = source.schema.names[0]
    outputs = tuple(Output(f"output {k}", expression) for k, expression in enumerate(works))
    work = Projection(outputs, source.schema, keep=(key,))
    (seen,) = engine.summarise(engine.map(engine.scan(source), work), Rows(work.schema))
    expected, rows = work(whole).sort(key), whole.sort(key).to_dicts()
    for output in outputs:
        by_row = to_row(output.expression, source.schema)
        cells = zip(seen[output.name].to_list(), expected[output.name].to_list(), rows, strict=True)
        for found, batch, row in cells:
            assert expressions.same(found, batch), f"{output}: engine {found!r}, one batch {batch!r}, {row}"
            single = by_row(row)
            assert expressions.same(found, single), f"{output}: engine {found!r}, one row {single!r}, {row}"


def check_summaries(
    engine: Engine, source: Source, *, whole: pl.DataFrame, asked: dict[Summary, float]
) -> None:
    """Summaries give the same result on the engine as from one batch here, all from one scan.

    asked: with each the size of what its floats add up; they may differ by 1e-9 of it.
    """
    before = engine.rows_scanned
    seen = engine.summarise(engine.scan(source), *asked)
    assert engine.rows_scanned - before == whole.height, "one scan serves all summaries"
    for (summary, scale), result in zip(asked.items(), seen, strict=True):
        expected = summary.result(summary.update(summary.start(), take(whole, summary.columns)))
        assert summaries.same(result, expected, scale=scale), f"{summary}: {result!r} is not {expected!r}"


def check_kept(
    engine: Engine, source: Source, *, whole: pl.DataFrame, work: Expression, asked: Sequence[Summary]
) -> None:
    """Kept rows give each scan what scans of the rows themselves give, wherever they wait.

    work: a number, kept as float32, which its values must fit in. asked: of the source's columns.
    """
    made = Projection((Output("made", work),), source.schema, keep=source.schema.names)
    table = engine.map(engine.scan(source), made)
    summaries_asked = (Moments(("made",)), *asked)
    expected = engine.summarise(table, *summaries_asked)
    for memory in (1 << 20, 0):
        before = engine.rows_scanned
        with engine.kept(table, single=("made",), memory=memory) as kept:
            for _scan in range(3):
                seen = engine.summarise(kept, *summaries_asked)
                for one, other in zip(seen, expected, strict=True):
                    assert summaries.same(one, other, scale=1.0), f"{one!r} is not {other!r}"
            narrow = engine.summarise(kept, *asked[:1])
        assert summaries.same(narrow[0], expected[1], scale=1.0)
        assert engine.rows_scanned - before >= whole.height


def check_write(engine: Engine, source: Source, *, whole: pl.DataFrame, store: Store, again: Store) -> None:
    """A snapshot has the rows' identity and every cell, and is there once, whatever it is written from.

    whole: the rows of the source. store and again: two empty ones.
    """
    before = engine.rows_scanned
    manifest = engine.write(engine.scan(source), store)
    assert engine.rows_scanned - before == whole.height, "one scan writes them"
    asked = Identity(source.schema)
    expected = asked.result(asked.update(asked.start(), whole)).identity
    assert (manifest.identity, manifest.rows) == (expected, whole.height)
    verify_snapshot(manifest, store, rows=True)
    check_scan(engine, SnapshotSource(manifest, store), expected=whole)
    objects = list(store.list(""))
    shuffled = FrameSource(whole.sample(fraction=1.0, shuffle=True, seed=3), source.schema, rows=37)
    assert engine.write(engine.scan(shuffled), store).parts == manifest.parts, "these rows are there"
    kept = [key for key in store.list("") if key.startswith(("parts/", "snapshots/"))]
    assert kept == objects, "no second copy"
    assert engine.write(engine.scan(shuffled), again).identity == expected


def check_training(
    engine: Engine, source: Source, *, spec: BoostSpec, requests: Sequence[BoostRequest]
) -> None:
    """Fits of rows that are read once are those that each would have been alone, and score as their payloads.

    spec: its `fold` gives rows that train (0), stop the training (1) and score (3); the first column of the
    source numbers the rows.
    """
    key, before = source.schema.names[0], engine.rows_scanned
    with engine.training(engine.scan(source), spec, keep=(key,)) as rows:
        read = engine.rows_scanned - before
        found = [rows.boost(one) for one in requests]
        scores = [rows.scores(one.score) for one in found]
        numbers = rows.scored[key].to_list()
    assert engine.rows_scanned - before == read, "one reading serves every fit"
    whole = pl.concat(list(source.batches()))
    assert numbers == whole.filter(pl.col(spec.fold) == SCORES)[key].to_list()
    part, _ = scoring_part(whole, spec)
    for asked, one, own in zip(requests, found, scores, strict=True):
        changed = replace(spec, parameters=asked.parameters, early_stopping=asked.early_stopping)
        alone = engine.boost(engine.scan(source), changed)
        assert one.result == alone, f"{asked}: another fit than alone"
        assert np.array_equal(own, load_scorer(alone.payload, "xgboost")(part.features)), "other scores"
