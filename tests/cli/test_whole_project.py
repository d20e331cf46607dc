"""A project from its file to predictions, by commands alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest
from command_runs import CAUCE, cauce, surroundings

ROWS = 300


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small project that was run."""
    folder = tmp_path_factory.mktemp("flights")
    rows = (
        f"{n},{'yes' if (n * 7 + n // 9) % 10 < 4 else 'no'},{n % 24},{n * 37 % 101}.5" for n in range(ROWS)
    )
    (folder / "flights.csv").write_text("id,late,hour,wind\n" + "\n".join(rows) + "\n", encoding="utf-8")
    made = cauce("init", "flights.csv", "--target", "late", "--yes", folder=folder)
    assert made.returncode == 0, made.stderr
    project = folder / "cauce.toml"
    text = project.read_text(encoding="utf-8")
    project.write_text(text.replace("[tracking]\n", "[tracking]\nenabled = false\n"), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def ran(project: Path) -> subprocess.CompletedProcess[str]:
    return cauce("run", "--json", folder=project)


def document(done: subprocess.CompletedProcess[str], schema: str) -> dict[str, object]:
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    assert found["schema"] == schema
    assert "warnings" in found
    return found


def test_a_run_says_what_it_does_and_what_to_type_next(
    project: Path, ran: subprocess.CompletedProcess[str]
) -> None:
    """A minute of silence, and then no idea what was made."""
    assert document(ran, "cauce.run/1")["rows"] == ROWS
    said = ran.stderr.splitlines()
    assert any(line.startswith("training: done in ") for line in said)
    assert said[-1] == "Next: cauce predict NEW_DATA --out scored.parquet"
    again = cauce("run", "--quiet", folder=project)
    assert (again.returncode, again.stderr) == (0, "")
    assert f"{ROWS} rows, 0 rejected" in again.stdout
    assert "roc_auc[positive=yes], test: " in again.stdout


def test_what_was_run_is_known_everywhere(project: Path, ran: subprocess.CompletedProcess[str]) -> None:
    """The commands would speak of different runs and models."""
    bundle = document(ran, "cauce.run/1")["bundle"]
    steps = document(cauce("plan", "--json", folder=project), "cauce.plan/1")["steps"]
    assert isinstance(steps, list)
    assert {step["state"] for step in steps} == {"finished"}
    assert document(cauce("status", "--json", folder=project), "cauce.status/1")["finished"] is True
    runs = document(cauce("runs", "--json", folder=project), "cauce.runs/1")["runs"]
    assert isinstance(runs, list)
    assert {run["bundle"] for run in runs} == {bundle}
    verified = document(cauce("verify", "--json", folder=project), "cauce.verify/1")
    assert (verified["identity"], verified["holds"]) == (bundle, True)


def test_predictions_are_made_from_a_folder_below(
    project: Path, ran: subprocess.CompletedProcess[str]
) -> None:
    """Whoever works in a folder of the project would have to name the project each time."""
    below = project / "below"
    below.mkdir()
    done = cauce("predict", "../flights.csv", "--out", "scored.csv", "--json", folder=below)
    found = document(done, "cauce.predict/1")
    assert found["rows"] == ROWS
    text = (below / "scored.csv").read_text(encoding="utf-8")
    assert text.startswith("id,prediction,")
    assert text.count("\n") == ROWS + 1
    assert cauce("predict", "../flights.csv", "--out", "scored.csv", folder=below).returncode == 73


def test_an_interrupted_run_goes_on(project: Path, ran: subprocess.CompletedProcess[str]) -> None:
    """Ctrl-C would cost what was finished, or leave the user without a word."""
    settings = (project / "cauce.toml").read_text(encoding="utf-8")
    other = project / "slow.toml"
    other.write_text(
        settings.replace("# rounds = 200", "rounds = 20000\nearly_stopping = 0").replace(
            "[store]\n", '[store]\npath = "slow"\n'
        ),
        encoding="utf-8",
    )
    run = subprocess.Popen(
        [*CAUCE, "run", "--project", "slow.toml"],
        cwd=project,
        env=surroundings(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    assert run.stderr is not None
    for line in run.stderr:
        if line == "training …\n":
            break
    os.killpg(run.pid, signal.SIGINT)
    out, said = run.communicate(timeout=100)
    assert run.returncode == 130, said
    assert "error[E0601]: Interrupted in the step fit; 5 of 8 steps are finished." in said
    assert "Traceback" not in said
    assert out == ""
    plan = document(cauce("plan", "--json", "--project", "slow.toml", folder=project), "cauce.plan/1")
    steps = plan["steps"]
    assert isinstance(steps, list)
    assert [step["state"] for step in steps][:6] == ["finished"] * 5 + ["will run"]


def test_the_plan_of_a_changed_project_says_why(project: Path, ran: subprocess.CompletedProcess[str]) -> None:
    """Somebody who changed one line would wonder why everything runs again, or what will."""
    settings = (project / "cauce.toml").read_text(encoding="utf-8")
    changed = settings.replace("# rounds = 200", "rounds = 3")
    (project / "other.toml").write_text(changed, encoding="utf-8")
    done = cauce("plan", "--project", "other.toml", folder=project)
    assert "The setting models" in done.stdout
    assert done.stdout.splitlines()[0].startswith("ingest    finished")
    assert done.stderr.splitlines()[-1] == "Next: cauce run --project other.toml"
