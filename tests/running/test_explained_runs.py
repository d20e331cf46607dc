"""Every learner's predictions are explained, from the project file to predictions and the report."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import cauce
from cauce.core.bundle.conversion import Conversion
from cauce.core.bundle.frames import fields_of
from cauce.core.contributions.explainer import Explainer
from cauce.core.scoring import load_scorer
from cauce.running.report.gathering import find_run, gather
from cauce.running.workspace import open_workspace

LEARNERS = {
    "linear": ("regression", 'learner = "linear"'),
    "boosting": ("regression", "rounds = 8"),
    "forest": ("multiclass", 'learner = "forest"\ntrees = 8\nmax_depth = 4'),
    "logistic": ("multiclass", 'learner = "logistic"'),
}
TREES = ("boosting", "forest")


def project(folder: Path, learner: str) -> Path:
    task, model = LEARNERS[learner]
    # Beside the columns they are made of, components are collinear: trees do not mind.
    keep = str(learner in TREES).lower()
    draw = random.Random(8)
    lines = ["id,length,width,height,plan,answer"]
    for number in range(400):
        size = draw.gauss(0, 1)
        cells = [f"{size * unit + draw.gauss(0, 0.4) * unit:.4f}" for unit in (1, 10, 1000)]
        if number % 29 == 0:
            cells[1] = ""
        plan = draw.choice(["basic", "plus", "año"])
        value = size + (plan == "plus") + draw.gauss(0, 0.5)
        answer = (
            f"{value:.4f}" if task == "regression" else "low" if value < 0 else "mid" if value < 1 else "high"
        )
        lines.append(f"{number},{','.join(cells)},{plan},{answer}")
    (folder / "table.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "cauce.toml").write_text(
        f'schema = 1\nname = "why"\n[data]\nsource = "table.csv"\nkey = "id"\n[target]\ncolumn = "answer"\n'
        f'task = "{task}"\n[features.pca.shape]\ncomponents = 2\nkeep = {keep}\n[[models]]\n{model}\n'
        "[evaluate]\ncontributions = true\npermutation = false\n[tracking]\nenabled = false\n",
        encoding="utf-8",
    )
    return folder


@pytest.mark.parametrize("learner", LEARNERS)
def test_contributions_of_a_run_add_up_to_the_raw_score(tmp_path: Path, learner: str) -> None:
    """Whatever the learner and the features between: columns, one-hot parts, components."""
    folder = project(tmp_path, learner)
    cauce.run(folder)
    (path,) = (folder / ".cauce" / "models").glob("why-*")
    model = cauce.load(path)
    frame = pl.read_csv(folder / "table.csv")
    rows = Conversion(model.bundle.manifest.input, fields_of(frame))(frame)
    scorer = model.bundle.scorer(threads=1)
    found = Explainer(scorer, model.bundle.xgboost)(rows)
    raw = load_scorer(model.bundle.xgboost, "xgboost", margins=True)(scorer.matrix(rows))
    wanted = np.asarray(raw, dtype=np.float64).reshape(frame.height, -1)
    assert np.abs(found.scores - wanted).max() <= 1e-5 * max(1.0, np.abs(wanted).max())
    columns = {"length", "width", "height"} if learner in TREES else set()
    assert set(found.sources) == {"plan", "shape"} | columns
    done = cauce.predict(folder / "table.csv", out=folder / "o.csv", project=folder, explain=2)
    words = pl.read_csv(done.path)
    assert words["because_1"].str.contains(r"^(length|width|height|plan|shape): [+-]").all()
    work = open_workspace(folder)
    content = gather(work, find_run(work))
    assert content.evaluation is not None
    summary = content.evaluation.contributions
    assert summary is not None
    assert summary.rows == content.training["folds"]["validation"]
    assert {one.source for one in summary.columns} == set(found.sources)
    assert content.evaluation.permutation is None
    assert (content.evaluation.residuals is not None) == (LEARNERS[learner][0] == "regression")
