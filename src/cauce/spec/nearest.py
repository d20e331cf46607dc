"""The setting or choice that is probably meant by a word that is none."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

# What other tools call these settings, models and methods.
_ELSEWHERE = {
    "alpha": ("lambda",),
    "bagging_fraction": ("subsample",),
    "bayesian": ("tpe",),
    "catboost": ("boosting",),
    "early_stopping_rounds": ("early_stopping",),
    "elastic_net": ("linear",),
    "feature_fraction": ("colsample_bytree",),
    "gbm": ("boosting",),
    "l2_regularization": ("reg_lambda",),
    "lasso": ("linear",),
    "learning_rate": ("eta",),
    "lightgbm": ("boosting",),
    "max_features": ("colsample_bynode", "colsample_bytree"),
    "min_data_in_leaf": ("min_child_weight",),
    "min_samples_leaf": ("min_child_weight",),
    "monotone_constraints": ("monotone",),
    "n_estimators": ("rounds", "trees"),
    "n_trials": ("trials",),
    "num_boost_round": ("rounds",),
    "ols": ("linear",),
    "optuna": ("tpe",),
    "rf": ("forest",),
    "ridge": ("linear",),
    "scale_pos_weight": ("class_weight",),
    "sigmoid": ("platt",),
    "xgboost": ("boosting",),
}


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that other tools write like this, else the one spelled most like it, if any."""
    possible = sorted(known)
    for meant in _ELSEWHERE.get(name.lower(), ()):
        if meant in possible:
            return meant
    near = difflib.get_close_matches(name.lower(), possible, n=1)
    return near[0] if near else None
