"""A bundle may hold a linear model in place of trees: it scores, proves itself and refuses lies alike."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import small_models as small

from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.exporting import export_bundle
from cauce.core.bundle.onnx_audit import check_onnx
from cauce.core.bundle.opening import open_bundle
from cauce.core.bundle.writing import largest_difference, make_bundle
from cauce.core.linear.model import LinearModel
from cauce.core.payload import is_linear, read_payload
from cauce.core.scoring import load_scorer
from cauce.errors import CauceError
from cauce.running.verification import verify_bundle

TASKS = ("binary", "multiclass", "regression")
WIDTH = len(small.FEATURES)


def model(task: str, seed: int = 0) -> LinearModel:
    """Coefficients as large as the features are small."""
    drawn = np.random.default_rng(seed)
    outputs = 3 if task == "multiclass" else 1
    sizes = np.array([900.0, 90.0, 9.0, 3.0, 1.0, 1.0, 12.0, 2e5, 300.0, 40.0, 200.0])
    coefficients = drawn.normal(size=(outputs, WIDTH)) / sizes
    fill = (drawn.normal(size=WIDTH) * sizes).astype(np.float32)
    return LinearModel(task, drawn.normal(size=outputs), coefficients, fill)  # type: ignore[arg-type]


def bundle(task: str, **changes: Any) -> Bundle:
    return make_bundle(replace(small.draft(task), payload=model(task).to_bytes(), **changes))


def by_hand(task: str, matrix: np.ndarray) -> np.ndarray:
    """Sums of the features, written out."""
    made = model(task)
    rows = matrix.astype(np.float64)
    for place in range(WIDTH):
        rows[np.isnan(rows[:, place]), place] = made.fill[place]
    sums = np.array([[float(row @ own) for own in made.coefficients] for row in rows]) + made.intercepts
    if task == "regression":
        return np.clip(sums[:, 0], -1e38, 1e38)
    if task == "binary":
        sums = np.column_stack((np.zeros(len(sums)), sums[:, 0]))
    powers = np.exp(sums - sums.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("task", TASKS)
def test_batches_rows_and_onnx_give_the_sums_of_the_features(task: str) -> None:
    """The same row must get the same answer from the nightly batch, the service and another runtime."""
    made, frame = bundle(task), small.rows(400, seed=5)
    scorer = made.scorer(threads=1)
    expected = by_hand(task, scorer.matrix(frame)).astype(np.float32)
    assert largest_difference(expected, scorer.scores(frame)) <= 1e-6
    onnx = made.scorer(threads=1, payload="onnx")
    assert largest_difference(expected, onnx.scores(frame)) <= 1e-6
    raw = frame.select(pl.exclude("id")).to_dicts()
    assert largest_difference(expected, scorer.row_scores(raw)) <= 1e-6
    assert scorer.score_row(raw[3]) == scorer.score_rows(raw)[3]


@pytest.mark.parametrize("task", TASKS)
def test_a_linear_bundle_proves_itself_wherever_it_is_taken(task: str, tmp_path: Path) -> None:
    """A model that cannot be checked after a copy is a model on trust."""
    made = bundle(task)
    opened = open_bundle(export_bundle(made, tmp_path / "model"), digest=made.identity)
    found = verify_bundle(opened)
    assert found.holds, [check for check in found.checks if not check.holds]
    assert "scores_linear" in [check.name for check in found.checks]
    assert all(check.says for check in found.checks)
    assert isinstance(opened.model, LinearModel)
    assert made.identity == bundle(task).identity
    check_onnx(opened.contents["model.onnx"])


@pytest.mark.parametrize("task", TASKS)
def test_golden_rows_move_the_answer_and_hold_nulls(task: str) -> None:
    """A proof on rows that all get the same answer would not see another model."""
    golden = bundle(task).golden
    scores = golden.scores if task == "regression" else golden.scores[:, 0]
    assert len(np.unique(scores)) > 90
    if task != "regression":
        assert ((scores > 0.05) & (scores < 0.95)).sum() >= 10
    assert np.isnan(golden.features).any(axis=1).sum() > 20
    other = replace(model(task), coefficients=model(task).coefficients * 1.001)
    again = load_scorer(other.to_bytes(), "xgboost")(golden.features)
    assert largest_difference(golden.scores, again) > 1e-6


def changed(**given: Any) -> bytes:
    """A linear payload with these entries, in the order in which Cauce writes them."""
    value = json.loads(model("binary").to_bytes()) | given
    return json.dumps(value, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "payload",
    [
        changed(kind="forest"),
        changed(format=2),
        changed(fill=[]),
        changed(intercepts=[1.0, 2.0]),
        changed(intercepts=[1e301]),
        changed(coefficients=[[1.0]]),
        changed(coefficients=[["x"] * WIDTH]),
        changed(coefficients=[[True] * WIDTH]),
        changed(fill=[None] * WIDTH),
        changed(fill=[1e39] * WIDTH),
        changed(learner="trees"),
        b'{"coefficients":' + b"[" * 100_000,
        b'{"coefficients":[[NaN]]}',
        model("binary").to_bytes()[:-1],
    ],
    ids=lambda one: str(one[:40]),
)
def test_a_payload_that_is_no_model_is_refused_before_it_scores(payload: bytes) -> None:
    """A file from elsewhere must not crash, hang or answer NaN."""
    assert is_linear(payload)
    with pytest.raises(CauceError) as caught:
        read_payload(payload)
    assert caught.value.code == "E0819"
    whole = bundle("binary")
    broken = Bundle(
        whole.manifest, whole.identity, {**whole.contents, "model.json.gz": gzip.compress(payload, mtime=0)}
    )
    with pytest.raises(CauceError):
        broken.scorer(payload="xgboost").scores(small.rows(3))
    assert not verify_bundle(broken).holds


def test_a_model_of_another_width_is_no_bundle() -> None:
    """Coefficients on the wrong features answer with confidence and are wrong."""
    narrow = replace(
        model("binary"), coefficients=model("binary").coefficients[:, 1:], fill=model("binary").fill[1:]
    )
    with pytest.raises(CauceError) as caught:
        make_bundle(replace(small.draft("binary"), payload=narrow.to_bytes()))
    assert caught.value.code == "E1217"


def test_the_trees_of_a_linear_model_are_refused() -> None:
    """Whoever asks for trees must hear that there are none."""
    with pytest.raises(CauceError) as caught:
        bundle("binary").ensemble  # noqa: B018
    assert caught.value.code in ("E0811", "E0812")
