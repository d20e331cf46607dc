"""A run that would learn from a leak stops, says what to write, and goes on when that is written."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

import cauce
from cauce.cli.main import run_line
from cauce.errors import CauceError, CauceErrors
from cauce.running.project_run import Results, run_project
from cauce.running.workspace import open_workspace


def project_in(folder: Path, more: str = "") -> Path:
    """500 rows; `status` follows from `left`, and `since` is missing where nobody left."""
    draw = random.Random(4)
    lines = ["id,income,status,since,left"]
    for number in range(500):
        left = draw.random() < 0.35
        status = "closed" if left else draw.choice(["open", "new"])
        since = f"2025-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}" if left else ""
        lines.append(f"{number},{draw.lognormvariate(7, 1):.2f},{status},{since},{'yes' if left else 'no'}")
    (folder / "rows.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    text = f"""
schema = 1
name = "leaving"
data.source = "rows.csv"
data.key = "id"
target.column = "left"
models = [{{ rounds = 3 }}]
tracking.enabled = false
{more}
"""
    (folder / "cauce.toml").write_text(text, encoding="utf-8")
    return folder


def test_a_run_stops_with_every_leak_at_once_and_the_lines_that_let_it_go_on(tmp_path: Path) -> None:
    """One leak a run would mean as many runs as leaks."""
    with pytest.raises(CauceErrors) as caught:
        cauce.run(project_in(tmp_path))
    error = caught.value
    assert {one.values["column"] for one in error.errors} == {"status", "since"}
    assert error.exit_code == 1
    line = error.lines[0]
    assert line == 'data.known_after = ["status", "since"]'
    assert error.lines[1].endswith('features.acknowledged = ["status", "since"]')
    report = cauce.run(project_in(tmp_path, line))
    assert report.leaks.findings == ()
    assert "ingest" not in report.ran


def test_what_is_acknowledged_stands_in_ledger_bundle_and_notes(tmp_path: Path) -> None:
    """Who inherits a model must see what somebody let pass."""
    folder = project_in(tmp_path, 'features.acknowledged = ["status", "since"]')
    report = cauce.run(folder)
    assert [one.column for one in report.leaks.passed] == ["status", "since"]
    assert sum("acknowledged" in said for said in report.said) == 2
    work = open_workspace(folder)
    again = run_project(work)
    assert again.ran == ()
    assert len(again.records["leaks"].facts["findings"]) == 2  # type: ignore[arg-type]
    manifest = cauce.load(report.folder, digest=Results(work, again.records).bundle).bundle.manifest
    assert manifest.acknowledged == report.leaks.passed
    assert type(manifest).from_bytes(manifest.to_bytes()) == manifest


def test_a_bundle_without_acknowledgements_is_as_it_was_before_there_was_a_gate(tmp_path: Path) -> None:
    """Its identity would change for nothing, and older Cauces could not open it."""
    report = cauce.run(project_in(tmp_path, 'data.known_after = ["status", "since"]'))
    assert "acknowledged" not in json.loads((report.folder / "manifest.json").read_bytes())


def test_acknowledging_trains_nothing_again(tmp_path: Path) -> None:
    """It changes no number."""
    cauce.run(project_in(tmp_path, 'data.known_after = ["status", "since"]'))
    more = 'data.known_after = ["status", "since"]\nfeatures.acknowledged = "income"'
    assert cauce.run(project_in(tmp_path, more)).ran == ("leaks", "bundle")


def test_the_command_line_says_what_to_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """People copy lines; programs read them from the document."""
    status = run_line(["run", "--project", str(project_in(tmp_path)), "--json", "--quiet"])
    out, err = capsys.readouterr()
    assert status == 1
    assert '  data.known_after = ["status", "since"]' in err
    document = json.loads(out)
    assert document["lines"][0] == 'data.known_after = ["status", "since"]'
    assert all(one["code"] in ("E1801", "E1805") for one in document["errors"])


def test_a_formula_over_a_column_known_later_is_refused_before_any_fit(tmp_path: Path) -> None:
    """It would bring back by the window what was put out by the door."""
    more = 'data.known_after = ["status", "since"]\nfeatures.formulas.open = "status == \'open\'"'
    with pytest.raises(CauceError) as caught:
        cauce.run(project_in(tmp_path, more))
    assert caught.value.code == "E1002"
    with pytest.raises(CauceError) as planned:
        cauce.plan(tmp_path)
    assert planned.value.code == "E1002"
    steps = {step.name: step.state for step in cauce.status(tmp_path).steps}
    assert steps["fit"] != "finished"


def test_a_run_that_a_leak_stopped_can_be_read_and_is_not_searched_again(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    """The report would end before the evidence, and each attempt would read all rows again."""
    folder = project_in(tmp_path)
    for _ in range(2):
        with pytest.raises(CauceErrors):
            cauce.run(folder)
    work = open_workspace(folder)
    first, second = (work.ledger.step_record(run, "leaks") for run in work.ledger.runs())
    assert first == second
    notes = work.ledger.run_notes(work.ledger.runs()[-1])
    states = {step.name: step.state for step in cauce.plan(folder).steps}
    assert (states["split"], states["leaks"], states["fit"]) == ("finished", "stopped", "waits")
    assert (notes["leaks"]["ran"], notes["end"]["stopped_at"]) == (False, "leaks")
    page = cauce.report(project=folder).path.read_text(encoding="utf-8")
    assert "status" in page
    assert "since" in page
    assert not recwarn.list
