"""A project runs from files to a bundle, once, with the same result every time."""

from __future__ import annotations

import math
import random
import shutil
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import cauce
from cauce.errors import CauceError
from cauce.running.project_run import Results, run_project
from cauce.running.workspace import open_workspace

ROWS = 400


def write_table(path: Path, *, shuffled: bool = False, extra: int = 0) -> None:
    """A small table of customers: numbers, levels, dates, holes; `churn` depends on the first two."""
    draw = random.Random(3)
    rows = []
    for number in range(ROWS + extra):
        income = round(draw.lognormvariate(7, 1), 2)
        plan = draw.choice(["basic", "plus", "pro", "año"])
        odds = 1 / (1 + math.exp(-(7 - math.log(income)) - (plan == "basic")))
        day = f"2025-{number % 12 + 1:02d}-{number % 28 + 1:02d}"
        cells = (f"{number:05d}", "" if number % 17 == 0 else income, plan, day, int(draw.random() < odds))
        rows.append(",".join(map(str, cells)))
    if shuffled:
        draw.shuffle(rows)
    path.write_text("\n".join(["customer,income,plan,joined,churn", *rows]) + "\n", encoding="utf-8")


def project_in(folder: Path, more: str = "", target: str = 'column = "churn"') -> Path:
    """A project over `table.csv` in `folder`, without tracking."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "table.csv").exists():
        write_table(folder / "table.csv")
    text = f"""
schema = 1
name = "customers"
[data]
source = "table.csv"
key = "customer"
[target]
{target}
[[models]]
rounds = 20
[tracking]
enabled = false
{more}
"""
    (folder / "cauce.toml").write_text(text, encoding="utf-8")
    return folder


def run(folder: Path) -> tuple[Results, tuple[str, ...]]:
    work = open_workspace(folder)
    result = run_project(work)
    return Results(work, result.records), result.ran


def test_two_runs_of_the_same_files_make_the_same_bundle(tmp_path: Path) -> None:
    """Else a model could not be told from another by its digest."""
    first, _ = run(project_in(tmp_path / "a"))
    second, _ = run(project_in(tmp_path / "b"))
    assert first.bundle == second.bundle


def test_a_finished_step_is_not_run_again(tmp_path: Path) -> None:
    folder = project_in(tmp_path)
    _, ran = run(folder)
    assert ran == ("ingest", "profile", "validate", "split", "leaks", "fit", "evaluate", "bundle")
    assert run(folder)[1] == ()


def test_the_same_rows_from_another_file_are_the_same_snapshot_and_run_nothing_else(tmp_path: Path) -> None:
    """A re-exported table would otherwise be stored twice and train again."""
    folder = project_in(tmp_path)
    before, _ = run(folder)
    table = pl.read_csv(folder / "table.csv", schema_overrides={"customer": pl.String})
    table.sample(fraction=1.0, shuffle=True, seed=1).write_csv(folder / "table.csv")
    after, ran = run(folder)
    assert ran == ("ingest",)
    assert after.snapshot == before.snapshot
    assert len(list((folder / ".cauce" / "snapshots").iterdir())) == 1
    assert len(list((folder / ".cauce" / "parts").iterdir())) == 1


def test_a_changed_setting_runs_only_what_depends_on_it(tmp_path: Path) -> None:
    folder = project_in(tmp_path)
    run(folder)
    text = (folder / "cauce.toml").read_text(encoding="utf-8")
    (folder / "cauce.toml").write_text(text.replace("rounds = 20", "rounds = 21"), encoding="utf-8")
    steps = {step.name: step for step in cauce.plan(folder).steps}
    assert steps["split"].state == "finished"
    assert "rounds" in " ".join(steps["fit"].why)
    assert run(folder)[1][:1] == ("fit",)


def test_batches_files_and_rows_score_alike(tmp_path: Path) -> None:
    folder = project_in(tmp_path)
    results, _ = run(folder)
    report = cauce.run(folder)
    model = cauce.load(report.folder, digest=results.bundle)
    table = pl.read_csv(folder / "table.csv", schema_overrides={"customer": pl.String}, try_parse_dates=True)
    scored = model.predict(table)
    out = tmp_path / "scored.parquet"
    done = cauce.predict(folder / "table.csv", model=report.folder, out=out)
    written = pl.read_parquet(out)
    assert done.rows == written.height == table.height
    assert written["customer"].to_list() == table["customer"].to_list()
    assert written["probability_1"].to_list() == pytest.approx(scored["probability_1"].to_list(), abs=1e-6)
    scorer = model.bundle.scorer()
    rows = [scorer.score_row(row) for row in table.head(50).to_dicts()]
    expected = scored["probability_1"].head(50).to_list()
    assert [row["probability_1"] for row in rows] == pytest.approx(expected, abs=1e-6)
    assert cauce.verify(report.folder).holds


def test_validation_and_test_rows_change_nothing_that_was_learned(tmp_path: Path) -> None:
    """What is fitted on the rows it is judged on is worth nothing."""
    folder = project_in(tmp_path / "a", more="[split]\nkind = 'time'\n")
    text = (folder / "cauce.toml").read_text(encoding="utf-8")
    (folder / "cauce.toml").write_text(text.replace('key = "customer"', 'key = "customer"\ntime = "joined"'))
    before, _ = run(folder)
    other = tmp_path / "b"
    project_in(other)
    (other / "cauce.toml").write_text((folder / "cauce.toml").read_text(encoding="utf-8"), encoding="utf-8")
    table = pl.read_csv(folder / "table.csv", schema_overrides={"customer": pl.String})
    late = pl.col("joined") >= "2025-11"
    table.with_columns(pl.when(late).then(pl.col("income") * 1000).otherwise(pl.col("income"))).write_csv(
        other / "table.csv"
    )
    after, _ = run(other)
    assert before.records["fit"].outputs["features"] == after.records["fit"].outputs["features"]


def test_rows_without_a_target_are_counted_and_left_out(tmp_path: Path) -> None:
    """A null label that becomes class 0 is a wrong model that nobody notices."""
    folder = project_in(tmp_path, target='formula = "churn == 1 and income > 0"')
    report = cauce.run(folder)
    nulls = sum(1 for number in range(ROWS) if number % 17 == 0)
    counted = sum(one.rows for one in report.evaluation.datasets.values())
    assert counted <= ROWS - 1
    left_out = report.evaluation.datasets
    assert sum(one.rows for one in left_out.values()) + _unlabelled(folder) == ROWS
    assert 0 < _unlabelled(folder) <= nulls


def _unlabelled(folder: Path) -> int:
    work = open_workspace(folder)
    result = run_project(work)
    return Results(work, result.records).profile.target_nulls


@pytest.mark.parametrize(
    ("target", "task"),
    [
        ('column = "churn"', "binary"),
        ('column = "plan"', "multiclass"),
        ('column = "income"', "regression"),
        ('column = "plan"\npositive = "pro"', "binary"),
    ],
)
def test_every_task_runs_and_verifies(tmp_path: Path, target: str, task: str) -> None:
    report = cauce.run(project_in(tmp_path, target=target))
    assert report.task == task
    assert cauce.verify(report.folder).holds
    assert report.plots
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in report.plots.values())


@pytest.mark.parametrize(
    ("more", "data", "code"),
    [
        ("", 'group = "nobody"', "E1401"),
        ("[features]\nformulas = { z = 'churn + 1' }", "", "E1002"),
        ("[split]\nkind = 'time'", 'time = "plan"', "E1113"),
    ],
)
def test_what_cannot_work_is_refused_with_a_code(tmp_path: Path, more: str, data: str, code: str) -> None:
    folder = project_in(tmp_path, more=more)
    text = (folder / "cauce.toml").read_text(encoding="utf-8")
    (folder / "cauce.toml").write_text(text.replace('key = "customer"', f'key = "customer"\n{data}'))
    with pytest.raises(CauceError) as caught:
        run(folder)
    assert caught.value.code == code


def test_a_target_that_does_not_exist_is_refused_before_anything_is_stored(tmp_path: Path) -> None:
    folder = project_in(tmp_path, target='column = "chrun"')
    with pytest.raises(CauceError) as caught:
        run(folder)
    assert caught.value.code == "E1401"
    assert "churn" in caught.value.hint
    assert not (folder / ".cauce" / "snapshots").exists()


def test_too_many_unreadable_rows_stop_the_run_and_are_kept(tmp_path: Path) -> None:
    folder = project_in(tmp_path)
    with (folder / "table.csv").open("a", encoding="utf-8") as file:
        file.write("1,2\n" * 20)
    with pytest.raises(CauceError) as caught:
        run(folder)
    assert caught.value.code == "E1404"
    kept = Path(str(caught.value.values["file"])).read_text(encoding="utf-8").splitlines()
    assert len(kept) == 20
    assert f'"line": {ROWS + 2}' in kept[0]


def test_packages_named_as_functions_do_not_hide_them() -> None:
    """Importing cauce.run.execution once turned cauce.run into a module."""
    import cauce.planning.pipeline
    import cauce.running.execution

    functions: list[Any] = [cauce.run, cauce.plan]
    assert all(callable(one) for one in functions)


def test_a_model_from_elsewhere_is_parsed_in_another_process_first(tmp_path: Path) -> None:
    """XGBoost crashes on some files with a right digest: the crash must not be the caller's."""
    report = cauce.run(project_in(tmp_path / "project"))
    copied = tmp_path / "copy"
    shutil.copytree(report.folder, copied)
    started: list[str] = []
    sys.addaudithook(lambda event, _: started.append(event) if event == "subprocess.Popen" else None)
    cauce.load(report.folder)
    assert not started
    assert cauce.load(copied).digest == report.bundle
    assert started
