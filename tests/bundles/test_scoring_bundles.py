"""A model answers batches and rows alike, in the target's own values."""

from __future__ import annotations

import pickle

import numpy as np
import polars as pl
import pytest
import small_models as small

from cauce.core.bundle.scorer import Scorer

TASKS = ("binary", "multiclass", "regression")


@pytest.mark.parametrize("task", TASKS)
def test_a_row_scores_as_its_batch_on_dirty_rows(task: str) -> None:
    """A service would answer otherwise than the nightly batch, and nobody could say which is right."""
    scorer = (
        small.bundle(task).scorer(keep=("id",), schema=None if task else None, threads=1) if False else None
    )
    model = small.bundle(task)
    frame = small.rows(600, seed=5)
    scorer = model.scorer(threads=1)
    batch = scorer(frame)
    raw = frame.select(pl.exclude("id")).to_dicts()
    single = scorer.score_rows(raw)
    assert np.array_equal(scorer.matrix(frame), scorer.matrix_of_rows(raw), equal_nan=True)
    for name in [one for one in batch.columns if batch.schema[one].is_numeric()]:
        ours = np.array([row[name] for row in single])
        theirs = batch.get_column(name).to_numpy()
        assert np.abs(ours - theirs).max() <= 1e-6 * max(1.0, np.abs(theirs).max())
    assert scorer.score_row(raw[3]) == single[3]
