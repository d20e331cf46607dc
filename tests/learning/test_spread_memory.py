"""What a fit on Spark will take, in a task and in the driver, is said before it begins."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

import cauce
from cauce.cli.rendering.running import planned
from cauce.core.boosting import KEPT_BY_TASK
from cauce.core.memory import FitSize, fit_memory, spread_memory
from cauce.running.project_run import run_project
from cauce.running.workspace import open_workspace
from cauce.spec import Boosting, Linear, Logistic

PROJECT = """
name = "p"
[data]
source = "rows.csv"
[target]
column = "y"
[tracking]
enabled = false
[engine]
workers = 3
"""


def test_a_task_of_a_large_fit_takes_a_share_of_what_one_machine_takes() -> None:
    """An executor that is given what the whole table needs costs four times too much, or does not start.

    30 million rows of 28 features by 4 tasks: a share has 7.5 million, of which 2 bytes a value are bins at
    the least and 5 at the most, 24 bytes a row gradients; 256 MiB of rows stay in memory; 50,000 rows as
    float32 cut the bins.
    """
    found = spread_memory(Boosting(max_depth=6), FitSize(rows=30_000_000, features=28), tasks=4)
    share, batch, sample = 7_500_000, 131_072 * 28 * 16, 50_000 * 28 * 4
    least = 256 * 2**20 + batch + share * 24 + 2 * share * 28 + sample
    assert found.task.least == least
    assert found.task.most == least + 3 * share * 28 + 2**5 * 28 * 256 * 16 + sample
    assert found.driver.least == 0
    assert found.driver.most == 2 * 28 * 65_536 * 32
    assert found.tasks == 4


def test_products_of_a_linear_model_are_held_by_tasks_and_by_the_driver() -> None:
    """Two thousand columns need no share of the rows, but 32 MB of products, wherever they are added up."""
    size = FitSize(rows=10**9, features=1999)
    for model in (Linear(), Logistic()):
        found = spread_memory(model, size, tasks=4)
        assert found.task.least == 2 * 131_072 * 1999 * 16 + 2 * 2000**2 * 8
        assert found.driver.least == 3 * 2000**2 * 8
        assert found == spread_memory(model, FitSize(rows=10**8, features=1999), tasks=4)


@given(
    rows=st.integers(1, 10**9),
    features=st.integers(1, 5000),
    tasks=st.integers(1, 64),
    outputs=st.sampled_from([1, 3, 10]),
)
def test_more_tasks_never_take_more_each(rows: int, features: int, tasks: int, outputs: int) -> None:
    """A user adds workers because one had too little memory."""
    size = FitSize(rows=rows, features=features, outputs=outputs)
    for model in (Boosting(), Linear()):
        one, more = (spread_memory(model, size, tasks=count) for count in (tasks, tasks + 1))
        assert more.task.least <= one.task.least
        assert more.task.most <= one.task.most
        assert one.task.least <= one.task.most
        assert one.driver.least <= one.driver.most
    alone = spread_memory(Boosting(), size, tasks=1)
    assert alone.task.most >= fit_memory(Boosting(), FitSize(**{**vars(size), "kept": KEPT_BY_TASK})).most


def test_the_plan_of_a_run_on_spark_says_what_tasks_and_driver_take(tmp_path: Path) -> None:
    """Who sets spark.executor.memoryOverhead before an hour on a cluster needs a number without one."""
    rows = pl.DataFrame({"a": range(600), "b": [k % 7 for k in range(600)], "y": [k % 2 for k in range(600)]})
    rows.write_csv(tmp_path / "rows.csv")
    (tmp_path / "cauce.toml").write_text(PROJECT, "utf-8")
    run_project(open_workspace(tmp_path), until="split")
    plan = cauce.plan(tmp_path, master="spark://nowhere:7077")
    told = plan.to_json()["memory"]
    assert told["tasks"] == 3
    assert 0 < told["task"]["least"] < told["task"]["most"]
    said = planned(plan, 100).text.splitlines()
    assert any("in each task, beside Java and Python" in line for line in said)
    assert any(line.startswith("This process is expected to take") for line in said)
    here = cauce.plan(tmp_path)
    assert "each task" not in planned(here, 100).text
    assert set(here.to_json()["memory"]) == {"least", "most", "machine"}
