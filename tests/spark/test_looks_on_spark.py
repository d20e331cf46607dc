"""`cauce profile` and `cauce validate` on Spark: what one machine says, and no row through the driver."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from both_engines import close
from hypothesis import given
from hypothesis import strategies as st

import cauce
from cauce.core.numbering import ROW, Heights, Numbered, NumberedApart, place_of
from cauce.core.validation.wording import sentence
from cauce.engines.spark import sending
from cauce.expr.schema import Field, Schema
from cauce.sources import stretches
from cauce.testing.engines import FrameSource
from cauce.testing.summaries import check_laws

_PROJECT = """
name = "looked"
[data]
source = {source}
types = {{ amount = "integer" }}
[target]
column = "bought"
[tracking]
enabled = false
[validate.columns]
id = {{ unique = true }}
town = {{ pattern = 'town [0-9]', on_failure = "warn" }}
share = {{ max = 0.9 }}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three files of text, one of them long; cells and records that cannot be read, keys in two files."""
    made: Path = tmp_path_factory.mktemp("looks")
    (made / "rows").mkdir()
    for number, rows in enumerate((40, 3000, 200)):
        lines = ["id,amount,town,share,bought"]
        for row in range(rows):
            amount = "many" if row % 37 == 5 else str(row)
            town = "nowhere" if row % 501 == 40 else f'"town {row % 9}"'
            more = ",too much" if row % 101 == 7 else ""
            name = row if row % 150 == 3 else 10_000 * number + row
            lines.append(f"{name},{amount},{town},{row % 1000 / 1000},{'yes' if row % 3 else 'no'}{more}")
        (made / "rows" / f"{number}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (made / "cauce.toml").write_text(_PROJECT.format(source='"rows"'), encoding="utf-8")
    return made


@pytest.fixture
def in_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    """The long file is read by several tasks, and nothing may go through the driver."""
    monkeypatch.setattr(stretches, "LONG", 20_000)
    monkeypatch.setattr(sending, "MOST_BYTES", 0)


@pytest.mark.spark
@pytest.mark.usefixtures("in_stretches")
def test_a_delivery_is_judged_on_spark_as_on_one_machine(folder: Path, spark_session: Any) -> None:
    """A delivery of more than 256 MiB could not be judged on a cluster, and rows were given other places."""
    here = cauce.validate(project=folder, show_values=True)
    there = cauce.validate(project=folder, spark=spark_session, show_values=True)
    assert there == here
    failed = {one.name: one for one in here.verdict.outcomes}
    assert failed["id.unique"].failed > 0
    assert failed["share.range"].places[-1] > 40
    assert here.rejected > 60
    assert not list((folder / ".cauce").glob("rejected/*/*"))


@pytest.mark.spark
@pytest.mark.usefixtures("in_stretches")
def test_a_profile_on_spark_counts_the_rows_that_cannot_be_read(folder: Path, spark_session: Any) -> None:
    """Rows that executors left out were said to be none."""
    here = cauce.profile(project=folder)
    there = cauce.profile(project=folder, spark=spark_session)
    assert (there.source, there.rejected, there.notices) == (here.source, here.rejected, here.notices)
    assert there.rejected > 60
    assert close(there.to_json(), here.to_json())


@pytest.mark.spark
@pytest.mark.usefixtures("in_stretches")
def test_suggestions_are_those_of_one_machine(folder: Path, spark_session: Any) -> None:
    here = cauce.validate(project=folder, suggest=True)
    there = cauce.validate(project=folder, suggest=True, spark=spark_session)
    assert (there.suggested, there.rejected) == (here.suggested, here.rejected)


@pytest.mark.spark
def test_a_table_is_looked_at_without_a_project_and_its_rows_have_no_places(
    folder: Path, spark_session: Any
) -> None:
    """A table has no order: a place would name another row at the next reading."""
    file = folder / "rows" / "0.csv"
    frame = pl.read_csv(file, truncate_ragged_lines=True)
    table = spark_session.createDataFrame(frame.to_arrow())
    found = cauce.profile(data=table, target="bought")
    assert found.source == ("DataFrame",)
    assert found.profile.rows == 40
    assert found.profile["town"].distinct == 9
    judged = cauce.validate(project=folder, data=table)
    (town,) = (one for one in judged.verdict.outcomes if one.name == "town.pattern")
    assert (town.failed, town.places) == (0, ())
    (share,) = (one for one in judged.verdict.outcomes if one.name == "share.range")
    assert share.passed
    assert judged.rejected == 1
    table.createOrReplaceTempView("looked_at")
    named = cauce.profile("table:looked_at", project=folder, spark=spark_session)
    assert named.rejected == 1
    assert named.profile.rows == 39


@pytest.mark.spark
def test_failing_rows_of_a_table_are_counted_and_said(tmp_path: Path, spark_session: Any) -> None:
    table = spark_session.createDataFrame([(1, 0.5), (2, 1.5), (3, 2.5), (3, 0.1)], "id long, share double")
    text = _PROJECT.format(source=json.dumps("table:x")).replace("types", "#").replace("town =", "#")
    (tmp_path / "cauce.toml").write_text(text, encoding="utf-8")
    judged = cauce.validate(project=tmp_path, data=table)
    said = [sentence(one, judged.verdict.rows) for one in judged.verdict.failures]
    assert said == [
        "no two rows have the same id: 2 of 4 rows fail (50 %)",
        "share is at most 0.9: 2 of 4 rows fail (50 %)",
    ]
    assert not judged.holds


@given(st.lists(st.integers(0, 5), min_size=1, max_size=6))
def test_places_in_pieces_become_places_in_the_whole(heights: list[int]) -> None:
    """Else a user looks for the failing rows in the wrong lines."""
    schema = Schema((Field("x", "integer"),))
    pieces = [
        FrameSource(pl.DataFrame({"x": [0] * rows}, schema={"x": pl.Int64}), schema, rows=2)
        for rows in heights
    ]

    class Pieces:
        def __init__(self) -> None:
            self.schema, self.pieces = schema, pieces

    apart = NumberedApart(Pieces())
    assert apart.schema == Numbered(pieces[0]).schema
    batches = [batch for piece in apart.pieces for batch in piece.batches()]
    if not batches:
        return
    before = check_laws(Heights(), batches)
    numbers = [number for batch in batches for number in batch.get_column(ROW)]
    assert [place_of(number, before) for number in numbers] == list(range(1, sum(heights) + 1))
