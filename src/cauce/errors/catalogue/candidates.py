"""E21xx: candidates, the folds they are judged on, and the choice between them."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _
from cauce.language import ngettext_noop

ENTRIES = (
    Entry(
        code="E2101",
        exit=Exit.DATA,
        says=ngettext_noop(
            "{count} candidate was tried and failed: {reason}",
            "All {count} candidates failed; the first one: {reason}",
        ),
        hint=_("Look at what the first candidate's error says; the others are in the leaderboard."),
        explanation=_(
            "A candidate that cannot be fitted or judged on some fold is left out and the search goes on. "
            "Where none is left there is nothing to choose, so the run stops. Usually all fail for one "
            "reason: a fold without rows of a class, or a setting that the data do not allow."
        ),
    ),
    Entry(
        code="E2102",
        exit=Exit.DATA,
        says=ngettext_noop(
            "Class {name} has {count} row outside the test rows, too few for {folds} folds.",
            "Class {name} has {count} rows outside the test rows, too few for {folds} folds.",
        ),
        hint=_('Take fewer folds, or choose.folds = {{ by = "random" }}.'),
        explanation=_(
            "Stratified folds hold the same share of each class, so each class needs at least one row for "
            "each fold. With fewer, some fold could not be judged for that class. Rare classes can be "
            "merged, or the folds drawn at random."
        ),
    ),
    Entry(
        code="E2103",
        exit=Exit.DATA,
        says=ngettext_noop(
            "Class {name} cannot be cut into folds of equal size: one would be off by {off} row.",
            "Class {name} cannot be cut into folds of equal size: one would be off by {off} rows.",
            by="off",
        ),
        hint=_(
            'Use choose.folds = {{ by = "group" }} or {{ by = "random" }}, where folds need not be exact.'
        ),
        explanation=_(
            "Rows with an equal key, or of one group, stay in one fold. Where many rows share a key, no cut "
            "gives every fold its share of the class within one row, and folds that only look stratified "
            "would be wrong."
        ),
    ),
    Entry(
        code="E2104",
        exit=Exit.DATA,
        says=ngettext_noop(
            "Column {column} has {count} different time, too few for {folds} folds forward in time.",
            "Column {column} has {count} different times, too few for {folds} folds forward in time.",
        ),
        hint=_("Take fewer folds, or a finer time column."),
        explanation=_(
            "Folds forward in time need cuts between different times: each fold learns from what came before "
            "and is judged on what came next, and a part of what it learns from may stop the training. Rows "
            "of one time stay together."
        ),
    ),
    Entry(
        code="E2105",
        exit=Exit.USAGE,
        says=_("Metric {name} cannot decide between candidates: no direction of it is better."),
        hint=_("Choose another choose.metric, such as {choices}."),
        explanation=_(
            "Some metrics describe without judging: a bias may be too high or too low. The choice between "
            "candidates needs one of which a higher or a lower value is better."
        ),
    ),
    Entry(
        code="E2106",
        exit=Exit.DATA,
        says=_("Metric {name} has no value on fold {fold}."),
        hint=_("Take fewer folds, stratified ones, or another choose.metric."),
        explanation=_(
            "A metric such as the area under the ROC curve needs rows of both classes. Where a fold has only "
            "one, there is nothing to measure, and a mean over the other folds would be of other rows for "
            "each candidate."
        ),
    ),
    Entry(
        code="E2107",
        exit=Exit.DATA,
        says=_("Fold {fold} has no row to judge candidates by."),
        hint=_("Take fewer folds, or more rows."),
        explanation=_(
            "Each fold needs rows that teach and rows that score, which are other ones. With few different "
            "keys or groups a fold can come out empty, because equal keys are never divided."
        ),
    ),
    Entry(
        code="E2108",
        exit=Exit.DATA,
        says=ngettext_noop(
            "{count} row has a key ({columns}) that occurs in several classes and would be in several folds.",
            "{count} rows have keys ({columns}) that occur in several classes and would be in several folds.",
        ),
        hint=_('Use choose.folds = {{ by = "group" }} or {{ by = "random" }}.'),
        explanation=_(
            "Stratified folds cut each class by itself. A key that occurs in two classes can fall into "
            "different folds, and the same entity would then teach and judge. Folds by group or at random "
            "keep every key whole."
        ),
    ),
    Entry(
        code="E2109",
        exit=Exit.DATA,
        says=_("Stratified folds need classes, but {target} is a number."),
        hint=_('Use choose.folds = {{ by = "random" }}.'),
        explanation=_(
            "Stratified folds hold the same share of each class. A regression has no classes: random folds, "
            "folds by group, or folds forward in time serve it."
        ),
    ),
    Entry(
        code="E2110",
        exit=Exit.USAGE,
        says=_("choose.folds = {got} needs {needed}."),
        hint=_("Add {needed}, or cut the folds in another way."),
        explanation=_(
            "Folds by group need data.group, folds forward in time need data.time, and a holdout needs a "
            "share of validation rows (split.validation above 0)."
        ),
    ),
    Entry(
        code="E2111",
        exit=Exit.USAGE,
        says=_("Folds forward in time cannot be repeated, but choose.folds.repeats is {repeats}."),
        hint=_("Remove repeats, or cut the folds in another way."),
        explanation=_(
            "Repeating draws the folds again with another seed. Time orders the rows in one way only, so a "
            "repetition would give the same folds."
        ),
    ),
    Entry(
        code="E2112",
        exit=Exit.SOFTWARE,
        says=_("The engine {engine} cannot keep the rows of a fold ready for many candidates."),
        hint=_("Run on the local engine."),
        explanation=_(
            "Candidates share the features of a fold, which are read and binned once. On this engine that is "
            "not done yet, and reading them again for every candidate would be slower by far."
        ),
    ),
)
