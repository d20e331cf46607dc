"""Rows that executors read, or that Spark holds, become the snapshot that one machine would make of them."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from cauce.engines.spark.engine import SparkEngine
from cauce.errors import CauceError, CauceErrors
from cauce.planning.record import Record
from cauce.running.project_run import run_project, states_of
from cauce.running.workspace import Workspace, open_workspace
from cauce.sources import ReadOptions, open_source, stretches
from cauce.stats import Identity
from cauce.testing.engines import Rows

pytestmark = pytest.mark.spark


def project(folder: Path, data: str, rest: str = "") -> Path:
    """A project in a folder of its own, with a store of its own."""
    folder.mkdir()
    text = f'name = "sources"\n[data]\n{data}\n[target]\ncolumn = "y"\n[tracking]\nenabled = false\n{rest}'
    (folder / "cauce.toml").write_text(text, encoding="utf-8")
    return folder


def ingested(work: Workspace) -> Record:
    return run_project(work, until="ingest").records["ingest"]


def rejected_rows(work: Workspace, record: Record) -> list[dict[str, Any]]:
    if "rejected" not in record.outputs:
        return []
    lines = work.store.get(str(record.outputs["rejected"].value)).splitlines()
    return [json.loads(line) for line in lines]


def same_ingest(tmp_path: Path, session: Any, data: str) -> tuple[Record, list[dict[str, Any]]]:
    """What both engines make of the rows, after a check that it is the same."""
    here = open_workspace(project(tmp_path / "local", data))
    there = open_workspace(project(tmp_path / "spark", data), spark=session)
    expected, found = ingested(here), ingested(there)
    assert found.outputs == expected.outputs
    assert found.facts == expected.facts
    assert rejected_rows(there, found) == rejected_rows(here, expected)
    assert not [key for key in there.store.list("rejected/") if "/parts-" in key]
    return expected, rejected_rows(here, expected)


def test_a_folder_of_difficult_texts_is_the_same_snapshot(tmp_path: Path, spark_session: Any) -> None:
    """A user who moves to a cluster must not lose other rows, nor have dates read another way."""
    folder = tmp_path / "texts"
    folder.mkdir()
    names = "id;city;paid;on;y"
    first = [
        names,
        '1;"Bogotá\nD.C.";1.234,5;31/01/2020;yes',
        "2;Cali;?;01/02/2020;no",
        "3;too;many;cells;a;b",
    ]
    (folder / "a.csv").write_bytes("\r\n".join(first).encode("cp1252"))
    with gzip.open(folder / "b.csv.gz", "wt", encoding="utf-8", newline="") as file:
        file.write("\n".join([names, "4;Tunja;7;05/06/2021;no", "5;few", "6;;9,25;06/07/2021;yes"]) + "\n")
    (folder / "c.csv").write_text("y;on;paid;city;id\nno;07/08/2021;3;Neiva;7\n", encoding="utf-16")
    options = f'source = "{folder}"\nmissing = ["?"]\nrejected = 5'
    record, rejected = same_ingest(tmp_path, spark_session, options)
    assert record.facts["rows"] == 5
    assert [(one["file"], one["line"], one["code"]) for one in rejected] == [
        ("a.csv", 5, "E0430"),
        ("b.csv.gz", 3, "E0430"),
    ]


def test_one_long_text_is_read_by_several_tasks(
    tmp_path: Path, spark_session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table that comes as one file would be read by one machine, while the others wait."""
    monkeypatch.setattr(stretches, "LONG", 4096)
    lines = ["id,town,y", *(f'{k},"line\n{k}",{k % 2}' for k in range(1500)), "1,2,3,4", "9,x,1"]
    source = tmp_path / "rows.csv"
    source.write_text("\r\n".join(lines), "utf-8", newline="")
    record, rejected = same_ingest(tmp_path, spark_session, f'source = "{source}"\nrejected = 5')
    assert record.facts["rows"] == 1501
    assert [(one["line"], one["code"]) for one in rejected] == [(3002, "E0430")]
    asked = ReadOptions(paths=(str(source),))
    pieces = open_source(asked, ask=SparkEngine(spark_session).ask).pieces
    assert len(pieces) == source.stat().st_size // 4096


def test_a_declared_kind_rejects_the_same_rows(tmp_path: Path, spark_session: Any) -> None:
    """The share of rejected rows stops a run: it must be the same share on a cluster."""
    folder = tmp_path / "parquet"
    folder.mkdir()
    for number in range(3):
        values = [str(k) if k % 50 else "n/a" for k in range(number * 200, number * 200 + 200)]
        frame = pl.DataFrame({"x": values, "u": np.arange(200, dtype=np.uint64), "y": [0, 1] * 100})
        frame.write_parquet(folder / f"{number}.parquet", row_group_size=37)
    options = f'source = "{folder}/*.parquet"\nrejected = 100\ntypes = {{ x = "integer" }}'
    record, rejected = same_ingest(tmp_path, spark_session, options)
    assert record.facts["rejected"] == 12
    assert [one["line"] for one in rejected] == [1, 51, 101, 151] * 3


def test_a_file_that_is_refused_is_refused_with_its_line(tmp_path: Path, spark_session: Any) -> None:
    """An error on an executor must say as much as one on a laptop: which file, which line, what to do."""
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.csv").write_text("x,y\n1,2\n", "utf-8")
    (folder / "b.csv").write_text('x,y\n1,2\n"never closed,3\n', "utf-8")
    said = []
    for number, spark in enumerate((None, spark_session)):
        work = open_workspace(project(tmp_path / str(number), f'source = "{folder}"'), spark=spark)
        with pytest.raises(CauceError) as caught:
            ingested(work)
        said.append(str(caught.value))
    assert said[0].startswith("E0410 b.csv:3:")
    assert said[1] == said[0]


KINDS = """select cast(id % 100 as tinyint) as `a.b`, cast(id as smallint) as `*`, cast(id as int) A, id a,
 cast(id / 4 as float) f, cast(id / 3 as double) d, cast(id / 8 as decimal(10, 3)) m,
 cast(id as decimal(38, 0)) big, concat('t', id) s, cast('x' as char(3)) ch, void(0) vo,
 date_add(date'1500-01-01', cast(id as int)) da, timestamp_micros(id * 1000000000001) ts,
 timestamp_ntz'2020-03-08 02:30:00.123456' nt, id % 2 = 0 bo, if(id % 3 = 0, null, id) nu
 from range(0, 300, 1, 3)"""


def test_every_kind_of_column_of_a_table_arrives_whole(spark_session: Any) -> None:
    """Decimals, moments and columns called * or a.b come out of Spark as they are there, in any zone."""
    session = spark_session.newSession()
    session.conf.set("spark.sql.session.timeZone", "America/Bogota")
    session.conf.set("spark.sql.caseSensitive", "true")
    frame = session.sql(KINDS.replace("void(0)", "null"))
    engine = SparkEngine(spark_session)
    table = engine.open_table(frame)
    (found,) = engine.summarise(engine.scan(table), Rows(table.schema.select(["a", *_others(table)])))
    ids = pl.int_range(300, eager=True)
    instant = (ids * 1_000_000_000_001).cast(pl.Datetime("us"))
    assert found["a"].to_list() == ids.to_list()
    assert found["a.b"].to_list() == (ids % 100).to_list()
    assert found["A"].to_list() == found["*"].to_list() == ids.to_list()
    assert found["ts"].to_list() == instant.to_list()
    assert found["nt"].unique().to_list() == [pl.Series(["2020-03-08 02:30:00.123456"]).str.to_datetime()[0]]
    assert found["m"].to_list() == [Decimal(k) / 8 for k in range(300)]
    assert found["da"][0].isoformat() == "1500-01-01"
    assert found["vo"].null_count() == 300
    assert found["nu"].null_count() == 100
    kinds = {one.name: (one.kind, one.scale, one.zone) for one in table.schema}
    assert kinds["ts"] == ("datetime", None, "UTC")
    assert kinds["nt"] == ("datetime", None, None)
    assert kinds["m"] == ("decimal", 3, None)
    assert [notice.code for notice in table.notices] == ["W0417", "W0422"]


def _others(table: Any) -> list[str]:
    return [name for name in table.schema.names if name != "a"]


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("select array(1) x, map(1, 2) y, struct(1 a) z, 1 ok", ["E0422"] * 3),
        ("select binary('a') b, interval 1 day i, parse_json('1') v", ["E0741", "E0422", "E0422"]),
        ("select 1 a, 2 a", ["E0426"]),
    ],
)
def test_what_no_kind_holds_is_refused_by_name(query: str, codes: list[str], spark_session: Any) -> None:
    """A user learns of all columns to drop at once, before any job runs."""
    with pytest.raises(CauceError) as caught:
        SparkEngine(spark_session).open_table(spark_session.sql(query))
    every = caught.value.errors if isinstance(caught.value, CauceErrors) else [caught.value]
    assert [one.code for one in every] == codes


def flights(rows: int = 400) -> pl.DataFrame:
    draw = np.random.default_rng(3)
    x, town = draw.normal(size=rows), draw.choice(["lima", "quito", "cusco"], rows)
    return pl.DataFrame(
        {"id": np.arange(rows), "x": x, "town": town, "y": (x + draw.normal(size=rows) > 0).astype(int)}
    )


def test_the_order_of_a_data_frame_changes_nothing(tmp_path: Path, spark_session: Any) -> None:
    """Spark gives a table's rows in another order each time: no step runs again, no row changes its fold."""
    frame, made = spark_session.createDataFrame(flights().to_arrow()), []
    options = 'source = "table:unused"\nkey = "id"'
    for number, rows in enumerate(
        (frame.coalesce(1), frame.repartition(3, "x").sortWithinPartitions("town"))
    ):
        work = open_workspace(project(tmp_path / str(number), options), data=rows)
        made.append(run_project(work, until="split").records)
        again = open_workspace(work.folder, data=rows.repartition(2))
        assert [state.finished for state in states_of(again)][:4] == [True] * 4
    for step, output in (("ingest", "snapshot"), ("profile", "profile"), ("split", "split")):
        assert made[0][step].outputs[output] == made[1][step].outputs[output]


def test_a_table_and_files_of_the_same_rows_are_one_snapshot(tmp_path: Path, spark_session: Any) -> None:
    """Rows moved from files into a catalog stay the same data version; declared kinds reject rows there."""
    rows = flights().with_columns(code=pl.Series([str(k) if k % 100 else "none" for k in range(400)]))
    rows.write_parquet(tmp_path / "rows.parquet")
    options = 'rejected = 10\ntypes = { code = "integer" }'
    here = open_workspace(project(tmp_path / "files", f'source = "{tmp_path}/rows.parquet"\n{options}'))
    spark_session.createDataFrame(rows.to_arrow()).createOrReplaceTempView("rows_of_sources")
    try:
        named = project(tmp_path / "table", f'source = "table:rows_of_sources"\n{options}')
        there = open_workspace(named, spark=spark_session)
        expected, found = ingested(here), ingested(there)
    finally:
        spark_session.catalog.dropTempView("rows_of_sources")
    assert found.outputs["snapshot"] == expected.outputs["snapshot"]
    assert found.facts["rejected"] == expected.facts["rejected"] == 4
    texts = [
        sorted(one["text"] for one in rejected_rows(work, record))
        for work, record in ((here, expected), (there, found))
    ]
    assert texts[0] == texts[1]


def test_a_table_that_is_drawn_anew_each_time_is_refused(tmp_path: Path, spark_session: Any) -> None:
    """A model of rows that nobody can see again cannot be explained, nor its steps be trusted as finished."""

    def drawn(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            noise = list(os.urandom(batch.num_rows))
            yield pa.RecordBatch.from_pydict({"x": noise, "y": [one % 2 for one in noise]})

    rows = spark_session.range(0, 50, 1, 2).mapInArrow(drawn, "x long, y long")
    work = open_workspace(project(tmp_path / "p", 'source = "table:unused"'), data=rows)
    with pytest.raises(CauceError) as caught:
        ingested(work)
    assert caught.value.code == "E0747"


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ('"table:no_such_table"', "E0740"),
        ('"table:not a name"', "E0740"),
        ('["table:one", "table:two"]', "E0742"),
        ('["table:one", "rows.csv"]', "E0742"),
        ('"file:///no/such/rows.csv"', "E0744"),
        ('"file:///no/such/rows.parquet"', "E0740"),
    ],
)
def test_a_source_that_cannot_be_opened_says_why(
    source: str, code: str, tmp_path: Path, spark_session: Any
) -> None:
    """A wrong name costs a line to read, not a page of Java."""
    work = open_workspace(project(tmp_path / "p", f"source = {source}"), spark=spark_session)
    with pytest.raises(CauceError) as caught:
        run_project(work)
    assert caught.value.code == code
    assert "\n" not in str(caught.value)


def test_files_behind_an_address_are_read_by_spark(tmp_path: Path, spark_session: Any) -> None:
    """Parquet behind hdfs:// or s3a:// is the same snapshot as the same files on a disk."""
    flights().write_parquet(tmp_path / "rows.parquet")
    here = open_workspace(project(tmp_path / "path", f'source = "{tmp_path}/rows.parquet"'))
    address = f'source = "file://{tmp_path}/rows.parquet"'
    there = open_workspace(project(tmp_path / "address", address), spark=spark_session)
    assert ingested(there).outputs["snapshot"] == ingested(here).outputs["snapshot"]


def test_tables_need_spark(tmp_path: Path) -> None:
    """Where there is no cluster the user is told so, not that a file is missing."""
    with pytest.raises(CauceError) as caught:
        run_project(open_workspace(project(tmp_path / "p", 'source = "table:flights"')))
    assert caught.value.code == "E0743"
    assert "kind" in caught.value.hint


def test_rows_are_counted_once(tmp_path: Path, spark_session: Any) -> None:
    """A scan of a large table is dear: the identity of a table costs one and its snapshot another."""
    engine = SparkEngine(spark_session)
    table = engine.open_table(spark_session.range(0, 1000, 1, 4))
    engine.summarise(engine.scan(table), Identity(table.schema))
    assert engine.rows_scanned == 1000
