"""Codes of linear and logistic models solved for many penalties and folds at once (E2160-E2179, W2160-)."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _

ENTRIES = (
    Entry(
        code="E2160",
        exit=Exit.DATA,
        says=_("The target's values are too large for squares of them."),
        hint=_("Predict the logarithm of the target, or a target in larger units."),
        explanation=_(
            "Least squares adds up squares of the target. Beyond about 1e150 they leave the range of 64-bit "
            "floating point, and a model solved from infinite sums would mean nothing."
        ),
    ),
    Entry(
        code="E2161",
        exit=Exit.DATA,
        says=_("The coefficients of an l1 penalty were not found in {steps} steps."),
        hint=_("Use a larger lambda or an l1_ratio below 1, or leave out features that say the same."),
        explanation=_(
            "With features that repeat each other and a weak penalty, very many sets of coefficients are "
            "almost equally good. The solver stops rather than report one that is not the best."
        ),
    ),
    Entry(
        code="E2162",
        exit=Exit.DATA,
        says=_("Fold {fold} lacks rows: it has {train} to learn from and {score} to judge by."),
        hint=_("Use fewer folds, or look at rows left out for a null target or a weight of 0."),
        explanation=_(
            "On each fold a candidate learns from some rows and is judged on others. One of the two parts is "
            "empty here, so nothing could be learned or nothing judged."
        ),
    ),
    Entry(
        code="E2163",
        exit=Exit.DATA,
        says=_("Fold {fold} has no rows of class {label} to learn from."),
        hint=_("Ask for stratified or for fewer folds, or leave the class out."),
        explanation=_(
            "A logistic model needs rows of every class. With few rows of a class, or folds by group or by "
            "time, all of them can be among the rows that judge, and the model would never predict it."
        ),
    ),
)
