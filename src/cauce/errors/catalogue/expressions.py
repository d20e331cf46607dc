"""E01xx: expressions and formulas."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _

ENTRIES = (
    Entry(
        code="E0101",
        exit=Exit.CONFIG,
        says=_("Column {column} does not exist here."),
        hint=_("The columns are: {columns}."),
        explanation=_(
            "An expression reads a column that the table does not have. Check its spelling: names are "
            "compared exactly, upper and lower case and blanks included."
        ),
    ),
    Entry(
        code="E0102",
        exit=Exit.CONFIG,
        says=_("{node} cannot take {part}, which is of kind {kind}."),
        hint=_("It takes: {expected}. Convert it first, for example with float(…), integer(…) or text(…)."),
        explanation=_(
            "Every operation works on certain kinds of values only, so that it means the same in a "
            "batch, on a cluster and in the service. Convert the value, or declare another kind for "
            "its column."
        ),
    ),
    Entry(
        code="E0103",
        exit=Exit.CONFIG,
        says=_("{node} cannot bring {first} ({first_kind}) and {second} ({second_kind}) together."),
        hint=_("Convert one of them so that both are of one kind."),
        explanation=_(
            "Values that are compared or chosen between must be of one kind; numbers of different "
            "kinds become floats. A datetime in UTC and one of wall time are never mixed, and neither "
            "are dates and datetimes."
        ),
    ),
    Entry(
        code="E0104",
        exit=Exit.CONFIG,
        says=_("{node}: {setting} cannot be {value}."),
        hint=_("The rule is: {rule}."),
        explanation=_(
            "A setting of an operation is outside what it means. The rules of every operation are in "
            "the documentation of expressions."
        ),
    ),
    Entry(
        code="E0105",
        exit=Exit.CONFIG,
        says=_("The expression is nested deeper than {depth} levels or has more than {nodes} parts."),
        hint=_("Split it into several columns, or shorten it."),
        explanation=_(
            "Expressions have a limit of size so that no file can exhaust the memory or the stack of "
            "the program that reads it."
        ),
    ),
    Entry(
        code="E0106",
        exit=Exit.DATA,
        says=_("A stored expression cannot be read at {path}: {reason}."),
        hint=_("Use the file as Cauce wrote it, or make it again."),
        explanation=_(
            "Stored expressions are read strictly: unknown operations, unknown or missing settings and "
            "wrong types are refused instead of guessed. The file was changed by hand, damaged, or "
            "made by something else."
        ),
    ),
    Entry(
        code="E0107",
        exit=Exit.DATA,
        says=_("A stored expression has version {version}; this Cauce reads up to version {known}."),
        hint=_("Install the version of Cauce that wrote it, or a newer one."),
        explanation=_(
            "The language of expressions carries a version. Newer versions may hold operations that "
            "this installation does not have, so they are refused rather than half understood."
        ),
    ),
    Entry(
        code="E0110",
        exit=Exit.CONFIG,
        says=_("The formula cannot be read at line {line}, column {column}: {reason}."),
        hint=_("Near: {near}. Column names with blanks or signs go in back quotes, as in `unit price` + 1."),
        explanation=_(
            "A formula is one expression of column names, numbers, texts, + - * / // % **, "
            "comparisons, and, or, not, in [..], x if condition else y, and the functions of the "
            'language. Names that are not plain words are written in back quotes or as col("any '
            'name").'
        ),
    ),
    Entry(
        code="E0111",
        exit=Exit.CONFIG,
        says=_("The formula names column {name} at line {line}, column {column}, which does not exist."),
        hint=_("Did you mean: {suggestions}?"),
        explanation=_(
            "A bare word in a formula is a column. Texts are written in quotes, and names that are not "
            "plain words in back quotes."
        ),
    ),
    Entry(
        code="E0112",
        exit=Exit.CONFIG,
        says=_(
            "The formula calls {name} at line {line}, column {column}, which is not a function of the "
            "language."
        ),
        hint=_("Did you mean: {suggestions}?"),
        explanation=_(
            "Only the functions of the language may be called: they mean the same everywhere and none "
            "of them can run code. They are listed in the documentation of expressions."
        ),
    ),
    Entry(
        code="E0113",
        exit=Exit.CONFIG,
        says=_("The formula's call of {name} at line {line}, column {column} does not fit: {reason}."),
        hint=_("It is called as {usage}."),
        explanation=_("A function was given too few, too many or the wrong kind of arguments."),
    ),
    Entry(
        code="E0120",
        exit=Exit.CONFIG,
        says=_("The date format {format} cannot be used: {rule} ({part})."),
        hint=_("Parts: %Y %y %m %-m %d %-d %H %-H %I %-I %M %S .%f %p %z, for example %d/%m/%Y."),
        explanation=_(
            "Date formats are strict: %m, %d, %H, %M and %S are two digits, %-d, %-m and %-H one or "
            "two, %Y four. Each part appears once, and year, month and day are all needed."
        ),
    ),
    Entry(
        code="E0130",
        exit=Exit.CONFIG,
        says=_("Two results would have the name {name}."),
        hint=_("Give one of them another name."),
        explanation=_("The columns of a table have distinct names; otherwise one would hide the other."),
    ),
    Entry(
        code="E0131",
        exit=Exit.DATA,
        says=_("Column {column} should have the type {expected}; the batch has {found}."),
        hint=_("Convert the batch to the table's schema first."),
        explanation=_(
            "A batch must carry its columns in exactly the types of its schema. Something between the "
            "source and this step changed a type or dropped the column."
        ),
    ),
)
