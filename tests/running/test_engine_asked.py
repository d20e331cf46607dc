"""Which engine does the work is one setting or one flag, and never part of what the work is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import cauce
from cauce.errors import CauceError
from cauce.running.project_run import states_of
from cauce.running.workspace import EngineAsked, Workspace, open_workspace

PROJECT = """
name = "asked"
[data]
source = "table.csv"
[target]
column = "y"
[tracking]
enabled = false
"""


def project_in(folder: Path, more: str = "") -> Path:
    lines = "".join(f"{k % 7},{k * k % 11},{'ab'[k % 2]}\n" for k in range(60))
    (folder / "table.csv").write_text("u,v,y\n" + lines, encoding="utf-8")
    (folder / "cauce.toml").write_text(PROJECT + more, encoding="utf-8")
    return folder


def digests(work: Workspace) -> list[str]:
    return [one.step.digest for one in states_of(work)]


def test_the_engine_is_in_no_digest(tmp_path: Path) -> None:
    """A project that moves to Spark would run everything again, and once more on its way back."""
    plain = open_workspace(project_in(tmp_path))
    from cauce.running.project_run import run_project

    run_project(plain)
    wanted = digests(plain)
    settings = '[engine]\nkind = "spark"\nmaster = "local[9]"\nworkers = 3\n[engine.spark]\nspark.a.b = "c"\n'
    for work in (
        open_workspace(tmp_path, engine="spark"),
        open_workspace(tmp_path, master="spark://host:7077"),
        open_workspace(project_in(tmp_path, settings)),
    ):
        assert work.project.engine.kind == "spark"
        assert digests(work) == wanted
        assert all(one.finished for one in states_of(work))


@pytest.mark.parametrize(
    ("asked", "kind", "master"),
    [
        ({}, "spark", "local[3]"),
        ({"engine": "local"}, "local", "local[3]"),
        ({"engine": "spark"}, "spark", "local[3]"),
        ({"master": "yarn"}, "spark", "yarn"),
        ({"engine": "spark", "master": "yarn"}, "spark", "yarn"),
        ({"spark": object()}, "spark", "local[3]"),
        ({"engine": None, "master": None}, "spark", "local[3]"),
    ],
)
def test_what_is_asked_for_beats_the_file(tmp_path: Path, asked: Any, kind: str, master: str) -> None:
    """A flag that is read and forgotten runs for hours on the wrong machine."""
    folder = project_in(tmp_path, '[engine]\nkind = "spark"\nmaster = "local[3]"\n')
    work = open_workspace(folder, **asked)
    assert (work.project.engine.kind, work.project.engine.master) == (kind, master)
    assert work.session is asked.get("spark")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (EngineAsked(engine="local", master="yarn"), "E0722"),
        (EngineAsked(engine="local", spark=object()), "E0722"),
        (EngineAsked(master="yarn", spark=object()), "E0723"),
        ({"engine": "sparks"}, "E1504"),
    ],
)
def test_contradictions_are_refused(tmp_path: Path, asked: Any, code: str) -> None:
    """One of two engines that are asked for would do the work, and nobody knows which."""
    folder = project_in(tmp_path)
    for command in (cauce.run, cauce.plan, cauce.tune):
        with pytest.raises(CauceError) as caught:
            command(folder, **asked)
        assert caught.value.code == code


def test_a_plan_on_spark_starts_no_spark(tmp_path: Path) -> None:
    """Looking at a plan would take the time of a cluster's start, or fail where the cluster is away."""
    plan = cauce.plan(project_in(tmp_path), master="spark://nowhere.invalid:7077")
    local = cauce.plan(tmp_path)
    assert [one.name for one in plan.steps] == [one.name for one in local.steps]
    assert plan.scans == local.scans
