"""How trees are grown, from the settings of a boosting or a forest."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cauce.core.boosting import BoostParameters, ClassWeight
from cauce.core.features import FittedFeatures
from cauce.core.features.monotone import monotone_features
from cauce.core.task import Target
from cauce.spec.models import Boosting, Forest


def tree_parameters(model: Boosting | Forest, fitted: FittedFeatures, *, target: Target) -> BoostParameters:
    """What `model`, whose settings are single values, asks of the trees. E0850 to E0853, of constraints."""
    if isinstance(model, Forest):
        return _forest(model, fitted, target)
    return BoostParameters(
        rounds=model.rounds,
        eta=model.eta,
        max_depth=model.max_depth,
        min_child_weight=model.min_child_weight,
        subsample=model.subsample,
        colsample_bytree=model.colsample_bytree,
        reg_lambda=model.reg_lambda,
        reg_alpha=model.reg_alpha,
        gamma=model.gamma,
        max_bin=model.max_bin,
        class_weight=_class_weight(model.class_weight, target),
        monotone=monotone_features(model.monotone, fitted),
    )


def quantiles_of(parameters: BoostParameters, level: float) -> tuple[BoostParameters, BoostParameters]:
    """The same for the lower and for the upper quantile, between which the share `level` lies."""
    tail = (1.0 - level) / 2.0
    return replace(parameters, quantile=tail), replace(parameters, quantile=1.0 - tail)


def _forest(model: Forest, fitted: FittedFeatures, target: Target) -> BoostParameters:
    share = model.colsample_bynode
    return BoostParameters(
        forest=True,
        rounds=model.trees,
        eta=1.0,
        reg_lambda=0.0,
        max_depth=model.max_depth,
        min_child_weight=model.min_child_weight,
        subsample=model.subsample,
        colsample_bynode=features_by_split(fitted.width, target.task) if share is None else share,
        max_bin=model.max_bin,
        class_weight=_class_weight(model.class_weight, target),
        monotone=monotone_features(model.monotone, fitted),
    )


def features_by_split(features: int, task: str) -> float:
    """The share of features a forest's split chooses from by itself: √p of p for classes, else two thirds.

    √p is the usual advice (Breiman 2001). For numbers it varies between a third (Hastie, Tibshirani &
    Friedman, The Elements of Statistical Learning, 15.3) and all; between them lay the best of the
    development data. Half a feature above the whole number: XGBoost rounds the product down.
    """
    wanted = math.isqrt(features) if task != "regression" else 2 * features // 3
    return min(1.0, (max(1, wanted) + 0.5) / features)


def _class_weight(said: str | Mapping[str, float], target: Target) -> ClassWeight:
    if isinstance(said, str):
        chosen: Any = said
        return chosen  # type: ignore[no-any-return]
    return tuple(float(said.get(name, 1.0)) for name in target.class_names)
