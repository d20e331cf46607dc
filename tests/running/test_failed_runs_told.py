"""A run that does not end well is told to the tracker by a code, never by what stood in the data."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from cauce.errors import CauceError
from cauce.running.observer import Silent
from cauce.running.project_run import run_project
from cauce.running.workspace import open_workspace
from cauce.testing.tracking import MemoryTracker
from cauce.threads import usable_cores

PROJECT = """schema = 1
name = "orders"
[data]
source = "orders.csv"
key = "id"
[target]
column = "late"
[split]
kind = "time"
[features]
acknowledged = "hour" # it does follow from the row's number, as late does
[[models]]
rounds = 5
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project whose time column is missing where a target stands: its split is refused."""
    rows = "".join(
        f"{n},{int((n * 7 + n // 9) % 10 < 4)},{n % 24},{'' if n == 7 else f'2025-01-{n % 28 + 1:02d}'}\n"
        for n in range(300)
    )
    (tmp_path / "orders.csv").write_text(f"id,late,hour,day\n{rows}", encoding="utf-8")
    text = PROJECT.replace('key = "id"', 'key = "id"\ntime = "day"')
    (tmp_path / "cauce.toml").write_text(text, encoding="utf-8")
    return tmp_path


class _Stopping(Silent):
    """Presses Ctrl-C, or breaks, when the step `at` begins."""

    def __init__(self, at: str, fault: Callable[[], BaseException]) -> None:
        self.at, self.fault = at, fault

    def started(self, state: object) -> None:
        if state.step.name == self.at:  # type: ignore[attr-defined]
            raise self.fault()


def test_a_failed_run_is_told_with_its_code_and_step_and_nothing_of_the_data(folder: Path) -> None:
    """Whoever looks at the tracking server would find only the runs that went well."""
    work, tracker = open_workspace(folder), MemoryTracker()
    with pytest.raises(CauceError) as caught:
        run_project(work, tracker=tracker)
    (told,) = tracker.records
    assert told.run == work.ledger.runs()[-1]
    assert (told.status, told.experiment) == ("failed", "orders")
    assert told.tags == {"cauce.error": caught.value.code, "cauce.step": "split"}
    assert told.params["models.0.rounds"] == "5"
    assert (told.metrics, told.bundle) == ({}, None)
    assert told.ended is not None
    assert told.started <= told.ended
    for value in caught.value.values.values():
        assert str(value) not in told.tags.values()


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [(KeyboardInterrupt, "interrupted", "E0601"), (ZeroDivisionError, "failed", "ZeroDivisionError")],
)
def test_ctrl_c_and_defects_are_told_too(
    folder: Path, fault: Callable[[], BaseException], status: str, code: str
) -> None:
    work, tracker = open_workspace(folder), MemoryTracker()
    with pytest.raises((CauceError, ZeroDivisionError)):
        run_project(work, tracker=tracker, observer=_Stopping("profile", fault))
    (told,) = tracker.records
    assert (told.status, told.tags) == (status, {"cauce.error": code, "cauce.step": "profile"})


def test_a_run_that_was_told_as_finished_is_not_told_as_failed(folder: Path) -> None:
    """The model is registered and the plots are there: what came after is not the run's."""
    text = (folder / "orders.csv").read_text(encoding="utf-8").replace("7,0,7,\n", "7,0,7,2025-01-08\n")
    (folder / "orders.csv").write_text(text, encoding="utf-8")

    class Breaking(Silent):
        def finished(self, record: object, seconds: float) -> None:
            if record.step.name == "register":  # type: ignore[attr-defined]
                raise ZeroDivisionError

    work, tracker = open_workspace(folder), MemoryTracker()
    with pytest.raises(ZeroDivisionError):
        run_project(work, tracker=tracker, observer=Breaking())
    assert [told.status for told in tracker.records] == ["finished"]


@pytest.mark.skipif(usable_cores() < 2, reason="with one processor the run itself draws")
def test_while_plots_are_drawn_beside_the_rest_is_told_and_once(folder: Path) -> None:
    """A run of a million rows would else wait for the tracker only once its last plot is drawn."""
    text = (folder / "orders.csv").read_text(encoding="utf-8").replace("7,0,7,\n", "7,0,7,2025-01-08\n")
    (folder / "orders.csv").write_text(text, encoding="utf-8")
    work, tracker = open_workspace(folder), MemoryTracker()
    with closing(work.beside):
        work.beside.start()
        run_project(work, tracker=tracker)
    first, last = tracker.records
    assert (first.status, first.ended, last.status) == ("running", None, "finished")
    assert first.bundle is not None
    assert last.bundle is None
    assert set(first.artifacts) == {"report/report.html", "report/report.json", "card.md"}
    assert all(name.startswith("plots/") for name in last.artifacts)
    assert len(last.artifacts) > 3
    assert (first.params, first.metrics, first.tags) == (last.params, last.metrics, last.tags)


def test_mlflow_shows_the_failed_run_after_the_next_good_one(folder: Path) -> None:
    """The failure itself waits two seconds at most, so that the server may hear of it one run later."""
    pytest.importorskip("mlflow", reason="MLflow is not installed")
    work = open_workspace(folder)
    with pytest.raises(CauceError) as caught, work.tracker() as tracker:
        run_project(work, tracker=tracker)
    text = (folder / "orders.csv").read_text(encoding="utf-8").replace("7,0,7,\n", "7,0,7,2025-01-08\n")
    (folder / "orders.csv").write_text(text, encoding="utf-8")
    with work.tracker() as tracker:
        run_project(work, tracker=tracker)
        assert tracker is not None
        assert tracker.wait().state == "delivered"
    database = sqlite3.connect(folder / ".cauce" / "mlflow.db")
    assert list(database.execute("select status from runs order by name")) == [("FAILED",), ("FINISHED",)]
    codes = list(database.execute("select value from tags where key = 'cauce.error'"))
    assert codes == [(caught.value.code,)]
    database.close()
