"""Rows that are read and binned once give each set of parameters the fit it would have had alone."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl
import pytest
from boosting_data import TASKS, matrix, spec, table

from cauce.core.boosting import BoostParameters, BoostRequest
from cauce.core.boosting_rows import POSITION
from cauce.core.scoring import load_scorer
from cauce.engines.local.boosting import boost
from cauce.engines.local.engine import LocalEngine
from cauce.errors import CauceError
from cauce.expr.schema import Field, Schema
from cauce.testing.engines import FrameSource

PARAMETERS = (
    BoostParameters(rounds=6),
    BoostParameters(rounds=9, eta=0.5, max_depth=3, subsample=0.7),
    BoostParameters(rounds=6, max_bin=16),
    BoostParameters(rounds=6, forest=True, eta=1.0, reg_lambda=0.0, subsample=0.6),
)


def parted(rows: int = 3000, *, task: str = "binary") -> pl.DataFrame:
    """A table whose rows train (0), stop (1), are ignored (2) or score (3)."""
    frame = table(rows, task=task)
    fold = np.random.default_rng(1).choice([0, 0, 0, 1, 2, 3], rows)
    return frame.with_columns(pl.Series("fold", fold, dtype=pl.Int64), pl.int_range(rows).alias("row"))


def source(frame: pl.DataFrame) -> FrameSource:
    kinds = {pl.Float64: "float", pl.Int64: "integer"}
    signed = frame.with_columns(pl.col("lane0", "lane1").reinterpret(signed=True))
    fields = tuple(
        Field(name, kinds[type(kind)] if not isinstance(kind, type) else kinds[kind])
        for name, kind in signed.schema.items()
    )
    return FrameSource(signed, Schema(fields), 700)


@pytest.mark.parametrize("task", TASKS)
def test_each_fit_is_the_one_it_would_have_been_alone(task: str) -> None:
    """Candidates judged on shared matrices would be others than the model that is kept in the end."""
    frame = parted(task=task)
    asked = spec(task, weight="weight")
    engine = LocalEngine()
    with engine.training(engine.scan(source(frame)), asked, keep=("row", "label")) as rows:
        found = [rows.boost(BoostRequest(parameters=one)) for one in PARAMETERS]
        again = rows.boost(BoostRequest(parameters=PARAMETERS[0], history=False))
        scores = [rows.scores(one.score) for one in found]
    assert engine.rows_scanned == frame.height, "one reading serves every fit"
    scoring = frame.filter(pl.col("fold") == 3)
    assert rows.scored["row"].to_list() == rows.scored[POSITION].to_list() == scoring["row"].to_list()
    for one, parameters, own in zip(found, PARAMETERS, scores, strict=True):
        alone = boost(lambda: iter([frame]), dataclasses.replace(asked, parameters=parameters))
        assert one.result == alone
        expected = load_scorer(alone.payload, "xgboost")(matrix(scoring))
        np.testing.assert_array_equal(own, expected)
    assert again.result.payload == found[0].result.payload


@pytest.mark.parametrize("stop", [None, 2])
def test_rows_that_stop_training_can_train_too(stop: int | None) -> None:
    """The model without early stopping would learn from fewer rows than it could."""
    frame = parted()
    asked = dataclasses.replace(spec(cut_rows=500), parameters=PARAMETERS[0])
    with LocalEngine().training(LocalEngine().scan(source(frame)), asked) as rows:
        whole = rows.boost(BoostRequest(parameters=PARAMETERS[0], whole=True)).result
        part = rows.boost(BoostRequest(parameters=PARAMETERS[0], early_stopping=stop)).result
    merged = frame.with_columns(pl.col("fold").replace({1: 0}))
    alone = boost(lambda: iter([merged]), asked)
    assert (whole.payload, whole.rows, whole.cuts) == (alone.payload, alone.rows, alone.cuts)
    kept = boost(lambda: iter([frame]), dataclasses.replace(asked, early_stopping=stop))
    assert part == kept


def test_fits_side_by_side_are_those_one_after_the_other() -> None:
    """A leaderboard would depend on how many cores the machine has."""
    folds = [parted(2000), parted(2001)]

    def fitted(frame: pl.DataFrame) -> list[bytes]:
        with LocalEngine().training(LocalEngine().scan(source(frame)), spec()) as rows:
            return [rows.boost(BoostRequest(parameters=one)).result.payload for one in PARAMETERS]

    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(fitted, folds))
    assert both == [fitted(frame) for frame in folds]


def test_a_fold_without_rows_that_train_is_refused() -> None:
    frame = parted().with_columns(pl.lit(3, dtype=pl.Int64).alias("fold"))
    engine, request = LocalEngine(), BoostRequest(parameters=PARAMETERS[0], whole=True)
    with engine.training(engine.scan(source(frame)), spec()) as rows, pytest.raises(CauceError) as caught:
        rows.boost(request)
    assert caught.value.code == "E0801"
