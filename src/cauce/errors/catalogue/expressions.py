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
            "An expression reads a column that the table does not have. Check its spelling: "
            "names are compared exactly, upper and lower case and blanks included."
        ),
    ),
)
