"""The test rows on which a regression's errors are looked at one by one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from cauce.core.bundle.answers import PREDICTION
from cauce.core.columns import FOLD, HASH_A, HASH_B, TARGET, TEST, WEIGHT
from cauce.core.evaluation_rows import slice_name
from cauce.core.metrics.residuals import ROWS, ResidualAnalysis, residual_analysis
from cauce.core.metrics.slicing import SliceColumn
from cauce.core.metrics.target import Target
from cauce.stats import Filtered, LowestRows
from cauce.stats.summary import Summary


def error_sample(target: Target, slices: Sequence[SliceColumn]) -> tuple[Summary, ...]:
    """What gathers the rows, for a regression: those of lowest hash, with label, prediction and slices."""
    if target.task != "regression":
        return ()
    kept = (TARGET, WEIGHT, PREDICTION, *(slice_name(at) for at in range(len(slices))))
    return (Filtered(FOLD, (TEST,), LowestRows((HASH_A, HASH_B), ROWS, kept)),)


def analysed(rows: pl.DataFrame, slices: Sequence[SliceColumn]) -> ResidualAnalysis | None:
    """What the rows say; those without a weight are left out. None where they say nothing."""
    used = rows.filter(rows.get_column(WEIGHT) > 0)
    label, predicted = (
        used.get_column(name).cast(pl.Float64).to_numpy().astype(np.float64) for name in (TARGET, PREDICTION)
    )
    named = {
        one.column: [_named(one, code) for code in used.get_column(slice_name(at)).to_list()]
        for at, one in enumerate(slices)
    }
    return residual_analysis(label, predicted, dataset="test", slices=named)


def _named(column: SliceColumn, code: int) -> str:
    """The slice as it is shown; "" for missing values and those without a slice of their own."""
    level, _kind = column.named(code)
    return level
