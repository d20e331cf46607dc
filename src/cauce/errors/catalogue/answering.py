"""E22xx: from a learner's number to the answer: scales, calibration, intervals."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _
from cauce.language import ngettext_noop

ENTRIES = (
    Entry(
        code="E2201",
        exit=Exit.DATA,
        says=ngettext_noop(
            "{count} row has a target of -1 or less, which the scale log(1 + x) does not reach.",
            "{count} rows have a target of -1 or less, which the scale log(1 + x) does not reach.",
            by="count",
        ),
        hint=_("Take target.transform away, or predict a formula that lies above -1."),
        explanation=_(
            'With target.transform = "log1p" the model learns log(1 + target). Numbers of -1 or less have no '
            "such logarithm, and to leave those rows out would make the model's figures look better than it "
            "is. Amounts, counts and durations suit this scale; balances that can be negative do not."
        ),
    ),
    Entry(
        code="E2202",
        exit=Exit.DATA,
        says=_("{key} cannot be found from the rows it is fitted on: all of them are of the class {only}."),
        hint=_("Look at the split, or set choose.calibration to none."),
        explanation=_(
            "Calibration compares scores with what the rows turned out to be, on rows the model has not "
            "learned from. Where all of those are of one class there is nothing to compare. A split by time "
            "or by a few large groups is the usual cause."
        ),
    ),
    Entry(
        code="E2203",
        exit=Exit.CONFIG,
        says=_("{key} needs rows that the model has not learned from, and split.validation is 0."),
        hint=_("Give split.validation a share, or set choose.folds."),
        explanation=_(
            "Calibration and intervals are made from errors on rows outside the training rows: on those it "
            "learned from a model looks surer and nearer than it is. Validation rows serve, or the folds of "
            "choose.folds; the test rows are never used for it."
        ),
    ),
    Entry(
        code="E2204",
        exit=Exit.DATA,
        says=_(
            "An interval of {level} needs at least {needed} rows outside the training rows, and there are "
            "{count}."
        ),
        hint=_("Ask for a smaller evaluate.interval, or give split.validation a larger share."),
        explanation=_(
            "The ends of an interval are as far from the prediction as the error that a share of the rows do "
            "not exceed, one row more being counted for the row to come. With n rows no share above "
            "n / (n + 1) can be promised, so that few rows allow no interval of a high level."
        ),
    ),
    Entry(
        code="E2205",
        exit=Exit.USAGE,
        says=_("The model {model} gives no intervals."),
        hint=_("Set evaluate.interval in the project, such as 0.9, and run it again."),
        explanation=_(
            "Lower and upper ends come from the errors on rows the model has not learned from, which are "
            "measured when the model is made. Only models of numbers whose project sets evaluate.interval "
            "have them."
        ),
    ),
    Entry(
        code="E2206",
        exit=Exit.CONFIG,
        says=_("Intervals of the kind quantile are made by boosting alone; the models are: {learner}."),
        hint=_('Set evaluate.interval_kind to constant or relative, or let every [[models]] be "boosting".'),
        explanation=_(
            "A quantile interval has two more models beside the one that predicts: of the lower and of the "
            "upper quantile, grown like it with the loss of a quantile. Only boosted trees can be grown so. "
            "The other kinds need no further model and go with every learner."
        ),
    ),
    Entry(
        code="E2208",
        exit=Exit.CONFIG,
        says=_("evaluate.interval_kind is {kind}, and evaluate.interval asks for no intervals."),
        hint=_("Say which share of new values is to lie inside, such as interval = 0.9, or remove the kind."),
        explanation=_(
            "The kind says how wide intervals are, and only evaluate.interval that there are any. A setting "
            "that does nothing is more likely forgotten than meant."
        ),
    ),
    Entry(
        code="W2201",
        exit=Exit.OK,
        says=_("The calibration {method} rests on few rows: {count}, of which {fewest} of the class {name}."),
        hint=_("Use platt, which needs fewer rows than isotonic, or more rows."),
        explanation=_(
            "An isotonic curve follows every bend that its rows show, also those of chance: it wants a "
            "thousand rows and a hundred of each class. Platt's curve has two numbers and wants thirty rows "
            "of each class. Below that calibration may make probabilities worse; the report shows them "
            "before and after on test rows."
        ),
    ),
    Entry(
        code="W2202",
        exit=Exit.OK,
        says=_("Scores of the class {name} are left as they are: higher ones do not go with more such rows."),
        hint=_("Look at the model's metrics: it may be no better than guessing."),
        explanation=_(
            "On the rows outside the training rows a higher score does not mean that the class is likelier. "
            "A curve that falls would turn the model's order round, and a flat one would make all rows "
            "equal, so that no calibration is done for this class."
        ),
    ),
    Entry(
        code="W2203",
        exit=Exit.OK,
        says=_(
            "Intervals are made as if rows were independent, and rows of one {group} are not: for a new "
            "{group} they may hold less often than {level}."
        ),
        hint=_("Look at the share of test rows inside, which lie in groups of their own."),
        explanation=_(
            "Conformal intervals promise their level for rows drawn like those they were made from. Rows of "
            "one group err alike, so that a few large groups count for many rows. The report shows which "
            "share of the test rows lies inside, whose groups the model has not seen."
        ),
    ),
    Entry(
        code="W2204",
        exit=Exit.OK,
        says=_(
            "No row that calibration is fitted on is of the class {name}: its scores are left as they are."
        ),
        hint=_("A stratified split keeps some rows of every class in each part, where there are enough."),
        explanation=_(
            "Each class has its own curve, from its score to the share of rows that are of it. Without such "
            "a row there is no curve. The class keeps the probability that the model gives it, and all are "
            "divided by their sum."
        ),
    ),
)
