"""Plots drawn in a process beside a run are those that the run itself would draw."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cauce.core.evaluation import Evaluation, History, encode_evaluation
from cauce.core.metrics.target import Target
from cauce.language import use_language
from cauce.planning.step import Reference
from cauce.running.artifacts import begin_plots, expect_plots, render_plots
from cauce.running.plots import render
from cauce.running.plots.beside import Beside
from cauce.running.workspace import Workspace
from cauce.spec import project_from_text
from cauce.threads import usable_cores

EVALUATION = Evaluation(
    target=Target("binary", ("no", "sí")),
    datasets={},
    importance=(("income", 12.5), ("plan «plus»", 3.0)),
    history=History(metric="log_loss", losses={"train": (0.7, 0.6)}, best_round=1),
)

pytestmark = pytest.mark.skipif(usable_cores() < 2, reason="with one processor the run itself draws")


def work_in(folder: Path) -> Workspace:
    text = 'schema = 1\nname = "beside"\ndata.source = "a.csv"\ntarget.column = "y"\n'
    return Workspace(project_from_text(text + "[[models]]\n"), folder)


def kept(work: Workspace) -> Reference:
    work.store.put_if_absent("objects/e.json", encode_evaluation(EVALUATION))
    return Reference("object", "objects/e.json")


def bytes_in(folder: Path) -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in folder.glob("*.png")}


@pytest.mark.parametrize("language", ["en", "es"])
def test_what_is_drawn_beside_is_what_the_run_would_draw(tmp_path: Path, language: str) -> None:
    """Else large tables would have other pictures than small ones, or those of another language."""
    use_language(language)
    try:
        work = work_in(tmp_path / "project")
        expect_plots(work, 1_000_000)
        begin_plots(work, kept(work))
        plots = render_plots(work, EVALUATION)
        work.beside.close()
        render(EVALUATION, tmp_path / "own")
    finally:
        use_language("en")
    assert set(plots) == {"importance", "history"}
    assert bytes_in(tmp_path / "own") == {name: path.read_bytes() for name, path in plots.items()}


def test_few_rows_start_no_process(tmp_path: Path) -> None:
    """Else a small run would take longer than it does."""
    work = work_in(tmp_path)
    expect_plots(work, 10_000)
    assert not work.beside.started


def test_a_process_that_dies_costs_no_plot(tmp_path: Path) -> None:
    """Else a run with a finished model would end without pictures, or never."""
    work = work_in(tmp_path)
    expect_plots(work, 1_000_000)
    assert work.beside._process is not None
    work.beside._process.kill()
    work.beside._process.wait()
    begin_plots(work, kept(work))
    assert set(render_plots(work, EVALUATION)) == {"importance", "history"}
    work.beside.close()
    assert not any(work.store.scratch().parent.glob("*/*.png"))


def test_plots_nobody_asks_for_leave_nothing(tmp_path: Path) -> None:
    """Else a run that fails after its evaluation would leave files, and a process, behind."""
    beside, folder = Beside(), tmp_path / "draft"
    folder.mkdir()
    (tmp_path / "e.json").write_bytes(encode_evaluation(EVALUATION))
    beside.start()
    process = beside._process
    beside.draw("name", tmp_path / "e.json", folder=folder)
    assert beside.drawn("another") is None
    beside.close()
    assert process is not None
    assert process.poll() is not None
    assert not folder.exists()


def test_the_process_does_not_outlive_a_run_that_is_killed() -> None:
    """Else every killed run would leave a process waiting for ever."""
    code = """
import os, time
from cauce.running.plots.beside import Beside
beside = Beside()
beside.start()
print(beside._process.pid, flush=True)
os.kill(os.getpid(), 9)
"""
    found = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=False)
    own, end = int(found.stdout), time.monotonic() + 20
    while time.monotonic() < end and running(own):
        time.sleep(0.1)
    assert not running(own)


def running(process: int) -> bool:
    try:
        os.kill(process, 0)
        status = Path(f"/proc/{process}/status")
        return not (status.exists() and "\nState:\tZ" in status.read_text())
    except OSError:
        return False
