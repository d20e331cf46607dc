"""Batches of the warehouse are a function of the rows and the seed; what a database cannot hold is said."""

from __future__ import annotations

from collections import Counter
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauce.core.snapshot_reading import SnapshotSource
from cauce.core.snapshot_writing import write_snapshot
from cauce.core.splits.rules import RandomSplit
from cauce.core.task import Target
from cauce.errors import CauceError
from cauce.expr.nodes import Column
from cauce.expr.schema import Field, Schema
from cauce.planning.pipeline import project_plan
from cauce.running.warehouse_rows import FOLDS, Divided
from cauce.sources.sql.warehouse import check_columns, check_own_names, limits_of
from cauce.spec import Project, project_from_mapping
from cauce.spec.addresses import parse_address
from cauce.testing.stores import MemoryStore

SCHEMA = Schema((Field("id", "integer"), Field("y", "text")))
TARGET = Target("y", Column("y"), "text", "binary", ("no", "yes"))


def divided(rows: list[tuple[int, str | None]], *, part: int = 1024, seed: int = 0) -> Divided:
    """These rows in a snapshot of parts of so many rows, six tenths of them to train."""
    frame = pl.DataFrame(rows, schema=SCHEMA.dtypes, orient="row")
    store = MemoryStore()
    manifest = write_snapshot(iter((frame,)), SCHEMA, store=store, rows_per_part=part)
    return Divided(SnapshotSource(manifest, store, 7), TARGET, RandomSplit(("id",), 1, 0.6, 0.2), seed)


def tables(of: Divided, size: int) -> dict[str, pl.DataFrame]:
    """Every table of divided rows."""
    division = of.division(size)
    return {name: pl.concat(of.frames(name, division)) for name in FOLDS}


@settings(max_examples=40)
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 40), st.sampled_from(["no", "yes", None])), min_size=1, max_size=60
    ),
    size=st.integers(1, 20),
    shuffle=st.randoms(use_true_random=False),
)
def test_every_row_with_a_target_is_in_one_batch_or_fold_wherever_it_stood(
    rows: list[tuple[int, str | None]], size: int, shuffle: Any
) -> None:
    """Otherwise rows are lost or doubled, or another order of the file makes other batches."""
    found = tables(divided(rows), size)
    all_of = Counter(row[-2:] for table in found.values() for row in table.rows())
    assert all_of == Counter(row for row in rows if row[1] is not None)
    train = found["train_data"]
    batches = Counter(train["batch_id"])
    full, left = divmod(train.height, size)
    assert batches == {**dict.fromkeys(range(1, full + 1), size), **({full + 1: left} if left else {})}
    other = list(rows)
    shuffle.shuffle(other)
    again = tables(divided(other, part=5), size)
    for name in FOLDS:
        assert Counter(again[name].rows()) == Counter(found[name].rows())


def test_another_seed_makes_other_batches_of_the_same_rows() -> None:
    """Otherwise the shuffle is none."""
    rows: list[tuple[int, str | None]] = [(number, "yes") for number in range(500)]
    first, second = (tables(divided(rows, seed=seed), 50)["train_data"].sort("id") for seed in (0, 1))
    assert first["id"].to_list() == second["id"].to_list()
    same = (first["batch_id"] == second["batch_id"]).mean()
    assert same is not None
    assert 0.02 < float(str(same)) < 0.4


@pytest.mark.parametrize(
    ("scheme", "names", "refused"),
    [
        ("mysql", ("a" * 65,), "a" * 65),
        ("mysql", ("ñ" * 64,), None),
        ("mysql", ("a", "A"), "A"),
        ("mysql", ("a ",), "a "),
        ("mysql", ("🙂",), "🙂"),
        ("postgresql", ("ñ" * 32,), "ñ" * 32),
        ("postgresql", ("ñ" * 31 + "a",), None),
        ("postgresql", ("a", "A"), None),
        ("postgresql", ("ctid",), "ctid"),
        ("sqlite", ("a", "A"), "A"),
        ("sqlite", ('"; drop table x; --', "%s", "select"), None),
        ("sqlite", ("",), ""),
        ("postgresql", ("a\0b",), "a\0b"),
    ],
)
def test_names_that_a_database_would_cut_or_mix_up_are_refused(
    scheme: str, names: tuple[str, ...], refused: str | None
) -> None:
    """Otherwise two columns become one, or a name is another one in the table."""
    schema = Schema(tuple(Field(name, "text") for name in names))
    limits = limits_of(parse_address(f"{scheme}://u@h/d"))
    if refused is None:
        check_columns(schema, limits, table="t")
        return
    with pytest.raises(CauceError) as caught:
        check_columns(schema, limits, table="t")
    assert (caught.value.code, caught.value.values["column"]) == ("E2563", refused)


def test_names_of_the_warehouse_and_tables_that_are_too_wide_are_refused() -> None:
    """Otherwise a column of the data hides the batch, or the driver's own words are all there is."""
    for name in ("batch_id", "Cauce_Target"):
        with pytest.raises(CauceError, match="the warehouse has such a column itself"):
            check_own_names(Schema((Field(name, "text"),)))
    wide = Schema(tuple(Field(f"c{number}", "float") for number in range(2001)))
    for scheme in ("mysql", "postgresql", "sqlite"):
        with pytest.raises(CauceError, match="E2564"):
            check_columns(wide, limits_of(parse_address(f"{scheme}://u@h/d")), table="t")


def project(**warehouse: Any) -> Project:
    """A project with this section."""
    found = {"name": "a", "data": {"source": "a.csv"}, "target": {"column": "y"}, "warehouse": warehouse}
    return project_from_mapping(found)


def test_a_warehouse_adds_a_last_step_and_changes_no_other() -> None:
    """Otherwise whoever adds a warehouse trains every model again."""
    without = project_plan(project(), "f", tracked=True)
    plan = project_plan(project(url="sqlite:///w.db"), "f", tracked=True)
    assert plan.steps[:-1] == without.steps
    assert plan.names[-1] == "warehouse"
    assert "warehouse" not in without.names


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("s3://bucket/x", "E2560"),
        ("w.db", "E2560"),
        ("sqlite:///w.db#table", "E2560"),
        ("mysql://u:hunter2@h", "E2501"),
    ],
)
def test_what_is_no_database_is_refused_where_the_project_is_read(url: str, code: str) -> None:
    """Otherwise a run trains for an hour before it says so, or a password stands in the file."""
    with pytest.raises(CauceError) as caught:
        project(url=url)
    assert caught.value.code == code
    assert "hunter2" not in str(caught.value)
