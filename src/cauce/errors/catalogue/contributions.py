"""E23xx: contributions, and what a fit needs."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _

ENTRIES = (
    Entry(
        code="E2301",
        exit=Exit.USAGE,
        says=_("Explanations were asked for as {value}."),
        hint=_("Give how many columns to name for each row, from 1 to {most}, or all."),
        explanation=_(
            "With a number, each row names the columns that moved its prediction most, in words. With all, "
            "each row gets the amount of every column and the base, which add up to the model's raw score."
        ),
    ),
    Entry(
        code="E2302",
        exit=Exit.UNAVAILABLE,
        says=_("Trees are explained by XGBoost, which is not installed here."),
        hint=_("Install xgboost-cpu, or predict without explanations."),
        explanation=_(
            "A prediction of trees needs no XGBoost, but what each column adds to it is found by following "
            "every path through every tree, which XGBoost does. Linear models are explained without it."
        ),
    ),
)
