"""What is shown fits the terminal, says the same without colours, and can be read in a log."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress, TextColumn

from cauce.api.explain import explain
from cauce.api.plan import PlannedStep, RunPlan
from cauce.cli.failures import as_coded, as_document
from cauce.cli.progress import _Live, _Plain
from cauce.cli.rendering.running import planned
from cauce.cli.rendering.setting_up import explained
from cauce.cli.settings import Settings, take_settings
from cauce.cli.table import columns, table
from cauce.cli.terminal import Terminal
from cauce.errors import CATALOGUE, CauceError, CauceErrors, Place
from cauce.planning.record import Record
from cauce.planning.resolving import State
from cauce.planning.step import Step

GOLDEN = Path(__file__).parent / "golden"
PLAN = RunPlan(
    (
        PlannedStep("ingest", "finished", (), ("files",), ("snapshot",), 1.0, "d"),
        PlannedStep(
            "fit",
            "will run",
            (
                "The setting models.rounds changed from 200 to 300.",
                "The library xgboost changed from 3.1.0 to 3.2.0.",
            ),
            ("snapshot",),
            (),
            2.0,
            "d",
        ),
        PlannedStep("evaluate", "waits", ("It depends on what fit will make.",), ("model",), (), 1.0, None),
    )
)


def same_as_golden(name: str, text: str) -> None:
    """The text is the one in golden/NAME.txt; CAUCE_GOLDEN=write writes it."""
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("CAUCE_GOLDEN") == "write":
        path.write_text(text + "\n", encoding="utf-8")
    assert text + "\n" == path.read_text(encoding="utf-8")


def test_a_plan() -> None:
    """Its words are what a user decides by."""
    same_as_golden("plan", planned(PLAN, 80).text)


def test_an_explanation() -> None:
    """It is read when something has just gone wrong."""
    same_as_golden("explain", explained(explain("[e0301]:")).text)


def test_failures_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Message, hint, and where to read more; the first twenty of very many."""
    faults = [
        CauceError("E0306", place=Place("cauce.toml", line, 1), key=f"k{line}", near="key", known="key")
        for line in range(1, 24)
    ]
    Terminal().error(CauceErrors([*faults, CauceError("E0301", file="\x1b[2Jcauce.toml")]))
    said = capsys.readouterr().err
    assert said.count("error[E0306]") == 20
    assert "… and 4 more." in said
    same_as_golden("failures", "\n".join(said.splitlines()[:2] + said.splitlines()[-2:]))
    assert len(as_document(CauceErrors(faults))["errors"]) == 23


def test_control_signs_in_names_cannot_change_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """A file name could clear the screen or hide a line."""
    Terminal().error(CauceError("E0301", file="\x1b[2J\u202ecauce.toml"))
    assert "\x1b" not in capsys.readouterr().err


def test_tables_fit_or_become_records() -> None:
    """Columns that wrap in a narrow window cannot be read."""
    rows = [("a", "long value here"), ("日本", "x")]
    wide = table(("name", "value"), rows, width=80)
    assert wide.splitlines() == ["name  value", "a     long value here", "日本  x"]
    assert columns("日本") == 4
    narrow = table(("name", "value"), rows, width=12)
    assert narrow == "name: a\nvalue: long value here\n\nname: 日本\nvalue: x"


def heard(observer: object) -> None:
    step = Step(name="fit")
    state, record = State(step), Record(step, {})
    observer.planned("r1", (state, State(Step(name="bundle"), record)))  # type: ignore[attr-defined]
    observer.started(state)  # type: ignore[attr-defined]
    observer.progressed(step, 10.0, total=200.0)  # type: ignore[attr-defined]
    observer.progressed(step, 11.0, total=None)  # type: ignore[attr-defined]
    observer.finished(record, 1234.56)  # type: ignore[attr-defined]
    observer.reused(Record(Step(name="bundle"), {}))  # type: ignore[attr-defined]
    observer.started(state)  # type: ignore[attr-defined]
    observer.failed(step, ValueError("[bold]row[/]"))  # type: ignore[attr-defined]


LINES = [
    "Run r1: 1 of 2 steps to do",
    "training: done in 1,234.6 s",
    "writing the model: done before",
    "training: not finished",
]


def test_progress_in_a_log_is_lines() -> None:
    """Moving bars in a log file are thousands of lines of noise."""
    said: list[str] = []
    heard(_Plain(said.append))
    assert [line for line in said if line != "training …"] == LINES


def test_progress_on_a_terminal_leaves_the_same_lines() -> None:
    """What the bar showed is gone afterwards; what was done must not be."""
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, width=80, color_system=None)
    with Progress(
        TextColumn("{task.description} {task.fields[count]}"), console=console, transient=True
    ) as bars:
        heard(_Live(bars))
    shown = file.getvalue()
    assert "10 of 200 (5 %)" in shown or "training" in shown
    for line in LINES:
        assert line in shown


@pytest.mark.parametrize(
    ("line", "settings", "rest"),
    [
        ("run --json", Settings(json=True), "run"),
        ("--json --project a.toml run --quiet", Settings(json=True, project="a.toml", quiet=True), "run"),
        ("predict x --project=b", Settings(project="b"), "predict x"),
        ("predict -- --json", Settings(), "predict -- --json"),
        ("--lang es --no-color --debug plan", Settings(lang="es", plain=True, debug=True), "plan"),
    ],
)
def test_options_of_every_command_may_stand_anywhere(line: str, settings: Settings, rest: str) -> None:
    """`cauce --json run` and `cauce run --json` would be two things to remember."""
    assert take_settings(line.split()) == (settings, rest.split())


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MemoryError(), "E1512"),
        (OSError(28, "No space left on device", "/data/x"), "E0503"),
        (PermissionError(13, "Permission denied", "/data/x"), "E0505"),
        (RuntimeError("polars: No space left on device (os error 28)"), "E0503"),
        (ModuleNotFoundError("No module named 'mlflow'", name="mlflow.tracking"), "E1514"),
        (KeyboardInterrupt(), "E1511"),
        (ZeroDivisionError(), "E1510"),
    ],
)
def test_whatever_goes_wrong_has_a_code(error: BaseException, code: str) -> None:
    """A traceback helps nobody who did not write the program."""
    failure = as_coded(error, ["run", "--project", "a b.toml"])
    assert failure.code == code
    assert failure.message
    assert failure.hint
    if code == "E1511":
        assert "cauce run --project 'a b.toml'" in failure.hint
    if code == "E1510":
        Path(failure.values["file"]).unlink()


def test_every_code_can_be_explained_and_written_as_json() -> None:
    """A code nobody can look up."""
    every = explain(all_codes=True)
    assert {one.code for one in every} == set(CATALOGUE)
    assert json.dumps([one.to_json() for one in every])


def test_numbers_json_does_not_have_become_null(capsys: pytest.CaptureFixture[str]) -> None:
    """One NaN among the metrics would make the whole document unreadable."""
    Terminal().document({"a": float("nan"), "b": [float("inf"), 1.5], "c": {"d": (1, None)}})
    assert json.loads(capsys.readouterr().out) == {"a": None, "b": [None, 1.5], "c": {"d": [1, None]}}
