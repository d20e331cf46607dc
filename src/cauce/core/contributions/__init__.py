"""How much each column moved each prediction: amounts that add up to the model's raw score."""

from cauce.core.contributions.explainer import Explainer
from cauce.core.contributions.reasons import Explain, Reasons
from cauce.core.contributions.sources import source_of
from cauce.core.contributions.values import Contributions
from cauce.core.contributions.words import Words

__all__ = ["Contributions", "Explain", "Explainer", "Reasons", "Words", "source_of"]
