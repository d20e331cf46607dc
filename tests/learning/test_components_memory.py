"""Principal components of so many columns that the machine cannot hold their products are refused."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import cauce
from cauce.core.memory import components_memory, spread_components_memory
from cauce.errors import CauceError
from cauce.running import memory
from cauce.running.project_run import run_project
from cauce.running.workspace import open_workspace
from cauce.stats.gram import Gram

PROJECT = """
schema = 1
name = "wide"
[data]
source = "table.parquet"
[target]
column = "y"
task = "regression"
[features.pca.shape]
columns = "numbers"
components = 2
[tracking]
enabled = false
[[models]]
rounds = 2
"""


def wide(folder: Path, more: str = "") -> Path:
    draw = np.random.default_rng(1)
    table = pl.DataFrame({f"a{at}": draw.normal(size=300) for at in range(30)})
    table.with_columns(y=pl.col("a0") + pl.Series(3 * draw.normal(size=300))).write_parquet(
        folder / "table.parquet"
    )
    (folder / "cauce.toml").write_text(PROJECT + more, encoding="utf-8")
    return folder


def test_the_estimate_is_no_less_than_what_products_take_and_not_three_times_as_much() -> None:
    """An estimate too low lets a run be killed; one too high refuses what fits."""
    names = tuple(f"a{at}" for at in range(200))
    batch = pl.DataFrame({name: np.random.default_rng(1).normal(size=20_000) for name in names})
    tracemalloc.start()
    try:
        Gram(names, (0.5,) * 200, (2.0,) * 200).of(batch)
        taken = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # The batch itself and the one made ahead are Polars' and not traced.
    assert taken <= components_memory([200], rows=20_000) - 16 * 200 * 20_000 + 8 * 200 * 20_000
    assert components_memory([200], rows=20_000) <= 3 * (taken + 16 * 200 * 20_000)


@pytest.mark.parametrize("more", ["", "[choose]\nfolds = { k = 3 }\n"])
def test_a_run_that_cannot_hold_them_ends_before_anything_is_learned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str
) -> None:
    """Killed by the system in the middle of a batch, nobody knows what to change."""
    work = open_workspace(wide(tmp_path, more))
    run_project(work, until="leaks")
    monkeypatch.setattr(memory, "_total", lambda: 100_000)
    with pytest.raises(CauceError) as refused:
        run_project(open_workspace(tmp_path), until="fit")
    assert refused.value.code == "E2312"
    assert "30 columns from batches of 300 rows" in refused.value.message


def test_smaller_batches_fit_where_larger_ones_do_not() -> None:
    """What the hint advises must help."""
    assert components_memory([1000], rows=131_072) > 3 * 10**9 > 10 * components_memory([1000], rows=4_096)


def test_on_spark_each_task_has_a_batch_and_the_driver_the_products_of_all() -> None:
    """By hand: 999 columns have 8 MB of products; a batch of 1,000 rows has 8, 8 and 1 bytes a value."""
    assert spread_components_memory([999], rows=1_000) == (17 * 999_000 + 3 * 8 * 10**6, 5 * 8 * 10**6)


@pytest.mark.spark
def test_on_spark_too_what_cannot_be_held_is_refused_before_a_task_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spark_session: Any
) -> None:
    """An executor that is killed for its memory is started four times before the run says so."""
    run_project(open_workspace(wide(tmp_path)), until="leaks")
    task, driver = spread_components_memory([30], rows=300)
    monkeypatch.setattr(memory, "_total", lambda: 2 * task + driver - 1)
    work = open_workspace(tmp_path, spark=spark_session)
    with pytest.raises(CauceError) as refused:
        run_project(work, until="fit")
    assert refused.value.code == "E2312"
    assert "30 columns from batches of 300 rows" in refused.value.message
    assert work.engine.rows_scanned == 0


def test_the_plan_counts_components_too(tmp_path: Path) -> None:
    """A user who reads that fitting takes 2 MB gives it 2 GB, and components take 20."""
    run_project(open_workspace(wide(tmp_path)), until="split")
    local = cauce.plan(tmp_path).to_json()["memory"]
    assert local["least"] >= components_memory([30], rows=300)
    there = cauce.plan(tmp_path, master="spark://nowhere:7077").to_json()["memory"]
    task, driver = spread_components_memory([30], rows=300)
    assert there["task"]["least"] >= task
    assert there["driver"]["least"] >= driver
