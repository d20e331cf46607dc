"""The examples reach the scores their pages speak of, run as a user runs them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cauce.api.run import RunReport, run
from cauce.examples.__main__ import write_example
from cauce.examples.copying import EXAMPLES, copy_example
from cauce.spec import Tracking, read_project
from cauce.spec.project import Data, Features, Project

QUIET = Tracking(enabled=False)


def untracked(folder: Path) -> Project:
    return replace(read_project(folder / "cauce.toml"), tracking=QUIET)


def run_in(folder: Path, project: Project, monkeypatch: pytest.MonkeyPatch) -> RunReport:
    monkeypatch.chdir(folder)
    return run(project)


def test_metric(report: RunReport, name: str) -> float:
    value = report.evaluation.datasets["test"][name].value
    assert value is not None
    return value


test_metric.__test__ = False  # type: ignore[attr-defined]


def test_the_diabetes_example_predicts_for_patients_it_never_saw(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An example below what its page says would teach distrust; the floors are those of a plain reference."""
    write_example("diabetes", tmp_path, source=str(shared_data / "diabetes130" / "diabetic_data.csv"))
    project = untracked(tmp_path)
    by_patient = run_in(tmp_path, project, monkeypatch)
    assert by_patient.rows == 101_766
    assert by_patient.rejected == 0
    assert test_metric(by_patient, "roc_auc[positive=true]") >= 0.66
    # A declared group also binds random splits, so a split by row must not declare it.
    by_row = replace(
        project,
        data=replace(project.data, group=None),
        split=replace(project.split, kind="random"),
        features=replace(project.features, exclude=("patient_nbr",), acknowledged=("patient_nbr",)),
    )
    again = run_in(tmp_path, by_row, monkeypatch)
    assert "ingest" not in again.ran
    tested = [report.evaluation.datasets["test"].rows for report in (by_patient, again)]
    assert tested[0] != tested[1]
    assert test_metric(again, "roc_auc[positive=true]") >= 0.66
    assert not any("encounter_id" in said for said in again.said)


def test_the_contracts_example_explains_half_of_the_values_logarithm(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Durations written as texts become days by a formula; without them the floor is not reached."""
    write_example("contracts", tmp_path, source=str(shared_data / "secop2" / "contratos_100k.csv"))
    report = run_in(tmp_path, untracked(tmp_path), monkeypatch)
    assert (report.rows, report.rejected, report.task) == (100_000, 0, "regression")
    assert test_metric(report, "r2") >= 0.55
    used = {name.partition(":")[0] for name, _ in report.evaluation.importance}
    assert "duration_days" in used
    assert not used & {"estado_contrato", "valor_del_contrato"}


def test_contracts_reach_the_floor_with_nothing_but_defaults(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who declares only the target gets what a default gradient boosting gets."""
    write_example("contracts", tmp_path, source=str(shared_data / "secop2" / "contratos_100k.csv"))
    declared = untracked(tmp_path)
    plain = replace(declared, data=Data(source=declared.data.source), features=Features())
    assert test_metric(run_in(tmp_path, plain, monkeypatch), "r2") >= 0.55


def test_the_two_projects_of_the_flights_differ_in_the_split_alone(tmp_path: Path) -> None:
    """Scores under two splits are only comparable where nothing else differs."""
    copy_example("flights", tmp_path)
    forward, random = (read_project(tmp_path / name) for name in ("cauce.toml", "random.toml"))
    assert (forward.split.kind, random.split.kind) == ("time", "random")
    alike = replace(random, name=forward.name, split=replace(random.split, kind="time"))
    assert alike == forward


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_has_a_page_and_a_project_file(name: str, tmp_path: Path) -> None:
    """A project file without a word about its data is no example."""
    written = {path.name for path in copy_example(name, tmp_path / name)}
    assert {"README.md", "cauce.toml"} <= written
    assert read_project(tmp_path / name).name == name
