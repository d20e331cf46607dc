"""E17xx: what the data must be like."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _

ENTRIES = (
    Entry(
        code="E1701",
        exit=Exit.GATE,
        says=_("The data are not as [validate] expects: {failure}."),
        hint=_("See failing rows: cauce validate --show-values. The whole verdict is in {file}."),
        explanation=_(
            "The project file declares what the data must be like, and says that this expectation stops the "
            "run. Nothing was learned from the data; what was read is kept, and the verdict with the places "
            "of failing rows is in the store. An expectation may also set failing rows aside (on_failure = "
            '"quarantine"), only warn, or tolerate a share of them.'
        ),
    ),
    Entry(
        code="E1702",
        exit=Exit.CONFIG,
        says=_("The formula {name} in [validate] gives {kind}, not true or false."),
        hint=_("Compare it with something, as in end >= start."),
        explanation=_(
            "An expectation is a question that each row answers with yes or no. A formula that gives a "
            "number or a text answers something else."
        ),
    ),
    Entry(
        code="E1703",
        exit=Exit.CONFIG,
        says=_("{setting} does not fit the column {column}: it is of kind {kind}, not {needed}."),
        hint=_("Change the expectation, or declare the column's kind in data.types."),
        explanation=_(
            "Ranges need numbers, dates or datetimes of the same sort as their bounds; patterns and lengths "
            "need texts; levels must be of the column's own kind, and freshness needs a date or datetime. "
            "An expectation that could never be judged is refused, instead of passing in silence."
        ),
    ),
    Entry(
        code="E1704",
        exit=Exit.CONFIG,
        says=_("{key} is not a regular expression: {reason}."),
        hint=_("Put the pattern in single quotes, so that backslashes stay: pattern = '[0-9]{{4}}'."),
        explanation=_(
            "Patterns have the syntax of Rust's regex crate, which knows no look-around and no references "
            "to groups, and in return takes time proportional to the text, whatever is in it. The pattern "
            "must match the whole text, so no ^ and $ are needed."
        ),
    ),
    Entry(
        code="E1705",
        exit=Exit.CONFIG,
        says=_("{low} and {high} contradict each other: no value can meet both."),
        hint=_("Correct one of them."),
        explanation=_(
            "The bounds of an expectation leave nothing between them, or compare a number with a date. "
            "Every row would fail, which is rarely what is meant."
        ),
    ),
    Entry(
        code="E1706",
        exit=Exit.GATE,
        says=_("{failed} of {rows} rows would be set aside; validate.quarantined allows {limit}."),
        hint=_("Correct the data or the expectations, or raise validate.quarantined."),
        explanation=_(
            'Rows that fail an expectation with on_failure = "quarantine" are set aside and the run goes '
            "on with the others. Where there are very many, something else is wrong, and a model of the "
            "rest would be one of other data than you think. So the run stops, and no row is set aside."
        ),
    ),
    Entry(
        code="E1707",
        exit=Exit.DATA,
        says=_("The row does not meet: {expectations}."),
        hint=_("Correct the row in its source, or change the expectation in [validate]."),
        explanation=_(
            'The row was set aside because the project declares on_failure = "quarantine" for what it '
            "does not meet. It is in the folder rejected of the store with its number; all other rows "
            "went on."
        ),
    ),
    Entry(
        code="E1708",
        exit=Exit.CONFIG,
        says=_("The project {file} has a [validate] section already."),
        hint=_("Run `cauce validate --suggest` without --save and paste what you want of it."),
        explanation=_(
            "Suggested expectations are only written where there are none: what you declared by hand is "
            "never changed or mixed with guesses."
        ),
    ),
    Entry(
        code="E1710",
        exit=Exit.CANNOT_CREATE,
        says=_("{file} exists already, so what was tried cannot be saved there."),
        hint=_("Leave out --save, or name another file with --project."),
        explanation=_(
            "`cauce try --save` writes the project that it tried. A project file that is there was written "
            "by somebody, perhaps by hand, and is never replaced by guesses."
        ),
    ),
    Entry(
        code="E1709",
        exit=Exit.CONFIG,
        says=_("The project declares nothing about its data: there is no [validate] section."),
        hint=_("Run `cauce validate --suggest` for expectations that your data meet."),
        explanation=_(
            "Validation compares data with expectations that stand in the project file. Without any, a "
            "verdict would always be good and mean nothing."
        ),
    ),
)
