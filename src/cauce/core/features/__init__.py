"""What the learner sees: declarations, what they learn from training rows, and expressions for every row."""

from cauce.core.features.asking import Ask, Look
from cauce.core.features.fitted import Dropped, Feature, FittedFeatures
from cauce.core.features.fitting import fit_features
from cauce.core.features.plan import FeaturePlan
from cauce.core.features.planning import Roles, plan_features

__all__ = [
    "Ask",
    "Dropped",
    "Feature",
    "FeaturePlan",
    "FittedFeatures",
    "Look",
    "Roles",
    "fit_features",
    "plan_features",
]
