"""Contributions of the matrix's columns: exact for linear models, of every path through trees else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cauce.core.contributions.values import Floats
from cauce.core.linear.model import LinearModel, read_linear
from cauce.core.matrix import Matrix
from cauce.core.payload import is_linear
from cauce.core.trees.covers import read_covers, write_covered
from cauce.core.trees.model import read_xgboost
from cauce.errors import CauceError

Attribution = Callable[[Matrix], Floats]
"""From a float32 matrix [n, p] to contributions [n, outputs, p + 1]; the last is the base."""
_CELLS = 1 << 24


def attribution(payload: bytes, *, threads: int = 1) -> Attribution:
    """What a payload says of rows. E0811, E0812, E0819 for one that cannot be read; E2302 without XGBoost.

    Linear: coefficient × (value − mean of the training rows). Trees: TreeSHAP (Lundberg, Erion & Lee 2018)
    as XGBoost computes it, where rows go down both sides in the shares of the training rows.
    """
    return _linear(read_linear(payload)) if is_linear(payload) else _trees(payload, threads)


def _linear(model: LinearModel) -> Attribution:
    middle = model.fill.astype(np.float64)
    base = model.intercepts + model.coefficients @ middle

    def explain(matrix: Matrix) -> Floats:
        apart = np.where(np.isnan(matrix), 0.0, matrix.astype(np.float64) - middle)
        found = np.empty((len(matrix), len(base), len(middle) + 1))
        found[:, :, :-1] = apart[:, np.newaxis, :] * model.coefficients
        found[:, :, -1] = base
        return found

    return explain


def _trees(payload: bytes, threads: int) -> Attribution:
    try:
        import xgboost  # noqa: PLC0415
    except ImportError:
        raise CauceError("E2302") from None

    ensemble = read_xgboost(payload)
    booster = xgboost.Booster({"nthread": threads, "verbosity": 0})
    booster.load_model(bytearray(write_covered(ensemble, read_covers(payload))))
    booster.set_param({"nthread": threads, "device": "cpu"})
    outputs, wide = len(ensemble.base), ensemble.features + 1
    rows_at_once = max(1, _CELLS // (outputs * wide))

    def explain(matrix: Matrix) -> Floats:
        found = np.empty((len(matrix), outputs, wide))
        for low in range(0, len(matrix), rows_at_once):
            part = xgboost.DMatrix(matrix[low : low + rows_at_once], missing=np.nan, nthread=threads)
            made: Any = booster.predict(part, pred_contribs=True)
            found[low : low + rows_at_once] = made.reshape(-1, outputs, wide)
        return found

    return explain
