"""A run judges its data before it learns from them, and `cauce validate` says the same beforehand."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import cauce
from cauce.core.snapshot_reading import SnapshotSource, read_manifest
from cauce.core.validation.verdict import Verdict
from cauce.errors import CauceError, CauceErrors, Exit
from cauce.ports.clock import Clock
from cauce.running import clock as clocks
from cauce.running.project_run import Results, run_project
from cauce.running.workspace import open_workspace
from cauce.testing.clocks import SteppingClock

ROWS = 300


def table(path: Path, *, changes: dict[int, str] | None = None, rows: int = ROWS) -> None:
    """`changes` replaces whole rows by their number."""
    lines = ["id,income,plan,joined,churn"]
    for number in range(1, rows + 1):
        plan = ("basic", "plus", "pro")[number % 3]
        day = f"2025-{number % 12 + 1:02d}-{number % 28 + 1:02d}"
        lines.append(f"{number},{number % 50 + 1}.5,{plan},{day},{int(number % 7 > 3)}")
    for number, line in (changes or {}).items():
        lines[number] = line
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def project(folder: Path, validate: str, **changes: Any) -> Path:
    """A project over `table.csv` in `folder`, without tracking."""
    table(folder / "table.csv", **changes)
    text = f"""
name = "customers"
[data]
source = "table.csv"
key = "id"
[target]
column = "churn"
[[models]]
rounds = 5
[tracking]
enabled = false
{validate}
"""
    (folder / "cauce.toml").write_text(text, encoding="utf-8")
    return folder


def run(folder: Path) -> tuple[Results, tuple[str, ...]]:
    work = open_workspace(folder)
    result = run_project(work)
    return Results(work, result.records), result.ran


def stored_rows(results: Results, identity: str) -> pl.DataFrame:
    store = results.work.store
    return pl.concat(list(SnapshotSource(read_manifest(store, identity), store).batches()))


BAD = {5: "5,-3.0,basic,2025-01-01,1", 9: "9,10.5,gold,2025-01-01,0", 17: "17,-1.0,gold,2025-02-01,1"}
ASIDE = """
[validate.columns]
income = { min = 0, on_failure = "quarantine" }
plan = { levels = ["basic", "plus", "pro"], on_failure = "quarantine" }
"""


def test_without_expectations_the_rows_read_are_the_rows_learned_from(tmp_path: Path) -> None:
    """A check that nobody asked for must cost and change nothing."""
    results, _ = run(project(tmp_path, ""))
    made = results.records["validate"]
    assert made.outputs["snapshot"] == results.records["ingest"].outputs["snapshot"]
    assert made.outputs["profile"] == results.records["profile"].outputs["profile"]
    assert made.facts["rows_read"] == 0
    assert results.verdict == Verdict(ROWS)


def test_good_data_go_on_without_a_copy_and_without_another_reading(tmp_path: Path) -> None:
    results, _ = run(project(tmp_path, ASIDE))
    made = results.records["validate"]
    assert made.outputs["snapshot"] == results.records["ingest"].outputs["snapshot"]
    assert made.facts["rows_read"] == 0
    assert len(results.verdict.outcomes) == 2
    assert results.verdict.holds


def test_an_expectation_that_stops_ends_the_run_before_anything_is_learned(tmp_path: Path) -> None:
    """All failures at once, with places and without values, and the evidence stays."""
    section = """
[validate]
rows = { min = 301 }
[validate.columns]
income = { min = 0 }
plan = { levels = ["basic", "plus", "pro"], tolerated = 0.01, on_failure = "warn" }
"""
    folder = project(tmp_path, section, changes=BAD)
    with pytest.raises(CauceErrors) as caught:
        run(folder)
    assert [error.code for error in caught.value.errors] == ["E1701", "E1701"]
    assert caught.value.exit_code == Exit.GATE
    said = str(caught.value)
    assert "income is at least 0: 2 of 300 rows fail (0.667 %), first rows 5, 17" in said
    assert "the number of rows is at least 301: there are 300" in said
    assert "-3" not in said
    kept = json.loads(Path(str(caught.value.values["file"])).read_text(encoding="utf-8"))
    assert {one["name"]: one["passed"] for one in kept["outcomes"]} == {
        "income.range": False,
        "plan.levels": True,
        "rows": False,
    }
    states = {step.name: step.state for step in cauce.plan(folder).steps}
    assert (states["profile"], states["validate"]) == ("finished", "stopped")
    table(folder / "table.csv", rows=301)
    assert "fit" in run(folder)[1]


def test_rows_set_aside_are_kept_with_number_and_reason_and_the_others_learned_from(tmp_path: Path) -> None:
    """Rows in = rows out + rejected; a row that vanishes is data nobody can correct."""
    results, _ = run(project(tmp_path, ASIDE, changes=BAD))
    made, read = results.records["validate"], results.records["ingest"].outputs["snapshot"]
    before, after = stored_rows(results, str(read.value)), stored_rows(results, results.snapshot)
    aside = stored_rows(results, str(made.outputs["quarantined"].value))
    assert after["id"].to_list() == [one for one in before["id"].to_list() if one not in (5, 9, 17)]
    assert sorted([*after["id"], *aside["id"]]) == before["id"].to_list()
    file = results.work.store.local_path(str(made.outputs["rejected"].value))
    assert file is not None
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [line["line"] for line in lines] == [5, 9, 17]
    assert lines[0]["reason"] == "The row does not meet: income.range."
    assert lines[2]["reason"] == "The row does not meet: income.range; plan.levels."
    assert json.loads(lines[1]["text"]) == {
        "id": 9,
        "income": 10.5,
        "plan": "gold",
        "joined": "2025-01-01",
        "churn": 0,
    }
    assert results.profile.rows == ROWS - 3
    assert {level.value for level in results.profile["plan"].levels} == {"basic", "plus", "pro"}
    assert sum(one.rows for one in results.evaluation.datasets.values()) == ROWS - 3
    assert results.verdict.quarantined == 3


def test_a_run_says_what_it_set_aside_and_what_only_warns(tmp_path: Path) -> None:
    """Each time, also where the step was finished before."""
    section = ASIDE + 'joined = { max = "2025-12-01", on_failure = "warn" }\n'
    folder = project(tmp_path, section, changes=BAD)
    for _ in range(2):
        said = " ".join(cauce.run(folder).said)
        assert "3 of 300 rows were set aside because of [validate]: income.range, plan.levels." in said
        assert "joined is at most 2025-12-01" in said


def test_too_many_rows_to_set_aside_stop_the_run(tmp_path: Path) -> None:
    """A model of a tenth of the data is not the model anybody asked for."""
    folder = project(tmp_path, "[validate]\nquarantined = 2\n" + ASIDE, changes=BAD)
    with pytest.raises(CauceError) as caught:
        run(folder)
    assert caught.value.code == "E1706"
    found = cauce.validate(project=folder)
    assert not found.holds
    assert found.verdict.stopping[0].name == "validate.quarantined"


def test_the_same_data_and_expectations_make_the_same_model_and_others_run_what_depends(
    tmp_path: Path,
) -> None:
    folder = project(tmp_path, "", changes=BAD)
    plain, _ = run(folder)
    (folder / "cauce.toml").write_text(
        (folder / "cauce.toml").read_text(encoding="utf-8") + ASIDE, encoding="utf-8"
    )
    sifted, ran = run(folder)
    assert ran[:2] == ("validate", "split")
    assert sifted.bundle != plain.bundle
    assert run(folder)[1] == ()


def test_old_data_stop_a_run_whose_steps_are_all_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A nightly run over a table that stopped growing would retrain yesterday's model for ever."""
    section = '[validate]\nfreshness = { column = "joined", within = "30 days" }\n'
    folder = project(tmp_path, section)
    newest = datetime(2025, 12, 28, tzinfo=UTC)

    def stands_at(moment: datetime) -> None:
        stopped: Clock = SteppingClock(at=moment, step=0.0)
        monkeypatch.setattr(clocks.SystemClock, "now", lambda _: stopped.now())

    stands_at(newest + timedelta(days=30))
    first, _ = run(folder)
    stands_at(newest + timedelta(days=32))
    with pytest.raises(CauceErrors) as caught:
        run(folder)
    assert "the newest joined is not older than 30 days: 2025-12-28" in str(caught.value)
    assert not cauce.validate(project=folder).holds
    stands_at(newest + timedelta(days=29))
    second, ran = run(folder)
    assert ran == ()
    assert second.records["validate"].to_bytes() == first.records["validate"].to_bytes()


def test_expectations_of_columns_that_are_not_there_are_refused_before_anything_is_stored(
    tmp_path: Path,
) -> None:
    folder = project(tmp_path, "[validate.columns]\nincmoe = { min = 0 }\nplan = { min = 0 }\n")
    with pytest.raises(CauceErrors) as caught:
        run(folder)
    assert [error.code for error in caught.value.errors] == ["E1401", "E1703"]
    assert not (folder / ".cauce" / "snapshots").exists()


DELIVERY = """
[validate]
rows = { min = 100 }
unique = { columns = ["id"] }
[validate.columns]
income = { type = "float", min = 0 }
plan = { levels = ["basic", "plus", "pro"] }
[validate.formulas]
known = "churn == 0 or churn == 1"
"""


def test_a_delivery_is_judged_without_running_anything(tmp_path: Path) -> None:
    """What it lacks is part of the verdict, not a mistake in the project."""
    folder = project(tmp_path, DELIVERY)
    assert cauce.validate(project=folder).holds
    assert not (folder / ".cauce").exists()
    table(tmp_path / "next.csv", changes={3: "2,-1,gold,2025-01-01,2"})
    found = cauce.validate(tmp_path / "next.csv", project=folder, show_values=True)
    places = {one.name: one.places for one in found.verdict.failures}
    assert places == {
        "income.range": (3,),
        "plan.levels": (3,),
        "unique.id": (2, 3),
        "formulas.known": (3,),
    }
    assert [(row.row, row.values["plan"]) for row in found.failing] == [(2, "pro"), (3, "gold")]
    assert "gold" not in json.dumps(found.to_json())
    pl.read_csv(tmp_path / "next.csv").drop("income", "churn").write_csv(tmp_path / "less.csv")
    lacking = cauce.validate(str(tmp_path / "less.csv"), project=folder)
    kinds = {one.name: one.kind for one in lacking.verdict.failures}
    assert kinds["income.type"] == "column"
    assert kinds["formulas.known"] == "formula"
    assert not lacking.holds


def test_rows_of_a_delivery_that_cannot_be_read_are_counted_against_the_limit(tmp_path: Path) -> None:
    folder = project(tmp_path, DELIVERY, changes={4: "4,1", 5: "5,1", 6: "6,1", 7: "7,1"})
    found = cauce.validate(project=folder)
    assert (found.rejected, found.verdict.rows) == (4, ROWS - 4)
    assert [one.name for one in found.verdict.stopping] == ["data.rejected"]


def test_suggestions_are_added_to_the_project_file_and_hold(tmp_path: Path) -> None:
    """Comments and order of the file are its owner's."""
    folder = project(tmp_path, "# mine\n")
    file = folder / "cauce.toml"
    before = file.read_text(encoding="utf-8")
    found = cauce.validate(project=folder, suggest=True, save=True)
    assert file.read_text(encoding="utf-8").startswith(before.rstrip())
    assert found.suggested is not None
    assert file.read_text(encoding="utf-8").endswith(found.suggested)
    assert cauce.validate(project=folder).holds
    with pytest.raises(CauceError) as caught:
        cauce.validate(project=folder, suggest=True, save=True)
    assert caught.value.code == "E1708"
    with pytest.raises(CauceError) as caught:
        cauce.validate(project=project(tmp_path, ""))
    assert caught.value.code == "E1709"


def test_suggestions_on_real_data_hold_and_notice_the_next_table(tmp_path: Path, shared_data: Path) -> None:
    for name, column in (("penguins/penguins.csv", "species"), ("wine_quality_white", "quality")):
        source = shared_data / name
        text = f'name = "a"\n[data]\nsource = "{source}"\n[target]\ncolumn = "{column}"\n'
        (tmp_path / "cauce.toml").write_text(text, encoding="utf-8")
        found = cauce.validate(project=tmp_path, suggest=True, save=True)
        assert found.holds
        assert cauce.validate(project=tmp_path).holds
        assert not cauce.validate(shared_data / "secop2" / "contratos_100k.parquet", project=tmp_path).holds
