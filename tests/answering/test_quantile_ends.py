"""Ends of intervals that two more models find for each row: grown right, kept whole, and corrected."""

from __future__ import annotations

import gzip
import hashlib
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import xgboost

from cauce.core.answering.answering import Answering
from cauce.core.answering.fitting import conformal
from cauce.core.answering.interval import IntervalRule
from cauce.core.answering.rows import RESIDUAL
from cauce.core.boosting import BoostParameters, BoostSpec
from cauce.core.bundle.disposable import check_bundle
from cauce.core.bundle.manifest import ENDS, Manifest
from cauce.core.columns import TARGET
from cauce.core.scoring import load_scorer
from cauce.core.trees.model import read_xgboost
from cauce.core.trees.onnx import write_onnx
from cauce.engines.local.boosting import boost
from cauce.errors import CauceError
from cauce.running.verification import verify_bundle
from cauce.spec import project_from_mapping
from cauce.stats.quantiles import Quantiles

QUANTILE = IntervalRule(0.8, "quantile", 0.0, 1.0)


def uneven(rows: int, seed: int) -> tuple[Any, Any]:
    """Features [n, 2] and labels whose spread grows with the second."""
    draw = np.random.default_rng(seed)
    features = draw.normal(size=(rows, 2)).astype(np.float32)
    return features, features[:, 0] + np.exp(features[:, 1]) * draw.normal(size=rows)


def grown(share: float, features: Any, label: Any) -> bytes:
    fold = np.arange(len(label)) % 4 == 3
    table = pl.DataFrame(
        {
            **{name: features[:, at] for at, name in enumerate("ab")},
            "label": label,
            "fold": fold.astype(np.int64),
            "first": np.arange(len(label)),
            "second": np.arange(len(label)),
        }
    )
    spec = BoostSpec(
        task="regression",
        features=("a", "b"),
        label="label",
        fold="fold",
        lanes=("first", "second"),
        classes=1,
        parameters=BoostParameters(rounds=150, eta=0.1, max_depth=3, quantile=share),
        early_stopping=10,
        threads=1,
    )
    return boost(lambda: iter([table]), spec).payload


@pytest.mark.parametrize("share", [0.1, 0.9])
def test_trees_of_a_quantile_have_the_pinball_loss_that_xgboost_reaches(share: float) -> None:
    features, label = uneven(8000, 1)
    new, outcome = uneven(8000, 2)
    payload = grown(share, features, label)
    found = load_scorer(payload, "xgboost")(new)
    assert np.mean(outcome < found) == pytest.approx(share, abs=0.03)
    rounds = len(read_xgboost(payload).trees)
    kept = np.arange(8000) % 4 != 3
    matrix = xgboost.QuantileDMatrix(features[kept], label[kept])
    settings = {"objective": "reg:quantileerror", "quantile_alpha": share, "eta": 0.1, "max_depth": 3}
    peer = xgboost.train(settings, matrix, rounds).inplace_predict(new)

    def pinball(predicted: Any) -> float:
        below = outcome - predicted
        return float(np.mean(np.maximum(share * below, (share - 1) * below)))

    assert pinball(found) == pytest.approx(pinball(peer), rel=0.02)
    by_onnx = load_scorer(write_onnx(read_xgboost(payload)), "onnx")(new)
    assert np.abs(found - by_onnx).max() <= 1e-6 * max(1.0, float(np.abs(found).max()))


def test_ends_are_moved_so_that_new_rows_lie_inside_as_often_as_promised() -> None:
    """Ends of a wrong model, too wide by half or too narrow, both come right (Romano et al. 2019)."""
    draw = np.random.default_rng(4)
    for stretch in (0.3, 1.0, 2.5):
        held = []
        for _ in range(1200):
            spread = draw.lognormal(0, 0.5, 61)
            value = spread * draw.standard_t(3, 61)
            raw = np.stack((np.zeros(61), -stretch * 1.3 * spread, stretch * 1.3 * spread), axis=1)
            apart = QUANTILE.distance(value[:60], raw[:60])
            summary = Quantiles((RESIDUAL,))
            state = summary.update(summary.start(), pl.DataFrame({RESIDUAL: apart}))
            made, _ = conformal(QUANTILE, summary.result(state)[RESIDUAL])
            low, high = made(raw[60:])[0]
            held.append(low <= value[60] <= high)
        spread = 3 * math.sqrt(0.8 * 0.2 / 1200)
        assert 0.8 - spread <= np.mean(held) <= 0.8 + 1 / 61 + spread


def test_ends_that_cross_hold_the_prediction() -> None:
    raw = np.array([[5.0, 7.0, 3.0], [5.0, 6.0, 9.0], [5.0, 1.0, 4.0]])
    assert QUANTILE(raw) == pytest.approx(np.array([[5.0, 5.0], [5.0, 9.0], [1.0, 5.0]]))
    answers = Answering(interval=replace(QUANTILE, radius=-0.5))
    assert answers(raw.astype(np.float32)).tolist() == [5.0, 5.0, 5.0]
    assert Answering.from_json(json.loads(json.dumps(answers.to_json()))) == answers


def small_project(folder: Path, *, more: str = "", rows: int = 900) -> Path:
    features, label = uneven(rows, 7)
    frame = pl.DataFrame({"a": features[:, 0], "b": features[:, 1], "y": label})
    frame.write_parquet(folder / "table.parquet")
    (folder / "cauce.toml").write_text(
        f"""
schema = 1
name = "uneven"
[data]
source = "table.parquet"
[target]
column = "y"
[[models]]
rounds = 30
{more}
[evaluate]
interval = 0.8
interval_kind = "quantile"
permutation = false
[tracking]
enabled = false
""",
        encoding="utf-8",
    )
    return folder


def test_a_bundle_holds_the_models_of_the_ends_and_checks_them(tmp_path: Path) -> None:
    """A model from elsewhere whose two forms of an end disagree would give other intervals row by row."""
    import cauce
    from cauce.running.project_run import Results, run_project
    from cauce.running.workspace import open_workspace

    work = open_workspace(small_project(tmp_path))
    results = Results(work, run_project(work).records)
    bundle = cauce.load(tmp_path / ".cauce" / "bundles" / results.bundle).bundle
    assert {path for pair in ENDS for path in pair} <= set(bundle.manifest.paths)
    check_bundle(bundle)
    checks = {one.name: one for one in verify_bundle(bundle).checks}
    assert checks["ends"].holds
    frame = pl.read_parquet(tmp_path / "table.parquet")
    found = cauce.load(tmp_path / ".cauce" / "bundles" / results.bundle).predict(frame, interval=True)
    width = (found["upper"] - found["lower"]).to_numpy()
    wide = frame["b"].to_numpy() > 0
    assert width[wide].mean() > 1.5 * width[~wide].mean()
    features = bundle.golden.features
    by_xgboost, by_onnx = (
        bundle.scorer(interval=True, payload=one).raw_of(features) for one in ("xgboost", "onnx")
    )
    assert by_xgboost.shape == (len(features), 3)
    assert np.abs(by_xgboost - by_onnx).max() <= 1e-6 * max(1.0, float(np.abs(by_onnx).max()))
    swapped = {**bundle.contents, "lower.onnx": bundle.contents["upper.onnx"]}
    with pytest.raises(CauceError) as told:
        check_bundle(replace(bundle, contents=swapped))
    assert told.value.code == "E1208"
    broken = {**bundle.contents, "upper.json.gz": gzip.compress(b"{}")}
    with pytest.raises(CauceError):
        check_bundle(replace(bundle, contents=broken))
    document = json.loads(bundle.manifest.to_bytes())
    document["files"] = [one for one in document["files"] if one["path"] != "lower.onnx"]
    with pytest.raises(CauceError) as told:
        Manifest.from_bytes(json.dumps(document).encode())
    assert told.value.code == "E1201"
    assert hashlib.sha256(bundle.manifest.to_bytes()).hexdigest() == results.bundle


@pytest.mark.parametrize(
    "more",
    [
        'search = { method = "random", trials = 3, space = { max_depth = [2, 4] } }',
        "early_stopping = 0\n[[models]]\nrounds = 15\n[choose]\nfolds = { k = 3 }",
    ],
    ids=["search", "folds"],
)
def test_a_candidate_that_folds_chose_has_quantiles_that_hold(tmp_path: Path, more: str) -> None:
    """Whoever searches must not lose intervals that are narrow where rows are easy."""
    import cauce
    from cauce.core.out_of_fold import END_NAMES, said_name
    from cauce.running.project_run import Results, run_project
    from cauce.running.trials.records import read_frame
    from cauce.running.workspace import open_workspace

    work = open_workspace(small_project(tmp_path, more=more, rows=1500))
    results = Results(work, run_project(work).records)
    scored = read_frame(work.store, str(results.records["tune"].outputs["scores"].value))
    lower, upper = (scored[name].to_numpy() for name in END_NAMES)
    label = scored[TARGET].to_numpy()
    errors = np.sort(np.maximum(lower - label, label - upper))
    radius = errors[math.ceil((len(errors) + 1) * 0.8) - 1]
    found = cauce.load(tmp_path / ".cauce" / "bundles" / results.bundle)
    rule = found.bundle.manifest.answering.interval
    assert rule is not None
    assert rule.radius == pytest.approx(float(radius), rel=1e-6)
    assert (lower < scored[said_name(0)].to_numpy()).mean() > 0.8
    features, fresh = uneven(4000, 11)
    rows = pl.DataFrame({"a": features[:, 0], "b": features[:, 1]})
    said = found.predict(rows, interval=True)
    inside = ((said["lower"].to_numpy() <= fresh) & (fresh <= said["upper"].to_numpy())).mean()
    assert 0.75 < inside < 0.88
    width = (said["upper"] - said["lower"]).to_numpy()
    assert width[features[:, 1] > 0].mean() > 1.5 * width[features[:, 1] <= 0].mean()
    effects = results.evaluation.answers
    assert effects is not None
    chosen = results.records["fit"].step.inputs["chosen"]
    assert all(1 <= one <= 30 for one in chosen["ends"])  # type: ignore[index,call-overload]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"models": [{"learner": "forest"}]}, "E2206"),
        ({"models": [{"learner": "boosting"}, {"learner": "linear"}]}, "E2206"),
        ({"evaluate": {"interval_kind": "relative"}}, "E2208"),
    ],
)
def test_quantiles_without_trees_or_a_level_are_refused(more: dict[str, Any], code: str) -> None:
    mapping = {
        "name": "a",
        "data": {"source": "a.csv"},
        "target": {"column": "y", "task": "regression"},
        "evaluate": {"interval": 0.9, "interval_kind": "quantile"},
        **more,
    }
    with pytest.raises(CauceError) as told:
        project_from_mapping(mapping)
    assert code in str(told.value.code) + str(told.value)
