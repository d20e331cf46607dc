"""What scikit-learn's solvers, which see every row, make of a logistic problem."""

from __future__ import annotations

import math

import numpy as np
from sklearn.linear_model import LogisticRegression

from cauce.core.linear.logistic import Logistic
from cauce.core.linear.quadratic import Penalty


def check_slopes(
    found: Logistic,
    rows: np.ndarray,
    label: np.ndarray,
    *,
    weights: np.ndarray,
    penalty: Penalty,
    atol: float,
) -> None:
    """The slopes of `found` are those of scikit-learn over standardised rows [n, p]."""
    strength = penalty.strength * weights.sum()
    model = LogisticRegression(
        C=1 / strength if strength else math.inf,
        l1_ratio=penalty.l1_ratio,
        solver="saga" if penalty.l1_ratio else "lbfgs",
        tol=1e-9,
        max_iter=20_000,
    ).fit(rows, label, sample_weight=weights)
    slopes, expected = found.coefficients[:, 1:], model.coef_
    if len(expected) > 1 and not penalty.strength:
        # Only differences between classes are determined without a penalty.
        slopes, expected = slopes - slopes.mean(0), expected - expected.mean(0)
    np.testing.assert_allclose(slopes, expected, atol=atol)
