"""E09xx: metrics and evaluations."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _

ENTRIES = (
    Entry(
        code="E0901",
        exit=Exit.CONFIG,
        says=_("There is no metric {name}."),
        hint=_("Did you mean {suggestion}?"),
        explanation=_(
            "The name before the bracket is not a metric Cauce knows. The metrics and what each "
            "one must state are listed in the documentation of metrics."
        ),
    ),
    Entry(
        code="E0902",
        exit=Exit.CONFIG,
        says=_("The metric {name} says neither its class nor its average."),
        hint=_("Write {choices}."),
        explanation=_(
            "A number such as recall is different for every class and every way of averaging: a "
            "support-weighted recall is accuracy, and it looks fine where the class that matters is never "
            "found. So the name has to say which one is meant, and cannot be written without it."
        ),
    ),
    Entry(
        code="E0903",
        exit=Exit.CONFIG,
        says=_("The metric {name} cannot take {argument}."),
        hint=_("Write {choices}."),
        explanation=_(
            "Something inside the brackets does not belong to this metric, is given twice, or has a value "
            "it cannot have. Each metric takes only what changes its meaning."
        ),
    ),
    Entry(
        code="E0904",
        exit=Exit.CONFIG,
        says=_("The metric name {text} cannot be read at character {position}."),
        hint=_("Write it as name[positive=class]; put \\ before a comma, ] or \\ inside a class name."),
        explanation=_(
            "A metric is written as a name, and in brackets what it needs, separated by commas. A class "
            "name may hold any character; a comma, a closing bracket and a backslash need a backslash "
            "before them, and invisible characters are written as \\u{hexadecimal}."
        ),
    ),
    Entry(
        code="E0905",
        exit=Exit.CONFIG,
        says=_("The metric {name} does not belong to a {task} task."),
        hint=_("The metrics of this task are: {choices}."),
        explanation=_(
            "Each task has its own metrics: a regression has no recall and a classification no R². A "
            "class named in a metric has to be one of the target's classes, letter by letter."
        ),
    ),
    Entry(
        code="E0906",
        exit=Exit.DATA,
        says=_("This is not an evaluation that Cauce can read: {reason}."),
        hint=_("Run `cauce run` again; it writes the evaluation anew."),
        explanation=_(
            "An evaluation is a JSON document with a version. This one was cut short, edited, or written "
            "by a newer Cauce. Nothing in it is used."
        ),
    ),
    Entry(
        code="E0907",
        exit=Exit.DATA,
        says=_("Metrics cannot be made from {what}: {found}."),
        hint=_("Counts and weights must be 0 or more, and probabilities lie between 0 and 1."),
        explanation=_(
            "The counts behind a metric hold a value that no count can have, such as a negative weight, "
            "NaN or a probability above 1. Look at the weight column and at the model's output."
        ),
    ),
    Entry(
        code="E0908",
        exit=Exit.CONFIG,
        says=_("choose.threshold cannot be chosen by {got}."),
        hint=_(
            'Write a probability, "f1", {{ recall = 0.8 }}, {{ precision = 0.9 }}, or both '
            "cost_false_positive and cost_false_negative."
        ),
        explanation=_(
            "A threshold is chosen on validation rows: by the highest F1, by the highest precision among "
            "those with at least some recall (or the other way round), or by the lowest cost of mistakes. "
            "Costs are needed for both kinds of mistake and one of them must be above 0."
        ),
    ),
    Entry(
        code="E0909",
        exit=Exit.CONFIG,
        says=_("choose.threshold is for two classes; this task is {task}."),
        hint=_("Remove choose.threshold, or make the task binary with target.positive."),
        explanation=_(
            "With more than two classes the most probable class is predicted, and a regression predicts a "
            "number: neither has a threshold. Where one class matters most, target.positive makes the task "
            "that class against the rest."
        ),
    ),
    Entry(
        code="E0910",
        exit=Exit.CONFIG,
        says=_("A threshold is chosen on validation rows, and split.validation is 0."),
        hint=_("Give split.validation a share, or choose.threshold a probability."),
        explanation=_(
            "Training rows flatter every threshold and test rows are kept for the final judgement, so a "
            "threshold can only be chosen on validation rows."
        ),
    ),
    Entry(
        code="E0911",
        exit=Exit.DATA,
        says=_("The two models predict different things: {first} and {second}."),
        hint=_("Compare models of one target with the same classes."),
        explanation=_(
            "A paired comparison asks which of two models is right more often on the same rows. That has no "
            "answer where their targets, tasks or classes differ."
        ),
    ),
    Entry(
        code="E0912",
        exit=Exit.DATA,
        says=_("Which rows {model} has seen cannot be known: {reason}."),
        hint=_("Train both models on one snapshot, or declare data.key so that rows keep their fold."),
        explanation=_(
            "A fair comparison needs rows that neither model learned from. Whether a row was one of them "
            "follows from the model's own split rule, applied to the row's key, group, time or content. "
            "Where the other dataset lacks those columns, or holds them as another kind, it does not."
        ),
    ),
    Entry(
        code="E0913",
        exit=Exit.DATA,
        says=_("There is no test row that neither model has seen, so they cannot be compared."),
        hint=_("Use the same split settings for both models, so that their test rows are the same."),
        explanation=_(
            "Every test row of the newer model was in the training or validation rows of the older one, or "
            "has no target. A comparison on rows that one of them knows would favour that one."
        ),
    ),
    Entry(
        code="E0914",
        exit=Exit.CONFIG,
        says=_("Models cannot be compared by {name}."),
        hint=_("They can be compared by: {choices}."),
        explanation=_(
            "The comparison draws rows anew to see how far a difference can be chance. Metrics that need the "
            "whole order of the errors, such as a median, are not among those it can draw."
        ),
    ),
    Entry(
        code="W0901",
        exit=Exit.OK,
        says=_("Column {column} has more than {most} values and is not sliced."),
        hint=_("Slice by a column with fewer values, such as a region instead of a name."),
        explanation=_(
            "A slice is a value of a column with enough rows to judge the model on. Of a column with so "
            "many values nearly every slice would be a handful of rows."
        ),
    ),
)
