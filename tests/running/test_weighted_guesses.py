"""What guessing reaches is measured with a guess that knows the rows' weights."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from cauce.core.columns import TRAIN
from cauce.core.preparation import Preparation
from cauce.core.splits import decode_rule
from cauce.core.task import Target
from cauce.errors import CauceError
from cauce.running.project_run import Results, run_project
from cauce.running.steps.objects import read_json
from cauce.running.steps.profile import snapshot_source
from cauce.running.workspace import open_workspace
from cauce.stats.weighted_numbers import WeightedNumbers

PROJECT = """
schema = 1
name = "weighed"
[data]
source = "table.csv"
key = "id"
weight = "w"
[target]
column = "y"
task = "regression"
[[models]]
learner = "linear"
[tracking]
enabled = false
"""


def ran(folder: Path, weights: list[int]) -> Results:
    rows = len(weights)
    pl.DataFrame(
        {
            "id": range(rows),
            "x": [one % 7 / 2 for one in range(rows)],
            "y": [one**2 / 4 + one % 3 / 8 for one in range(rows)],
            "w": weights,
        }
    ).write_csv(folder / "table.csv")
    (folder / "cauce.toml").write_text(PROJECT, encoding="utf-8")
    work = open_workspace(folder)
    return Results(work, run_project(work).records)


def test_mean_and_median_of_a_hand_table() -> None:
    """Four rows: (1 · 1 + 2 · 3 + 10 · 4) / 8; half of the weight, 4, ends at 2, so between 2 and 10."""
    rows = pl.DataFrame({"y": [10.0, 1.0, 2.0, 99.0], "w": [4.0, 1.0, 3.0, 0.0]})
    summary = WeightedNumbers("y", "w")
    found = summary.result(summary.update(summary.start(), rows))
    assert (found.weight, found.mean, found.quantiles.quantile(0.5)) == (8.0, 47 / 8, 6.0)


def test_a_weight_of_three_counts_as_three_rows(tmp_path: Path) -> None:
    """A model would be held against a guess that other rows than those it learned from decide."""
    weights = [1 + 2 * (one % 5 == 0) + 4 * (one > 150) for one in range(200)]
    results = ran(tmp_path, weights)
    store, step = results.work.store, results.records["fit"].step
    known = read_json(store, step.stored("split"))
    source = snapshot_source(results.work, step)
    prepared = Preparation(
        source.schema, Target.from_json(known["target"]), decode_rule(known["rule"]), ("id",), keep=("y", "w")
    )
    rows = pl.concat([prepared(batch) for batch in source.batches()]).filter(pl.col("__fold__") == TRAIN)
    copies = rows.select(pl.col("y").repeat_by("w").explode())["y"]
    guess = read_json(store, str(results.records["fit"].outputs["training"].value))["guess"]
    assert guess["mean"] == pytest.approx(copies.mean(), rel=1e-12)
    assert guess["median"] == pytest.approx(copies.median(), rel=1e-12)
    assert abs(guess["mean"] - rows["y"].mean()) > 100


def test_rows_that_all_weigh_nothing_are_refused(tmp_path: Path) -> None:
    """A mean of nothing would be reported as a number."""
    with pytest.raises(CauceError) as caught:
        ran(tmp_path, [0] * 60)
    assert caught.value.code == "E1118"
