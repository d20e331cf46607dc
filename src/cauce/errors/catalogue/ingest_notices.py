"""W04xx: what reading files found out and says aloud."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _
from cauce.language import ngettext_noop

ENTRIES = (
    Entry(
        code="W0401",
        exit=Exit.OK,
        says=_("Read as {encoding}."),
        hint=_("Declare encoding if letters look wrong."),
        explanation=_(
            "The bytes are not UTF-8 without a mark, so the encoding comes from the byte-order mark "
            "or from the bytes themselves."
        ),
    ),
    Entry(
        code="W0402",
        exit=Exit.OK,
        says=_("The delimiter is {delimiter}."),
        hint=_("Declare delimiter if columns look wrong."),
        explanation=_(
            "The delimiter is the one under which most of the first 300 records have as many cells as "
            "the first record."
        ),
    ),
    Entry(
        code="W0403",
        exit=Exit.OK,
        says=ngettext_noop(
            "The first record is data, so the {count} column is named column_1.",
            "The first record is data, so the {count} columns are named column_1, column_2, ….",
        ),
        hint=_("Declare header = true if it holds names."),
        explanation=_("A first record whose cells are all numbers or dates is taken for data."),
    ),
    Entry(
        code="W0404",
        exit=Exit.OK,
        says=ngettext_noop(
            "{count} column name looks like a number or a date.",
            "{count} column names look like numbers or dates.",
        ),
        hint=_("Declare header = false if the first record is data."),
        explanation=_("The first record was taken for names because some of its cells are words."),
    ),
    Entry(
        code="W0405",
        exit=Exit.OK,
        says=_("The name {old} is there more than once; column {position} is called {new}."),
        hint=_("Give the columns distinct names in the file."),
        explanation=_("Two columns of one name cannot be told apart, so later ones get a number."),
    ),
    Entry(
        code="W0406",
        exit=Exit.OK,
        says=_("Column {position} has no name and is called {new}."),
        hint=_("Give it a name in the file."),
        explanation=_("A blank name cannot be used in a project file, a database or a report."),
    ),
    Entry(
        code="W0407",
        exit=Exit.OK,
        says=_("These names differ only in case, blanks or letter form: {names}."),
        hint=_("Rename them if the data goes to a database that does not tell them apart."),
        explanation=_("Names are kept exactly as they are, but many databases fold case and trim blanks."),
    ),
    Entry(
        code="W0408",
        exit=Exit.OK,
        says=ngettext_noop(
            "Column {column} stays text: {count} of its numbers has leading zeros.",
            "Column {column} stays text: {count} of its numbers have leading zeros.",
        ),
        hint=_("Declare it integer or float if the zeros mean nothing."),
        explanation=_("Codes such as 007 would lose their zeros as numbers."),
    ),
    Entry(
        code="W0409",
        exit=Exit.OK,
        says=ngettext_noop(
            "Column {column} stays text: {count} of its whole numbers does not fit a number exactly.",
            "Column {column} stays text: {count} of its whole numbers do not fit a number exactly.",
        ),
        hint=_("Declare it integer or float if exact digits do not matter."),
        explanation=_(
            "Whole numbers beyond 64 bits, or beyond 2^53 in a column that also has decimals, would "
            "be rounded. Identifiers often look so."
        ),
    ),
    Entry(
        code="W0410",
        exit=Exit.OK,
        says=_("Column {column} stays text, but would be {kind} if these meant missing: {markers}."),
        hint=_("Declare them as missing if they are."),
        explanation=_(
            "All other values of the column read as numbers, dates or truth values; the texts named "
            "are often used for a missing value. Nothing is taken as missing unless it is declared."
        ),
    ),
    Entry(
        code="W0411",
        exit=Exit.OK,
        says=_("Column {column} stays text: its days and months cannot be told apart."),
        hint=_('Declare date_formats, for example ["%d/%m/%Y"].'),
        explanation=_(
            "Every value can be read with the day first and with the month first, and no other column "
            "decides."
        ),
    ),
    Entry(
        code="W0412",
        exit=Exit.OK,
        says=_("Column {column} is read as dates written {pattern}."),
        hint=_("Declare date_formats if that is wrong."),
        explanation=_(
            "All the values, or another column of the same files, leave only this order of day and month."
        ),
    ),
    Entry(
        code="W0413",
        exit=Exit.OK,
        says=_(
            "Column {column} stays text: only {read} of {count} values looked at read as numbers or dates."
        ),
        hint=_("Declare its kind to reject the other rows, or declare the texts that mean missing."),
        explanation=_(
            "Many values are written like one kind, but some are not, "
            "are no day of the calendar or are too large."
        ),
    ),
    Entry(
        code="W0414",
        exit=Exit.OK,
        says=_("Column {column} is read as numbers written like {example}."),
        hint=_("Declare decimal, thousands and currency if that is wrong."),
        explanation=_(
            "Every value of the column, or other columns of the same files, leave only this way to "
            "read its numbers."
        ),
    ),
    Entry(
        code="W0415",
        exit=Exit.OK,
        says=_("Column {column} may be read in two ways; the decimal mark was taken to be {mark}."),
        hint=_("Declare decimal to decide."),
        explanation=_(
            "Numbers such as 1.234 are one thousand in one country and one in another, and nothing in "
            "the files decides."
        ),
    ),
    Entry(
        code="W0416",
        exit=Exit.OK,
        says=_(
            "Column {column} has cells that are two quotes with nothing between: they are empty "
            "texts, not missing."
        ),
        hint=_("Declare an empty text as missing if they are."),
        explanation=_(
            "A cell with nothing at all is missing. Quotes with nothing between them are an empty "
            "text in a column of text, and missing in any other column."
        ),
    ),
    Entry(
        code="W0417",
        exit=Exit.OK,
        says=_("Column {column} has no value at all; it is read as text."),
        hint=_("Leave it out with drop."),
        explanation=_("Every cell is empty or a missing marker, so no kind can be told."),
    ),
    Entry(
        code="W0418",
        exit=Exit.OK,
        says=ngettext_noop(
            "Column {column}: {count} value has more digits than are kept.",
            "Column {column}: {count} values have more digits than are kept.",
        ),
        hint=_("Declare it text to keep every digit."),
        explanation=_(
            "Floats keep 15 to 17 significant digits and moments keep microseconds; what follows is "
            "rounded or cut."
        ),
    ),
    Entry(
        code="W0419",
        exit=Exit.OK,
        says=_("Column {column} is read as decimal, because its unsigned numbers pass 64 signed bits."),
        hint=_("Nothing to do; leave it out with drop if it is no feature."),
        explanation=_("Integers have 64 bits with a sign here. Decimals keep the larger ones exactly."),
    ),
    Entry(
        code="W0421",
        exit=Exit.OK,
        says=_("Column {column} has times finer than a microsecond, which are cut to microseconds."),
        hint=_("Store the rest in a column of its own if it matters."),
        explanation=_("Moments count microseconds. What is finer is cut towards the past."),
    ),
    Entry(
        code="W0422",
        exit=Exit.OK,
        says=_("Column {column} has a time zone; its moments are kept in UTC."),
        hint=_("Use a date part in local time only after converting it yourself."),
        explanation=_("A moment with a zone is an instant. It is kept as that instant in UTC."),
    ),
    Entry(
        code="W0423",
        exit=Exit.OK,
        says=_("Column {column} is a time of day or a duration; it is read as whole microseconds."),
        hint=_("Divide by 3600000000 for hours in a formula."),
        explanation=_(
            "There is no kind for times without a date, so the count of microseconds is kept, exactly."
        ),
    ),
    Entry(
        code="W0424",
        exit=Exit.OK,
        says=_("Folder names hold values ({names}) that are not read as columns."),
        hint=_("Write these columns into the files."),
        explanation=_(
            "Folders such as year=2024 are a way to store columns in paths. They are not part of the "
            "files' rows."
        ),
    ),
    Entry(
        code="W0425",
        exit=Exit.OK,
        says=_("Quotes stand in the middle of cells."),
        hint=_('Declare quote = "" if quotes mean nothing in this file.'),
        explanation=_(
            "A quote only opens a cell at its beginning. Elsewhere it is an ordinary character, which "
            "often tells of a broken export."
        ),
    ),
    Entry(
        code="W0428",
        exit=Exit.OK,
        says=_("Column {column} holds answers such as yes and no; it stays text."),
        hint=_("Declare it boolean if you want true and false."),
        explanation=_(
            "Only true and false, and verdadero and falso, are read as booleans by themselves, "
            "because answers are often a class to be named as written."
        ),
    ),
    Entry(
        code="W0429",
        exit=Exit.OK,
        says=_("Column {column} holds texts that often mean missing: {markers} (counted in its first rows)."),
        hint=_("Declare them as missing if they are."),
        explanation=_(
            "Nothing is taken as missing unless it is declared, because such a text may be a level of "
            "its own."
        ),
    ),
    Entry(
        code="W0430",
        exit=Exit.OK,
        says=_("Column {column} is read as decimal, because its whole numbers pass 64 bits."),
        hint=_("Write it as text if it is an identifier; leave it out with drop if it is no feature."),
        explanation=_("Integers have 64 bits with a sign here. Decimals keep the larger ones exactly."),
    ),
)
