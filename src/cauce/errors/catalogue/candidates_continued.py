"""E2190 to E2199, W2190 to W2199: models that go on from an earlier one."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _

ENTRIES = (
    Entry(
        code="E2190",
        exit=Exit.CONFIG,
        says=_("{first} and {second} cannot stand together."),
        hint=_("Leave one of them out."),
        explanation=_(
            "continue grows trees on top of one earlier model. Batches of rows are compared as models of "
            "their own, and the two quantiles of an interval are models that no earlier one has. Intervals "
            'of the kind "constant" or "relative" go with continue.'
        ),
    ),
    Entry(
        code="E2191",
        exit=Exit.DATA,
        says=_("The target's {what} is {found} here, and {known} in the earlier model {model}."),
        hint=_("Declare [target] as it was when that model was made, or leave out continue."),
        explanation=_(
            "New trees add to what the earlier ones say, so both must predict the same thing: the same "
            "value, with the same classes in the same order, on the same scale. Every difference is listed, "
            "those of columns too. Where new rows lack a class, declare target.positive, or give rows of "
            "every class."
        ),
    ),
    Entry(
        code="E2192",
        exit=Exit.DATA,
        says=_("The earlier model {model} is no boosted trees: it is of the learner {learner}."),
        hint=_("Name a model whose learner is boosting, or leave out continue."),
        explanation=_(
            "Trees of boosting correct what the trees before them say, so more can be added. The trees of a "
            "forest stand side by side and are averaged, and a linear model has one best answer for all "
            "rows: both are fitted anew instead."
        ),
    ),
    Entry(
        code="E2193",
        exit=Exit.DATA,
        says=_("The earlier model {model} is not {way} in {feature}, which monotone demands."),
        hint=_("Leave {feature} out of monotone, or fit without continue."),
        explanation=_(
            "A constraint holds for a model only if it holds for all its trees. New trees would keep to it, "
            "and the earlier ones do not: the promise would be broken. A model that was made with the same "
            "constraint can be continued with it."
        ),
    ),
    Entry(
        code="W2190",
        exit=Exit.OK,
        says=_("The rows are divided otherwise than for the earlier model {model}."),
        hint=_("Keep split, seed and data.key as they were, or give rows that model has not seen."),
        explanation=_(
            "Where a table holds rows that the earlier model learned from, its test rows are safe only if "
            "the split is a function of the same key, with the same seed and no smaller training share. "
            "Otherwise rows that taught the earlier trees may be among the test rows, and the metrics are "
            "too good. The limits of a stratified split move with every snapshot. Rows that are all new are "
            "not concerned."
        ),
    ),
    Entry(
        code="W2191",
        exit=Exit.OK,
        says=_("The earlier model {model} was made from this very dataset."),
        hint=_("Give new rows, or fit without continue and with more rounds."),
        explanation=_(
            "Trees are added on rows that the earlier ones know. Validation rows may have stopped or taught "
            "them, so the validation score, the folds of a search and calibrations look better than new rows "
            "will. The test rows were not read by either."
        ),
    ),
    Entry(
        code="W2192",
        exit=Exit.OK,
        says=_("No tree was added to the earlier model {model}: none made the validation score better."),
        hint=_("Try a smaller eta, or look whether the new rows differ from the old ones at all."),
        explanation=_(
            "Early stopping begins at what the earlier model says of the validation rows and keeps the "
            "rounds up to the best. Where the first rounds make it worse, the earlier model is the answer."
        ),
    ),
)
