"""Rows that are only measured say the same, binned as those that train or taken as they are."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from boosting_data import TASKS, spec, table

from cauce.core.boosting import BoostResult
from cauce.engines.local.boosting import boost
from cauce.engines.trees import matrices

BINNED, AS_THEY_ARE = 0, 1 << 23
FOREST = {"forest": True, "eta": 1.0, "reg_lambda": 0.0, "subsample": 0.7}


def both(frame: pl.DataFrame, monkeypatch: pytest.MonkeyPatch, **asked: Any) -> tuple[BoostResult, ...]:
    """The fit with every matrix binned, as it always was, and with few rows taken as they are."""
    found = []
    for cells in (BINNED, AS_THEY_ARE):
        monkeypatch.setattr(matrices, "_FEW_CELLS", cells)
        made = spec(levels=(), features=tuple("abcd"), **asked)
        found.append(boost(lambda: iter([frame[:900], frame[900:]]), made))
    return tuple(found)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize(
    "grown", [{}, {"subsample": 0.6, "max_bin": 8}, FOREST], ids=["all", "some", "forest"]
)
def test_how_rows_are_kept_changes_no_figure(
    task: str, grown: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else training stops after another round, and a model has another digest, by how many rows there are."""
    stops = None if grown is FOREST else 3
    frame, asked = table(2000, task=task, missing=0.3), {"cut_rows": 400, "early_stopping": stops}
    binned, plain = both(frame, monkeypatch, task=task, parameters=grown, weight="weight", **asked)
    assert binned == plain


@pytest.mark.parametrize("factor", [1e6, -1e6], ids=["above", "below"])
@pytest.mark.parametrize("known", [0.0, 1.0], ids=["missing", "there"])
def test_numbers_beyond_all_that_trained_are_measured_as_they_were(
    factor: float, known: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else validation rows far outside would stop training earlier or later than they did so far.

    Trees that ask only whether a value is there do so by the end of its feature's bins.
    """
    frame = table(2000, missing=0.4)
    validates = pl.col("fold") == 1
    far = pl.when(validates).then(pl.col("a").abs() * factor).otherwise("a").alias("a")
    there = pl.when(pl.col("a").is_null()).then(1 - known).otherwise(known).alias("label")
    binned, plain = both(frame.with_columns(far, there), monkeypatch, parameters={"rounds": 3})
    assert binned == plain
