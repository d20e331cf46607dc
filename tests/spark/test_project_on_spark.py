"""The same project on Spark: the same split, numbers and model, and no step is run twice for the move."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from both_engines import check_same, close, project, snapshots_in_parts, stored, table

from cauce.running.project_run import Results, run_project, states_of
from cauce.running.steps.objects import read_bytes
from cauce.running.workspace import open_workspace

pytestmark = pytest.mark.spark
Runs = Callable[[str], tuple[Results, Results]]


@pytest.fixture
def in_parts() -> Iterator[None]:
    """Snapshots of small tables have several parts, as those of large ones have."""
    with snapshots_in_parts():
        yield


@pytest.fixture
def runs(tmp_path: Path, spark_session: Any, in_parts: None) -> Runs:
    """A project's run on either engine, each in a store of its own; rows are ingested by the local one."""

    def run(project: str) -> tuple[Results, Results]:
        folders = tmp_path / "local", tmp_path / "spark"
        for folder in folders:
            folder.mkdir()
            (folder / "cauce.toml").write_text(project, encoding="utf-8")
        local = open_workspace(folders[0])
        run_project(open_workspace(folders[1]), until="ingest")
        spark = open_workspace(folders[1], spark=spark_session)
        found = Results(local, run_project(local).records), Results(spark, run_project(spark).records)
        assert spark_session.sparkContext._jsc.getPersistentRDDs().isEmpty()
        return found

    return run


def test_a_weighted_logistic_model_is_the_same(tmp_path: Path, runs: Runs) -> None:
    """A model that changes with the engine is another model."""
    source = table(tmp_path / "table.parquet")
    more = """
[[models]]
learner = "logistic"
penalty = { lambda = 0.001 }
[features.columns]
town = ["target_mean"]
a = ["impute.median", "scale"]
[choose]
calibration = "platt"
[evaluate]
slices = ["town"]
contributions = true
"""
    data = 'key = "id"\nweight = "weight"\ndrop = ["price"]'
    local, spark = runs(project(source, 'column = "bought"\npositive = "yes"', more, data))
    check_same(local, spark, rows=source)
    pairs = [stored(one, "fit", "training")["coefficients"]["rows"] for one in (local, spark)]
    assert close(pairs[1], pairs[0], relative=1e-8)


def test_prices_by_groups_on_the_log_scale_are_the_same(tmp_path: Path, runs: Runs) -> None:
    """Groups, components, a target's scale and a learning curve are made of summaries that Spark merges."""
    source = table(tmp_path / "table.parquet")
    more = """
[split]
kind = "group"
[[models]]
learner = "linear"
[features.pca.both]
columns = ["a", "b"]
components = 1
[evaluate]
learning_curve = true
"""
    data = 'group = "owner"\ndrop = ["id", "bought", "weight"]'
    target = 'column = "price"\ntask = "regression"\ntransform = "log1p"'
    local, spark = runs(project(source, target, more, data))
    check_same(local, spark, rows=source)
    assert close(stored(spark, "curve", "curve"), stored(local, "curve", "curve"), relative=1e-6)


def test_penguins_are_the_same(tmp_path: Path, runs: Runs, shared_data: Path) -> None:
    """Three classes, levels and missing cells of a real table."""
    source = shared_data / "penguins" / "penguins.csv"
    more = '[[models]]\nlearner = "logistic"\npenalty = { lambda = 0.01 }\n[split]\nkind = "stratified"\n'
    local, spark = runs(project(source, 'column = "species"', more))
    pairs = [stored(one, "fit", "training")["coefficients"]["rows"] for one in (local, spark)]
    assert close(pairs[1], pairs[0], relative=1e-8)
    assert stored(spark, "split", "split") == stored(local, "split", "split")
    assert gzip.decompress(read_bytes(spark.work.store, str(spark.records["fit"].outputs["model"].value)))


def test_a_project_goes_on_where_another_engine_stopped(
    tmp_path: Path,
    spark_session: Any,
    in_parts: None,
) -> None:
    """A move to the cluster, or back, would begin from nothing."""
    source = table(tmp_path / "table.parquet")
    more = '[[models]]\nlearner = "logistic"\n'
    (tmp_path / "cauce.toml").write_text(project(source, 'column = "bought"', more, 'drop = ["price"]'))
    local, spark = open_workspace(tmp_path), open_workspace(tmp_path, spark=spark_session)
    assert run_project(local, until="profile").ran == ("ingest", "profile")
    assert run_project(spark, until="fit").ran == ("validate", "split", "leaks", "fit")
    assert run_project(local).ran == ("evaluate", "bundle")
    for work in (local, spark):
        assert all(state.finished for state in states_of(work))
        assert run_project(work).ran == ()


def test_readmissions_begun_on_spark_have_the_trees_of_one_machine(
    tmp_path: Path, spark_session: Any, shared_data: Path
) -> None:
    """Everything on Spark, from the file on: the same snapshot and trees, in as many scans."""
    source = tmp_path / "some.parquet"
    whole = shared_data / "diabetes130" / "diabetic_data.zstd.parquet"
    pl.read_parquet(whole).head(3000).write_parquet(source)
    more = """
[[models]]
rounds = 15
early_stopping = 4
[features.columns]
medical_specialty = ["target_mean"]
[evaluate]
slices = ["gender"]
"""
    data = 'missing = "?"\nkey = "encounter_id"\ndrop = ["patient_nbr"]'
    text = project(source, "formula = \"readmitted == '<30'\"", more, data)
    works = []
    for name in ("local", "spark"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cauce.toml").write_text(text, encoding="utf-8")
        works.append(open_workspace(tmp_path / name, spark=spark_session if name == "spark" else None))
    local, spark = (Results(work, run_project(work).records) for work in works)
    check_same(local, spark, rows=source)
    assert spark.snapshot == local.snapshot
    pairs = [stored(one, "fit", "training") for one in (local, spark)]
    assert pairs[0]["best_round"] == pairs[1]["best_round"]
    assert close(pairs[1]["history"], pairs[0]["history"], relative=1e-6)
    looks = {"profile": 1, "validate": 0, "split": 0, "leaks": 1, "fit": 3, "evaluate": 2}
    for one in (local, spark):
        assert {name: one.records[name].facts["rows_read"] for name in looks} == {
            name: 3000 * scans for name, scans in looks.items()
        }
