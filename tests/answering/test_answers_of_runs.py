"""A run's calibration, scale and intervals reach every way to score, and its figures are of the answers."""

from __future__ import annotations

import json
import math
import random
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import brier_score_loss, log_loss, r2_score, roc_auc_score, root_mean_squared_log_error

import cauce
from cauce.core.bundle.manifest import Manifest
from cauce.core.columns import FOLD, FOLD_NAMES
from cauce.core.preparation import Preparation
from cauce.core.splits import decode_rule
from cauce.core.task import Target
from cauce.errors import CauceError, CauceWarning
from cauce.planning.pipeline import STEPS
from cauce.running.project_run import Results, run_project
from cauce.running.steps.objects import read_json
from cauce.running.steps.profile import snapshot_source
from cauce.running.workspace import open_workspace

ROWS = 1500


def write_table(path: Path) -> None:
    """Customers: `spent` is lognormal by `income`, `churn` and `plan` depend on `income` too."""
    draw = random.Random(11)
    lines = ["customer,income,age,region,spent,churn,plan"]
    for number in range(ROWS):
        income, age = draw.gauss(0, 1), draw.randint(18, 80)
        spent = round(math.expm1(max(0.0, draw.gauss(4 + income, 0.7))), 2)
        churn = int(draw.random() < 1 / (1 + math.exp(2 - 1.5 * income)))
        plan = ("basic", "plus", "pro")[min(2, max(0, round(1 + income + draw.gauss(0, 0.7))))]
        region = draw.choice(["north", "south"])
        lines.append(f"{number:05d},{income:.4f},{age},{region},{spent},{churn},{plan}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def project_in(folder: Path, target: str, more: str = "", model: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    write_table(folder / "table.csv")
    others = [name for name in ("spent", "churn", "plan") if f'"{name}"' not in target]
    text = f"""
schema = 1
name = "customers"
[data]
source = "table.csv"
key = "customer"
drop = {json.dumps(others)}
[target]
{target}
[[models]]
rounds = 30
{model}
[tracking]
enabled = false
{more}
"""
    (folder / "cauce.toml").write_text(text, encoding="utf-8")
    return folder


def run(folder: Path) -> Results:
    work = open_workspace(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CauceWarning)
        return Results(work, run_project(work).records)


def bundle_of(results: Results) -> Any:
    return cauce.load(results.work.folder / ".cauce" / "bundles" / results.bundle)


def rows_of(results: Results, dataset: str) -> pl.DataFrame:
    """The table's rows of one dataset, by the bundle's own split rule."""
    work = results.work
    step = results.records["evaluate"].step
    source, known = snapshot_source(work, step), read_json(work.store, step.stored("split"))
    target, rule = Target.from_json(known["target"]), decode_rule(known["rule"])
    prepared = Preparation(source.schema, target, rule, work.project.data.key, None, source.schema.names)
    frame = pl.concat([prepared(batch) for batch in source.batches()])
    return frame.filter(pl.col(FOLD) == FOLD_NAMES.index(dataset))


@pytest.mark.parametrize(
    ("method", "target"), [("platt", 'column = "plan"'), ("isotonic", 'column = "churn"')]
)
def test_every_way_to_score_gives_the_calibrated_probabilities(
    tmp_path: Path, method: str, target: str
) -> None:
    results = run(project_in(tmp_path, target, f'[choose]\ncalibration = "{method}"'))
    model = bundle_of(results)
    table = pl.read_csv(tmp_path / "table.csv", schema_overrides={"customer": pl.String})
    names = [one for one in model.predict(table.head(1)).columns if one.startswith("probability")]
    by_frame = model.predict(table)[names].to_numpy()
    cauce.predict(
        tmp_path / "table.csv",
        model=results.work.folder / ".cauce" / "bundles" / results.bundle,
        out=tmp_path / "out.parquet",
    )
    ways = [pl.read_parquet(tmp_path / "out.parquet")[names].to_numpy()]
    for payload in ("xgboost", "onnx"):
        scorer = model.bundle.scorer(payload=payload)
        ways.append(scorer(table)[names].to_numpy())
        some = scorer.score_rows(table.head(200).to_dicts())
        assert (
            np.abs(np.array([[row[name] for name in names] for row in some]) - by_frame[:200]).max() <= 1e-6
        )
    assert max(np.abs(way - by_frame).max() for way in ways) <= 1e-6
    assert by_frame.sum(axis=1) == pytest.approx(1.0, abs=1e-6)
    assert cauce.verify(results.work.folder / ".cauce" / "bundles" / results.bundle).holds


@pytest.mark.parametrize("method", ["platt", "isotonic"])
def test_calibration_mends_probabilities_that_class_weights_bent_and_the_report_says_by_how_much(
    tmp_path: Path, method: str
) -> None:
    """The figures before and after are those that scikit-learn finds for the same test rows."""
    wanted = f'[choose]\ncalibration = "{method}"'
    results = run(project_in(tmp_path / "a", 'column = "churn"', wanted, 'class_weight = "balanced"'))
    plain = run(project_in(tmp_path / "b", 'column = "churn"', "", 'class_weight = "balanced"'))
    test = rows_of(results, "test")
    label = test["churn"].to_numpy()
    after, before = (bundle_of(one).predict(test)["probability_1"].to_numpy() for one in (results, plain))
    answers = results.evaluation.answers
    assert answers is not None
    assert answers.calibration is not None
    told = {str(one.name): one.value for one in answers.calibration.before["test"]}
    found = {str(one.name): one.value for one in results.evaluation.datasets["test"].metrics}
    for name, peer in (
        ("log_loss", log_loss),
        ("brier", brier_score_loss),
        ("roc_auc[positive=1]", roc_auc_score),
    ):
        assert told[name] == pytest.approx(peer(label, before), abs=1e-6)
        assert found[name] == pytest.approx(peer(label, after), abs=1e-6)
    assert found["log_loss"] < told["log_loss"]
    assert found["brier"] < told["brier"]


def test_a_project_that_asks_for_nothing_makes_the_bundle_it_made(tmp_path: Path) -> None:
    """No step, no field, no other digest: what is not used costs nothing."""
    first = run(project_in(tmp_path / "a", 'column = "churn"'))
    second = run(project_in(tmp_path / "b", 'column = "churn"', '[choose]\ncalibration = "none"'))
    assert first.bundle == second.bundle
    assert "calibrate" in STEPS
    assert "calibrate" not in first.records
    assert b"answering" not in bundle_of(first).bundle.manifest.to_bytes()


def test_amounts_learned_on_a_log_scale_are_predicted_and_judged_on_their_own(tmp_path: Path) -> None:
    results = run(project_in(tmp_path, 'column = "spent"\ntransform = "log1p"'))
    test = rows_of(results, "test")
    spent, predicted = test["spent"].to_numpy(), bundle_of(results).predict(test)["prediction"].to_numpy()
    found = {str(one.name): one.value for one in results.evaluation.datasets["test"].metrics}
    assert found["r2"] == pytest.approx(r2_score(spent, predicted), abs=1e-6)
    assert found["rmse[log1p]"] == pytest.approx(root_mean_squared_log_error(spent, predicted), abs=1e-6)
    assert found["bias"] == pytest.approx(np.mean(predicted - spent), rel=1e-5)
    assert predicted.min() >= 0
    validation = rows_of(results, "validation")
    actual, guessed = validation["spent"], bundle_of(results).predict(validation)["prediction"]
    answers = results.evaluation.answers
    assert answers is not None
    assert answers.scale is not None
    assert answers.scale.ratio == pytest.approx(actual.mean() / guessed.mean(), rel=1e-5)
    factor = np.mean(np.exp(np.log1p(actual.to_numpy()) - np.log1p(guessed.to_numpy())))
    assert answers.scale.smearing == pytest.approx(factor, rel=1e-4)


def test_targets_without_a_logarithm_are_refused_with_their_number(tmp_path: Path) -> None:
    """Left out in silence they would make the model look better than it is."""
    folder = project_in(tmp_path, 'formula = "spent - 100"\ntransform = "log1p"')
    lines = (folder / "table.csv").read_text(encoding="utf-8").splitlines()[1:]
    expected = sum(float(line.split(",")[4]) - 100 <= -1 for line in lines)
    text = (folder / "cauce.toml").read_text(encoding="utf-8").replace('"spent", ', "")
    (folder / "cauce.toml").write_text(text, encoding="utf-8")
    with pytest.raises(CauceError) as told:
        run(folder)
    assert told.value.code == "E2201"
    assert told.value.values["count"] == expected


@pytest.mark.parametrize(
    ("target", "more", "key"),
    [
        ('column = "churn"\ntransform = "log1p"', "", "target.transform"),
        ('column = "spent"', '[choose]\ncalibration = "platt"', "choose.calibration"),
        ('column = "churn"', "[evaluate]\ninterval = 0.9", "evaluate.interval"),
    ],
)
def test_what_does_not_go_with_the_task_found_in_the_data_is_refused_before_anything_is_fitted(
    tmp_path: Path, target: str, more: str, key: str
) -> None:
    with pytest.raises(CauceError) as told:
        run(project_in(tmp_path, target, more))
    assert told.value.code == "E0319"
    assert told.value.values["key"] == key


@pytest.mark.parametrize(
    ("kind", "scale"),
    [
        ("constant", '\ntransform = "log1p"'),
        ("relative", ""),
        ("quantile", '\ntransform = "log1p"'),
        pytest.param("constant", "", marks=pytest.mark.slow),
        pytest.param("relative", '\ntransform = "log1p"', marks=pytest.mark.slow),
        pytest.param("quantile", "", marks=pytest.mark.slow),
    ],
)
def test_intervals_are_written_and_their_coverage_is_the_one_counted_by_hand(
    tmp_path: Path, kind: str, scale: str
) -> None:
    asked = f'[evaluate]\ninterval = 0.8\ninterval_kind = "{kind}"\nslices = ["region"]'
    results = run(project_in(tmp_path, f'column = "spent"{scale}', asked))
    test = rows_of(results, "test")
    found = bundle_of(results).predict(test, interval=True)
    inside = (found["lower"] <= test["spent"]) & (test["spent"] <= found["upper"])
    answers = results.evaluation.answers
    assert answers is not None
    assert answers.interval is not None
    told = answers.interval.datasets["test"]
    assert told.rows == test.height
    assert told.share == pytest.approx(inside.mean(), abs=1e-12)
    assert told.interval.low < told.share < told.interval.high
    assert abs(told.share - 0.8) < 0.1
    assert told.width == pytest.approx((found["upper"] - found["lower"]).median(), rel=1e-2)
    parts = {one.level: one.coverage for one in answers.interval.slices}
    for region in ("north", "south"):
        rows = test["region"] == region
        assert parts[region].rows == rows.sum()
        assert parts[region].share == pytest.approx(inside.filter(rows).mean(), abs=1e-12)
    assert (found["lower"] <= found["prediction"]).all()
    assert (found["prediction"] <= found["upper"]).all()
    rows = bundle_of(results).bundle.scorer(interval=True).score_rows(test.head(20).to_dicts())
    assert [row["upper"] for row in rows] == pytest.approx(found["upper"].head(20).to_list(), rel=1e-6)
    out = tmp_path / "out.csv"
    cauce.predict(tmp_path / "table.csv", project=tmp_path, out=out, interval=True)
    assert pl.read_csv(out).columns[:4] == ["customer", "prediction", "lower", "upper"]


def test_a_model_without_intervals_says_so(tmp_path: Path) -> None:
    results = run(project_in(tmp_path, 'column = "spent"'))
    with pytest.raises(CauceError) as told:
        bundle_of(results).predict(rows_of(results, "test"), interval=True)
    assert told.value.code == "E2205"


def test_an_interval_that_the_rows_cannot_carry_is_refused(tmp_path: Path) -> None:
    folder = project_in(tmp_path, 'column = "spent"', "[evaluate]\ninterval = 0.999")
    with pytest.raises(CauceError) as told:
        run(folder)
    assert told.value.code == "E2204"
    assert told.value.values["needed"] == 999


def test_a_bundle_whose_answers_do_not_fit_its_target_is_refused(tmp_path: Path) -> None:
    """The manifest is data from elsewhere: a scale of classes must not reach a score."""
    results = run(project_in(tmp_path, 'column = "churn"', '[choose]\ncalibration = "platt"'))
    document = json.loads(bundle_of(results).bundle.manifest.to_bytes())
    for wrong in (
        {"transform": {"scale": "log1p", "least": 0.0}},
        {"calibration": {**document["answering"]["calibration"], "maps": []}},
        {"calibration": {"method": "platt", "on": "margin", "maps": [{"slope": -2.0, "intercept": 0.0}]}},
        {"else": 1},
        None,
    ):
        with pytest.raises(CauceError) as told:
            Manifest.from_bytes(json.dumps({**document, "answering": wrong}).encode())
        assert told.value.code == "E1201"


def test_few_rows_are_warned_of(tmp_path: Path) -> None:
    """An isotonic curve through a handful of rows is a curve of chance."""
    work = open_workspace(project_in(tmp_path, 'column = "churn"', '[choose]\ncalibration = "isotonic"'))
    with pytest.warns(CauceWarning, match="W2201"):
        run_project(work)


LEARNERS = {
    "boosting": "",
    "forest": 'learner = "forest"\ntrees = 20',
    "logistic": 'learner = "logistic"',
    "linear": 'learner = "linear"',
}


def with_learner(folder: Path, learner: str, target: str, more: str) -> Path:
    project_in(folder, target, more)
    text = (folder / "cauce.toml").read_text(encoding="utf-8")
    if learner != "boosting":
        text = text.replace("rounds = 30\n", LEARNERS[learner] + "\n")
    (folder / "cauce.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("learner", "target"),
    [
        ("forest", 'column = "plan"'),
        ("logistic", 'column = "churn"'),
        pytest.param("forest", 'column = "churn"', marks=pytest.mark.slow),
        pytest.param("logistic", 'column = "plan"', marks=pytest.mark.slow),
    ],
)
def test_every_learner_of_classes_is_calibrated_alike_everywhere(
    tmp_path: Path, learner: str, target: str
) -> None:
    folder = with_learner(tmp_path, learner, target, '[choose]\ncalibration = "isotonic"')
    results = run(folder)
    bundle = bundle_of(results).bundle
    test = rows_of(results, "test")
    found = [bundle.scorer(payload=payload).scores(test) for payload in ("xgboost", "onnx")]
    assert np.abs(found[0] - found[1]).max() <= 1e-6
    assert bundle.scorer().row_scores(test.head(50).to_dicts()) == pytest.approx(found[0][:50], abs=1e-6)
    answers = results.evaluation.answers
    assert answers is not None
    assert answers.calibration is not None
    assert cauce.verify(results.work.folder / ".cauce" / "bundles" / results.bundle).holds


@pytest.mark.parametrize("learner", ["forest", "linear"])
def test_every_learner_of_numbers_learns_on_the_log_scale(tmp_path: Path, learner: str) -> None:
    asked = "[evaluate]\ninterval = 0.8"
    results = run(with_learner(tmp_path, learner, 'column = "spent"\ntransform = "log1p"', asked))
    test = rows_of(results, "test")
    found = bundle_of(results).predict(test, interval=True)
    metrics = {str(one.name): one.value for one in results.evaluation.datasets["test"].metrics}
    spent, predicted = test["spent"].to_numpy(), found["prediction"].to_numpy()
    assert metrics["rmse[log1p]"] == pytest.approx(root_mean_squared_log_error(spent, predicted), abs=1e-6)
    assert metrics["r2[log1p]"] is not None
    assert metrics["r2[log1p]"] > 0.5
    inside = (found["lower"] <= test["spent"]) & (test["spent"] <= found["upper"])
    assert abs(float(inside.mean() or 0.0) - 0.8) < 0.1


def test_folds_give_calibration_and_threshold_the_rows_that_no_model_had_seen(tmp_path: Path) -> None:
    """All rows outside the test, each scored by a model of other rows; the test rows stay locked."""
    asked = '[choose]\ncalibration = "platt"\nthreshold = "f1"\nfolds = { k = 3 }'
    results = run(project_in(tmp_path, 'column = "churn"', asked))
    answers, choice = results.evaluation.answers, results.evaluation.choice
    assert answers is not None
    assert answers.calibration is not None
    test = rows_of(results, "test")
    assert answers.calibration.rows == ROWS - test.height
    assert choice is not None
    assert choice.rule == "f1"
    assert results.evaluation.datasets["validation"].rows == ROWS - test.height
    after = bundle_of(results).predict(test)["probability_1"].to_numpy()
    found = {str(one.name): one.value for one in results.evaluation.datasets["test"].metrics}
    assert found["log_loss"] == pytest.approx(log_loss(test["churn"].to_numpy(), after), abs=1e-6)


@pytest.mark.parametrize("learner", [pytest.param("boosting", marks=pytest.mark.slow), "linear"])
def test_folds_give_intervals_the_errors_on_rows_that_no_model_had_seen(tmp_path: Path, learner: str) -> None:
    asked = "[evaluate]\ninterval = 0.8\n[choose]\nfolds = { k = 3 }"
    results = run(with_learner(tmp_path, learner, 'column = "spent"\ntransform = "log1p"', asked))
    answers = results.evaluation.answers
    assert answers is not None
    assert answers.interval is not None
    assert answers.interval.rows == ROWS - rows_of(results, "test").height
    assert abs(answers.interval.datasets["test"].share - 0.8) < 0.1
    assert abs(answers.interval.datasets["validation"].share - 0.8) < 0.01


def test_targets_between_minus_one_and_zero_are_learned_and_judged_without_their_logarithm(
    tmp_path: Path,
) -> None:
    """RMSLE has no value below 0: another metric comes first, in place of a dash."""
    folder = project_in(tmp_path, 'formula = "spent / 1000 - 0.5"\ntransform = "log1p"')
    text = (folder / "cauce.toml").read_text(encoding="utf-8").replace('"spent", ', "")
    (folder / "cauce.toml").write_text(text, encoding="utf-8")
    results = run(folder)
    metrics = results.evaluation.datasets["test"].metrics
    assert str(results.evaluation.gap.name) == "rmse"
    assert all(one.value is not None for one in metrics if one.name.scale is None)
