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
)
