"""E14xx: runs of a project."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _

ENTRIES = (
    Entry(
        code="E1401",
        exit=Exit.CONFIG,
        says=_("{setting} names the column {column}, which the data do not have."),
        hint=_("Near it are: {near}."),
        explanation=_(
            "A role in the project file names a column of the data. Names are compared exactly, upper and "
            "lower case and blanks included; a column in data.drop is not read and cannot play a role."
        ),
    ),
    Entry(
        code="E1402",
        exit=Exit.DATA,
        says=_("The column {column} begins with {prefix}, which is reserved."),
        hint=_("Rename the column in the source, or add it to data.drop."),
        explanation=_(
            "Cauce adds columns of its own, such as the fold of a row, beside those of the data. Their names "
            "begin with two underscores, so no column of the data may."
        ),
    ),
    Entry(
        code="E1403",
        exit=Exit.CONFIG,
        says=_("The weight column {column} is of kind {kind}; weights are numbers."),
        hint=_("Declare its kind in data.types, or name another column in data.weight."),
        explanation=_(
            "A weight says how much a row counts, as a number from 0 upwards. If the column holds numbers in "
            "a local format, declare the decimal mark so that they are read as numbers."
        ),
    ),
    Entry(
        code="E1404",
        exit=Exit.DATA,
        says=_("{rejected} of {rows} rows could not be read, more than data.rejected allows ({limit})."),
        hint=_("The rows and their reasons are in {file}. Correct them, or raise data.rejected."),
        explanation=_(
            "Rows that cannot be read are kept aside with their line and reason, and the run goes on "
            "without them. Where there are more than the declared limit, something else is likely wrong: a "
            "delimiter, a format, a broken export. So the run stops before anything is learned."
        ),
    ),
    Entry(
        code="E1405",
        exit=Exit.CONFIG,
        says=_("The project has no finished model yet."),
        hint=_("Run: cauce run"),
        explanation=_(
            "The command needs a bundle, which a run makes in its last steps. Run the project first; what "
            "earlier runs finished is not done again."
        ),
    ),
    Entry(
        code="E1406",
        exit=Exit.DATA,
        says=_("The {fold} fold has no row with a target."),
        hint=_("Bring more rows, change the shares in [split], or choose another split.kind."),
        explanation=_(
            "A model needs rows to learn from and other rows to be judged on. With very few rows, or shares "
            "that leave a fold empty, one of them is missing."
        ),
    ),
)
