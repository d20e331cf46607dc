"""The setting that is probably meant by a name that is none."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

# What scikit-learn, XGBoost and LightGBM call these settings.
_ELSEWHERE = {
    "alpha": ("lambda",),
    "bagging_fraction": ("subsample",),
    "early_stopping_rounds": ("early_stopping",),
    "feature_fraction": ("colsample_bytree",),
    "l2_regularization": ("reg_lambda",),
    "learning_rate": ("eta",),
    "max_features": ("colsample_bynode", "colsample_bytree"),
    "min_data_in_leaf": ("min_child_weight",),
    "min_samples_leaf": ("min_child_weight",),
    "monotone_constraints": ("monotone",),
    "n_estimators": ("rounds", "trees"),
    "n_trials": ("trials",),
    "num_boost_round": ("rounds",),
    "scale_pos_weight": ("class_weight",),
}


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that other tools write like this, else the one spelled most like it, if any."""
    possible = sorted(known)
    for meant in _ELSEWHERE.get(name.lower(), ()):
        if meant in possible:
            return meant
    near = difflib.get_close_matches(name.lower(), possible, n=1)
    return near[0] if near else None
