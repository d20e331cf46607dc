"""Defects of systems made by hand, one each: what their charts and their measures of importance did wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import cauce
from cauce.running.report.gathering import gather
from cauce.running.workspace import open_workspace

ROWS = 300


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose columns have very different units; only `grams` and `town` say something."""
    folder = tmp_path_factory.mktemp("charts")
    random = np.random.default_rng(3)
    grams, noise = random.normal(5000.0, 1000.0, ROWS), random.normal(0.0, 1e-6, ROWS)
    town = random.choice(["Cali", "Pasto"], ROWS)
    answer = (grams / 1000 + 0.8 * (town == "Cali") + random.normal(0, 0.2, ROWS)) > 5.4
    lines = [f"{k:04d},{grams[k]:.3f},{noise[k]:.9f},{town[k]},{int(answer[k])}" for k in range(ROWS)]
    (folder / "table.csv").write_text("\n".join(["id,grams,noise,town,y", *lines]) + "\n", encoding="utf-8")
    (folder / "cauce.toml").write_text(
        'schema = 1\nname = "charts"\n[data]\nsource = "table.csv"\nkey = "id"\n[target]\ncolumn = "y"\n'
        "[[models]]\nrounds = 10\n[tracking]\nenabled = false\n",
        encoding="utf-8",
    )
    return folder


def test_curves_are_drawn_without_collecting_rows(folder: Path) -> None:
    """A D12: the validation rows were collected on the driver, row by row, to draw one curve."""
    cauce.run(folder)
    work = open_workspace(folder)
    before = work.engine.rows_scanned
    content = gather(work, cauce.report(project=folder, out=folder / "again.html").run)
    assert work.engine.rows_scanned == before
    evaluation = content.evaluation
    assert evaluation is not None
    curve = evaluation.datasets["test"].roc["1"]
    assert 2 < curve.x.size <= 1000


def test_figures_are_closed_and_nothing_lands_where_the_command_was_called(
    folder: Path, tmp_path: Path
) -> None:
    """A D26: figures stayed open, needed a screen, and were written to wherever one stood."""
    code = (
        "import sys, cauce;"
        f"made = cauce.run({str(folder)!r});"
        "assert 'matplotlib.pyplot' not in sys.modules and 'tkinter' not in sys.modules;"
        "assert made.report.is_file() and all(path.is_file() for path in made.plots.values())"
    )
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path / "home"), "PYTHONPATH": ""}
    (tmp_path / "home").mkdir()
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True, timeout=200)
    assert [one.name for one in tmp_path.iterdir()] == ["home"]


def test_importance_is_of_named_columns_and_free_of_their_units(folder: Path) -> None:
    """C D13: unscaled coefficients stood for importance, and the names were lost in a vector."""
    found = cauce.run(folder).evaluation
    assert {name for name, _gain in found.importance} == {"grams", "noise", "town"}
    assert found.importance[0][0] == "grams"
    permuted = found.permutation
    assert permuted is not None
    drops = {one.column: one.drop for one in permuted.columns}
    assert drops.keys() == {"grams", "noise", "town"}
    assert drops["grams"] > drops["town"] > drops["noise"]
