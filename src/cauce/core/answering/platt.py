"""The logistic curve over scores that makes the seen classes likeliest."""

from __future__ import annotations

import numpy as np

from cauce.core.answering.calibration import Floats, Sigmoid, expit
from cauce.stats.products import inner_product

_STEPS = 100
_RIDGE = 1e-12
_ENOUGH = 1e-10
_SMALLEST_STEP = 1e-10


def fit_platt(score: Floats, *, positive: Floats, negative: Floats) -> Sigmoid | None:
    """The curve by Newton's method with backtracking (Lin, Lin and Weng 2007) towards Platt's targets.

    score: distinct; positive, negative: weights of rows there. Positives count as (P + 1) / (P + 2) and
    negatives as 1 / (N + 2) (Platt 1999). None where the curve would fall: then high scores are no sign of
    the class.
    """
    middle, spread = _scaled(score, positive + negative)
    high = (positive.sum() + 1.0) / (positive.sum() + 2.0)
    low = 1.0 / (negative.sum() + 2.0)
    weight = positive + negative
    target = np.divide(positive * high + negative * low, weight, out=np.zeros_like(weight), where=weight > 0)
    scaled = (score - middle) / spread
    prior = (positive.sum() + 1.0) / (negative.sum() + 1.0)
    slope, intercept = _newton(scaled, target, weight, start=(0.0, float(np.log(prior))))
    if not slope > 0.0:
        return None
    return Sigmoid(slope / spread, intercept - slope * middle / spread)


def _scaled(score: Floats, weight: Floats) -> tuple[float, float]:
    middle = float(np.average(score, weights=weight))
    spread = float(np.sqrt(np.average((score - middle) ** 2, weights=weight)))
    return middle, spread if spread > 0 else 1.0


def _newton(
    score: Floats, target: Floats, weight: Floats, *, start: tuple[float, float]
) -> tuple[float, float]:
    slope, intercept = start
    loss = _loss(score, target, weight, (slope, intercept))
    total = float(weight.sum())
    for _ in range(_STEPS):
        share = expit(slope * score + intercept)
        error, curve = weight * (share - target), weight * share * (1.0 - share)
        gradient = np.array([inner_product(error, score), error.sum()])
        if np.abs(gradient).max() <= _ENOUGH * total:
            break
        cross = inner_product(curve, score)
        hessian = np.array(
            [[inner_product(curve, score**2), cross], [cross, curve.sum()]]
        ) + _RIDGE * total * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        size = 1.0
        while size >= _SMALLEST_STEP:
            tried = (slope - size * float(step[0]), intercept - size * float(step[1]))
            after = _loss(score, target, weight, tried)
            if after <= loss - 1e-4 * size * float(gradient @ step):
                break
            size /= 2.0
        else:
            break
        (slope, intercept), loss = tried, after
    return slope, intercept


def _loss(score: Floats, target: Floats, weight: Floats, curve: tuple[float, float]) -> float:
    """Cross-entropy, written so that it never overflows."""
    values = curve[0] * score + curve[1]
    return inner_product(
        weight, np.maximum(values, 0.0) - values * target + np.log1p(np.exp(-np.abs(values)))
    )
