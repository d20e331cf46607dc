"""`[engine]` says how much is held in memory at a time, and nothing of it changes the model."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pytest

from cauce.core.boosting_rows import Floats
from cauce.core.snapshot_reading import read_manifest
from cauce.engines.trees import spooling
from cauce.running.project_run import Results, run_project
from cauce.running.steps.profile import snapshot_source
from cauce.running.workspace import open_workspace

PROJECT = """
schema = 1
name = "sizes"
data.source = "table.csv"
target.column = "y"
tracking.enabled = false
[[models]]
rounds = 5
{engine}
"""


def project(folder: Path, engine: str) -> Path:
    """600 rows: two numbers and a class that depends on them."""
    draw = random.Random(1)
    lines = ["a,b,y"]
    for _ in range(600):
        a, b = draw.gauss(0, 1), draw.gauss(0, 1)
        lines.append(f"{a},{b},{int(draw.random() < 1 / (1 + math.exp(-3 * a * b)))}")
    folder.mkdir()
    (folder / "table.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "cauce.toml").write_text(PROJECT.format(engine=engine), encoding="utf-8")
    return folder


def made(folder: Path) -> Results:
    work = open_workspace(folder)
    return Results(work, run_project(work).records)


def test_how_much_is_held_at_a_time_changes_no_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with less memory would train another model, or a setting would be read and forgotten."""
    files = []
    original = spooling.Spool._written

    def noted(spool: spooling.Spool, features: Floats) -> int:
        files.append(spool)
        return original(spool, features)

    monkeypatch.setattr(spooling.Spool, "_written", noted)
    plain = made(project(tmp_path / "plain", ""))
    assert not files
    small = made(project(tmp_path / "small", '[engine]\nbatch_rows = 50\nmemory = "1KB"'))
    for step in ("ingest", "profile", "split", "fit"):
        assert small.records[step].outputs == plain.records[step].outputs
    for name, one in plain.evaluation.datasets.items():
        found = [metric.value for metric in small.evaluation.datasets[name].metrics]
        # Sums of floats go by batch: the last bits of a mean may differ.
        assert found == pytest.approx([metric.value for metric in one.metrics], rel=1e-12)
    assert len(set(map(id, files))) == 2


def test_rows_are_read_as_many_at_a_time_as_declared(tmp_path: Path) -> None:
    results = made(project(tmp_path / "small", "[engine]\nbatch_rows = 50"))
    work, step = results.work, results.records["profile"].step
    source = snapshot_source(work, step)
    assert source.manifest == read_manifest(work.store, results.snapshot)
    assert {batch.height for batch in source.batches()} == {50}
