"""Linear and logistic models from the project file to predictions, on real tables and on hard ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from cauce.core.bundle.opening import open_stored_bundle
from cauce.core.columns import FOLD, TARGET
from cauce.core.evaluation import decode_evaluation, encode_evaluation
from cauce.core.features import FittedFeatures
from cauce.core.linear.coefficients import Coefficients
from cauce.core.linear.model import LinearModel
from cauce.errors import CauceError, CauceWarning
from cauce.running.learning import KEPT
from cauce.running.plots.rendering import render
from cauce.running.project_run import Results, run_project
from cauce.running.steps.fit import preparation
from cauce.running.steps.objects import read_json
from cauce.running.steps.profile import snapshot_source
from cauce.running.verification import verify_bundle
from cauce.running.workspace import Workspace, open_workspace

LOGISTIC = '[[models]]\nlearner = "logistic"\n'


def project_in(folder: Path, source: Path, target: str, models: str, more: str = "") -> Workspace:
    text = f"""
name = "one"
[data]
source = {json.dumps(str(source))}
{more}
[target]
{target}
{models}
[tracking]
enabled = false
"""
    (folder / "cauce.toml").write_text(text, encoding="utf-8")
    return open_workspace(folder)


def run(work: Workspace) -> tuple[Results, Any]:
    results = Results(work, run_project(work).records)
    return results, open_stored_bundle(work.store, results.bundle)


def coefficients(results: Results) -> Coefficients:
    written = read_json(results.work.store, str(results.records["fit"].outputs["training"].value))
    return Coefficients.from_json(written["coefficients"])


def table_of(results: Results) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Every row's features, target and fold, as the learner got them."""
    work, step = results.work, results.records["fit"].step
    fitted = FittedFeatures.from_json(
        read_json(work.store, str(results.records["fit"].outputs["features"].value))
    )
    source = snapshot_source(work, step)
    ready = preparation(work, step, schema=source.schema, keep=fitted.required.names)
    made = fitted.training_projection(ready.schema, keep=KEPT)
    frames = [made(ready(batch)) for batch in source.batches()]
    return pl.concat(frames), fitted.names


def features_and_target(results: Results, fold: int) -> tuple[np.ndarray, np.ndarray]:
    frame, names = table_of(results)
    rows = frame.filter(pl.col(FOLD) == fold)
    return rows.select(names).cast(pl.Float64).to_numpy(), rows.get_column(TARGET).to_numpy()


def metric(results: Results, name: str) -> float:
    found = next(one for one in results.evaluation.datasets["test"].metrics if str(one.name) == name)
    assert found.value is not None
    return float(found.value)


def test_wine_is_predicted_as_by_scikit_learn(tmp_path: Path, shared_data: Path) -> None:
    """The same features and rows must give the same R², and the report the same coefficients."""
    source = shared_data / "wine_quality_white" / "winequality-white.csv"
    models = '[[models]]\nlearner = "linear"'
    work = project_in(tmp_path, source, 'column = "quality"\ntask = "regression"', models)
    results, bundle = run(work)
    rows, target = features_and_target(results, 0)
    other = LinearRegression().fit(rows, target)
    test_rows, test_target = features_and_target(results, 2)
    assert metric(results, "r2") == pytest.approx(other.score(test_rows, test_target), abs=1e-6)
    assert verify_bundle(bundle).holds
    assert isinstance(bundle.model, LinearModel)
    single = LinearRegression().fit(rows.astype(np.float32).astype(np.float64), target)
    np.testing.assert_allclose(bundle.model.coefficients[0], single.coef_, rtol=1e-6)
    assert results.evaluation.history is None
    assert results.evaluation.importance[0][0] == "density"


def test_penguins_of_three_kinds_are_told_apart(tmp_path: Path, shared_data: Path) -> None:
    """Missing cells, levels and three classes must go from the file to a probability."""
    source = shared_data / "penguins" / "penguins.csv"
    models = '[[models]]\nlearner = "logistic"\npenalty = { lambda = 0.01 }'
    results, bundle = run(project_in(tmp_path, source, 'column = "species"', models))
    rows, target = features_and_target(results, 0)
    scaled = (rows - rows.mean(axis=0)) / np.where(rows.std(axis=0) > 0, rows.std(axis=0), 1)
    other = LogisticRegression(C=1 / (0.01 * len(rows)), tol=1e-9, max_iter=10**4).fit(scaled, target)
    ours = bundle.scorer().scores_of(rows.astype(np.float32))
    np.testing.assert_allclose(ours, other.predict_proba(scaled), atol=1e-4)
    assert metric(results, "accuracy") > 0.95
    assert verify_bundle(bundle).holds
    path = results.evaluation.path
    assert path is not None
    assert path.chosen == 0.01
    assert decode_evaluation(encode_evaluation(results.evaluation)).path == path
    assert render(results.evaluation, tmp_path / "plots")["path"].stat().st_size > 10_000


def test_readmission_of_patients_is_ranked_as_well_as_a_linear_model_can(
    tmp_path: Path, shared_data: Path
) -> None:
    """Fifty columns of levels and counts, most of them texts, must become a model better than chance."""
    whole = next((shared_data / "diabetes130").glob("*.parquet"))
    small = tmp_path / "small.parquet"
    pl.read_parquet(whole).gather_every(16).write_parquet(small)
    target = "formula = \"readmitted == '<30'\""
    more = 'missing = "?"\ngroup = "patient_nbr"\nkey = "encounter_id"'
    models = '[[models]]\nlearner = "logistic"\nclass_weight = "balanced"\n[split]\nkind = "group"\n'
    results, bundle = run(project_in(tmp_path, small, target, models, more))
    assert metric(results, "roc_auc[positive=true]") > 0.58
    assert verify_bundle(bundle).holds
    found = coefficients(results)
    assert found.scans < 20


def table(folder: Path, **columns: Any) -> Path:
    path = folder / "table.csv"
    rows = len(next(iter(columns.values())))
    pl.DataFrame({"id": [f"{k:05d}" for k in range(rows)], **columns}).write_csv(path)
    return path


def hard(count: int = 300) -> dict[str, Any]:
    drawn = np.random.default_rng(4)
    x = drawn.normal(size=count)
    return {
        "x": x,
        "twice": 2 * x,
        "same": np.full(count, 7.5),
        "holes": [None if k % 4 == 0 else float(k % 9) for k in range(count)],
        "level": ["abc"[k % 3] for k in range(count)],
        "y": 3 * x + drawn.normal(size=count),
    }


@pytest.mark.parametrize("learner", ["linear", "logistic"])
def test_a_table_of_troubles_becomes_a_model(tmp_path: Path, learner: str) -> None:
    """Constant, collinear and holed columns are the rule in practice."""
    columns = hard()
    target = 'column = "y"' if learner == "linear" else 'formula = "y > 0"'
    models = f'[[models]]\nlearner = "{learner}"'
    work = project_in(tmp_path, table(tmp_path, **columns), target, models, 'key = "id"')
    warned = pytest.warns(CauceWarning, match="twice") if learner == "linear" else nullcontext()
    with warned:
        results, bundle = run(work)
    assert verify_bundle(bundle).holds
    found = coefficients(results)
    assert {"x", "twice"} <= set(found.collinear)
    assert {one.feature for one in found.rows} >= {"holes", "holes:missing"}
    scores = bundle.scorer().scores(pl.read_csv(tmp_path / "table.csv", schema_overrides={"id": pl.String}))
    assert np.isfinite(scores).all()


@pytest.mark.parametrize(
    ("target", "models", "code"),
    [
        ('column = "y"', '[[models]]\nlearner = "logistic"', "E0830"),
        ('formula = "y > 0"', '[[models]]\nlearner = "linear"', "E0830"),
        ('column = "y"', '[[models]]\nlearner = "linear"\n[features.columns]\nholes = "raw"', "E0833"),
        ('column = "y"', '[[models]]\nlearner = "linear"\n[features.columns]\nx = "log"', "E0833"),
    ],
)
def test_what_cannot_be_learned_is_refused_with_its_reason(
    tmp_path: Path, target: str, models: str, code: str
) -> None:
    """A traceback, or a model of NaN, leaves the user with nothing to do next."""
    work = project_in(tmp_path, table(tmp_path, **hard()), target, models, 'key = "id"')
    with pytest.raises(CauceError) as caught:
        run(work)
    assert caught.value.code == code


def test_classes_that_two_columns_separate_are_told_unless_a_penalty_holds_them(tmp_path: Path) -> None:
    """Without a word the coefficients would be whatever the solver stopped at."""
    drawn = np.random.default_rng(1)
    one, two = drawn.normal(size=400), drawn.normal(size=400)
    source = table(tmp_path, one=one, two=two, y=np.where(one + two > 0, "yes", "no"))
    work = project_in(tmp_path, source, 'column = "y"', LOGISTIC + "penalty = { lambda = 0 }", 'key = "id"')
    with pytest.raises(CauceError) as caught:
        run(work)
    assert caught.value.code == "E0820"
    results, _bundle = run(project_in(tmp_path, source, 'column = "y"', LOGISTIC, 'key = "id"'))
    assert metric(results, "accuracy") > 0.95


_DIGEST = """
import sys
from pathlib import Path
from cauce.running.project_run import Results, run_project
from cauce.running.workspace import open_workspace
work = open_workspace(Path(sys.argv[1]))
print(Results(work, run_project(work).records).bundle)
"""


@pytest.mark.slow
def test_the_number_of_threads_changes_no_digit(tmp_path: Path) -> None:
    """A colleague with more cores must get the same model, by its digest."""
    columns = {f"x{k}": np.random.default_rng(k).normal(size=4000) for k in range(40)}
    columns["y"] = np.sum(list(columns.values()), axis=0)
    source = table(tmp_path, **columns)
    seen = set()
    for threads in ("1", "2"):
        folder = tmp_path / threads
        folder.mkdir()
        project_in(folder, source, 'formula = "y > 0"', LOGISTIC + "[features]\nexclude = 'y'", 'key = "id"')
        limits = {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        done = subprocess.run(
            [sys.executable, "-c", _DIGEST, str(folder)],
            capture_output=True,
            text=True,
            env={**os.environ, **limits},
            check=True,
        )
        seen.add(done.stdout.strip())
    assert len(seen) == 1
