"""E23xx: contributions, and what a fit needs."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _
from cauce.language import ngettext_noop

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
    Entry(
        code="E2303",
        exit=Exit.CONFIG,
        says=_("{key} looks at validation rows, and split.validation is 0."),
        hint=_("Give split.validation a share, such as 0.2, or leave {key} out."),
        explanation=_(
            "What a report says of a model beyond its metrics is looked up on validation rows: test rows are "
            "for the last judgement alone, and on training rows a model looks better than it is."
        ),
    ),
    Entry(
        code="E2310",
        exit=Exit.DATA,
        says=_(
            "Fitting {learner} to {rows} rows of {features} features takes {needed} of memory at the least; "
            "this machine has {machine}."
        ),
        hint=_("Set engine.memory lower, leave out features, or run on a machine with more memory."),
        explanation=_(
            "Before anything is trained, Cauce works out what the fit will hold in memory: rows up to "
            "engine.memory (the others wait in a temporary file), the values as bins of two bytes at the "
            "least, gradients of every row, and the batches on their way. A fit that cannot end would be "
            "killed by the system after minutes of work. Columns of many levels under one_hot make most "
            "features: target_mean, frequency or category make one."
        ),
    ),
    Entry(
        code="E2311",
        exit=Exit.DATA,
        says=ngettext_noop(
            "Judging candidates on {folds} fold of {rows} rows and {features} features takes {needed} of "
            "memory at the least; this machine has {machine}.",
            "Judging candidates on {folds} folds of {rows} rows and {features} features takes {needed} of "
            "memory at the least; this machine has {machine}.",
            by="folds",
        ),
        hint=_("Take fewer folds or repeats, set engine.memory lower, or leave out features."),
        explanation=_(
            "Every fold stays at hand until all candidates are judged, so that no row is read or binned "
            "twice: rows up to engine.memory for all folds together (the others wait in temporary files), "
            "and of trees the bins of each fold's training rows, two bytes a value at the least. Before the "
            "first candidate is fitted, Cauce works out what that comes to. One fold less saves its bins."
        ),
    ),
    Entry(
        code="E2312",
        exit=Exit.DATA,
        says=_(
            "Learning principal components of {columns} columns from batches of {rows} rows takes {needed} "
            "of memory at the least; this machine has {machine}."
        ),
        hint=_("Set engine.batch_rows lower, or name fewer columns under features.pca."),
        explanation=_(
            "Components are found from the products of all their columns, which are added up batch by batch: "
            "a batch is held as numbers, beside the one that is read ahead and a copy less the means. Before "
            "the first batch is read, Cauce works out what that comes to, with the matrices of products. "
            "Smaller batches take less memory and give the same components. On Spark each task has a batch "
            "and products of its own, which count where the master is this machine, and the driver has those "
            "of all rows."
        ),
    ),
)
