"""E04xx and W04xx: reading files."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _
from cauce.language import ngettext_noop

ENTRIES = (
    Entry(
        code="E0401",
        exit=Exit.DATA,
        says=_("No file matches {pattern}."),
        hint=_("Check the path; it is read relative to the folder the command runs in."),
        explanation=_(
            "The path, folder or glob names no readable file. Files whose names begin with a dot or an "
            "underscore are not data and are not looked at in folders."
        ),
    ),
    Entry(
        code="E0402",
        exit=Exit.IO,
        says=_("The file cannot be read: {reason}."),
        hint=_("Check that it exists, that you may read it and that the disk is well."),
        explanation=_("The operating system refused to open or read the file."),
    ),
    Entry(
        code="E0403",
        exit=Exit.DATA,
        says=_("This is {found}, not a table as text, JSON, Parquet or ORC."),
        hint=_("Export the table as CSV or Parquet and give that file."),
        explanation=_(
            "The format is decided by the file's content, never by its name. The first bytes are those of a "
            "kind of file that is not read here."
        ),
    ),
    Entry(
        code="E0404",
        exit=Exit.DATA,
        says=_("Files of several kinds are mixed: {first} is {format}, {second} is not."),
        hint=_("Give one kind of file, for example with a glob such as data/*.parquet."),
        explanation=_(
            "All the files of one source must be of one kind, because their types are decided together."
        ),
    ),
    Entry(
        code="E0405",
        exit=Exit.DATA,
        says=_("The file holds nothing: no names and no rows."),
        hint=_("Check how the file was exported or downloaded."),
        explanation=_("The file has no bytes, or only line ends."),
    ),
    Entry(
        code="E0406",
        exit=Exit.DATA,
        says=_("There are column names but no rows."),
        hint=_("Check the export; if the first line is data, say header = false."),
        explanation=_("After the line of names no record follows in any of the files."),
    ),
    Entry(
        code="E0407",
        exit=Exit.DATA,
        says=_("The bytes here are not {encoding} text."),
        hint=_('Declare the file\'s encoding, for example encoding = "cp1252", or export it as UTF-8.'),
        explanation=_(
            "The file does not decode in the encoding declared or found. No byte is guessed or dropped."
        ),
    ),
    Entry(
        code="E0408",
        exit=Exit.DATA,
        says=_("The file mixes encodings: it holds UTF-8 text, and bytes that are not UTF-8 here."),
        hint=_(
            "Export it again in one encoding. To read all of it as one, with wrong letters in a part, "
            'declare encoding = "cp1252".'
        ),
        explanation=_(
            "Part of the file is valid UTF-8 with accented letters and part of it is not, which happens when "
            "files of two encodings are joined. No single encoding reads it right."
        ),
    ),
    Entry(
        code="E0409",
        exit=Exit.DATA,
        says=_("A NUL byte stands here: this is not a text table."),
        hint=_('Export the file again; if it is UTF-16 without a mark, declare encoding = "utf-16-le".'),
        explanation=_(
            "Text tables hold no NUL. It comes from binary files, from UTF-16 without a mark or from a "
            "damaged export. Databases and models would cut the text there."
        ),
    ),
    Entry(
        code="E0410",
        exit=Exit.DATA,
        says=_("A quote opens here and is never closed."),
        hint=_('Close or double the quote, or declare quote = "" if quotes mean nothing in this file.'),
        explanation=_(
            "From this quote to the end of the file everything would be one cell, and its rows lost."
        ),
    ),
    Entry(
        code="E0411",
        exit=Exit.DATA,
        says=_("The record that begins here is longer than {limit} bytes."),
        hint=_("Look for a quote that is not closed, or raise the limit."),
        explanation=_(
            "One record must fit in memory. A record this long is nearly always an unclosed quote."
        ),
    ),
    Entry(
        code="E0412",
        exit=Exit.DATA,
        says=_("The compressed file grows beyond {limit} times its size ({size} bytes)."),
        hint=_("If the file is honest, decompress it first and give the result."),
        explanation=_("Small files that grow without end are used to fill disks, so growth has a bound."),
    ),
    Entry(
        code="E0413",
        exit=Exit.DATA,
        says=_("The zip archive holds {count} files; one is expected."),
        hint=_("Unpack it and give the folder, or a glob."),
        explanation=_(
            "Which file of an archive is the table cannot be guessed. Folders and __MACOSX are not counted."
        ),
    ),
    Entry(
        code="E0414",
        exit=Exit.DATA,
        says=_("The compressed file is damaged, cut off or locked: {reason}."),
        hint=_("Download or export it again; archives with a password must be unpacked first."),
        explanation=_("The compressed stream ends early, fails its checksum or needs a password."),
    ),
    Entry(
        code="E0415",
        exit=Exit.CONFIG,
        says=_("{option} = {value} is not known or not possible."),
        hint=_("{expected}"),
        explanation=_("A setting that says how to read files has a value that cannot be used."),
    ),
    Entry(
        code="E0416",
        exit=Exit.DATA,
        says=_("This file's columns differ from those of {first}: it lacks {missing} and adds {extra}."),
        hint=_("Give files of one table, or drop the columns that differ."),
        explanation=_("The files of one source must have the same column names; their order may differ."),
    ),
    Entry(
        code="E0417",
        exit=Exit.DATA,
        says=_("The file changed while it was being read."),
        hint=_("Wait until it is complete, then run again."),
        explanation=_(
            "Kinds are decided from all the rows, so the rows must stay the same until they have been read."
        ),
    ),
    Entry(
        code="E0418",
        exit=Exit.CONFIG,
        says=_("{option} names {column}, which is not a column of the files."),
        hint=_("Did you mean {near}?"),
        explanation=_(
            "A setting names a column that the files do not have. Names are compared exactly, upper "
            "and lower case and blanks included."
        ),
    ),
    Entry(
        code="E0420",
        exit=Exit.DATA,
        says=_("The file is damaged or not readable: {reason}."),
        hint=_("Export or download the file again."),
        explanation=_(
            "The footer, a page or a checksum of the file is wrong, so its values cannot be trusted."
        ),
    ),
    Entry(
        code="E0421",
        exit=Exit.DATA,
        says=_("The Parquet file is encrypted."),
        hint=_("Decrypt it first, or export it without encryption."),
        explanation=_("Keys of encrypted Parquet files are not handled here."),
    ),
    Entry(
        code="E0422",
        exit=Exit.DATA,
        says=_("Column {column} is of the type {found}, which is not a single value."),
        hint=_("Leave it out with drop, or flatten it into plain columns."),
        explanation=_(
            "A table's column holds one boolean, number, text, date or moment a row. Lists, maps, "
            "structures and other types must be flattened before."
        ),
    ),
    Entry(
        code="E0423",
        exit=Exit.DATA,
        says=_("Column {column} holds bytes that are not UTF-8 text."),
        hint=_("Leave it out with drop."),
        explanation=_(
            "A binary column is read as text where all its values are valid UTF-8, as old writers "
            "store text so. This one holds other bytes."
        ),
    ),
    Entry(
        code="E0424",
        exit=Exit.DATA,
        says=_("Column {column} is {found}: more than 38 digits."),
        hint=_("Store it with at most 38 digits, or leave it out with drop."),
        explanation=_("Decimals are kept exactly, in 38 digits at most."),
    ),
    Entry(
        code="E0425",
        exit=Exit.DATA,
        says=_("Column {column} is {found} here and {expected} in {first}."),
        hint=_("Write the files with one schema; nothing is converted in silence."),
        explanation=_(
            "The files of one source must agree on each column's kind. Widths of integers and "
            "floats may differ, kinds may not."
        ),
    ),
    Entry(
        code="E0426",
        exit=Exit.DATA,
        says=_("Column {column} is there more than once."),
        hint=_("Write the file with distinct column names."),
        explanation=_("Such files may have two columns of one name; a model could not tell them apart."),
    ),
    Entry(
        code="E0427",
        exit=Exit.CONFIG,
        says=_("Column {column} is declared a date, and its days and months cannot be told apart."),
        hint=_('Declare date_formats, for example ["%d/%m/%Y"].'),
        explanation=_(
            "Every value can be read with the day first and with the month first. Guessing would "
            "silently swap them."
        ),
    ),
    Entry(
        code="E0428",
        exit=Exit.CONFIG,
        says=_("Column {column} holds {found}, which cannot be read as {kind}."),
        hint=_(
            "Declare another kind for it, such as float, or text to keep every digit; or convert it before."
        ),
        explanation=_(
            "The declared kind has no reading for what the column holds. Text is not read as decimal; float "
            "and integer are."
        ),
    ),
    Entry(
        code="E0430",
        exit=Exit.DATA,
        says=ngettext_noop(
            "{found} cell where {expected} are named", "{found} cells where {expected} are named", by="found"
        ),
        hint=_("Look for an unquoted delimiter or a missing one in this row."),
        explanation=_(
            "The row has more or fewer cells than there are column names, so which cell belongs to "
            "which column is not known. It is kept among the rejected rows."
        ),
    ),
    Entry(
        code="E0431",
        exit=Exit.DATA,
        says=_("the cell of column {column} does not read as {kind}"),
        hint=_("Correct the cell, declare its text as missing, or declare another kind."),
        explanation=_(
            "The column's kind is declared, and this cell's text is not written that way. The row is "
            "kept among the rejected rows."
        ),
    ),
    Entry(
        code="E0432",
        exit=Exit.DATA,
        says=_("Column {column} holds a {second} here, and a {first} before."),
        hint=_("Write its values as one kind, declare a text as missing, or leave the column out with drop."),
        explanation=_(
            "JSON gives each value a kind of its own, and a column has one: numbers, texts, or true and "
            "false. Which of the two was meant is not known, so neither is changed in silence. A text such "
            "as NA among numbers can be declared as missing."
        ),
    ),
    Entry(
        code="E0433",
        exit=Exit.CONFIG,
        says=_("The format is declared as {format}, but the content is {found}."),
        hint=_("Leave the format as auto, or give the right files."),
        explanation=_("The content decides what a file is; the declaration contradicts it."),
    ),
    Entry(
        code="E0434",
        exit=Exit.DATA,
        says=_("The JSON array is broken at element {number}, which is no whole object."),
        hint=_("Export the file again, or write one object a line."),
        explanation=_(
            "A file that begins with a bracket is an array of objects, closed by a bracket. Where one of "
            "them is not an object, or the file ends before, what follows cannot be told apart."
        ),
    ),
    Entry(
        code="E0435",
        exit=Exit.DATA,
        says=_("the record is not a JSON object: {reason}"),
        hint=_("Write one object a line, or an array of objects, as JSON defines them."),
        explanation=_(
            "In a file of JSON lines every line that is not blank is one object. NaN, Infinity and numbers "
            "beyond the largest are not JSON. The row is kept among the rejected rows."
        ),
    ),
    Entry(
        code="E0436",
        exit=Exit.DATA,
        says=_("the record names {column} twice"),
        hint=_("Write each name once."),
        explanation=_(
            "Readers of JSON differ in which of two values of one name they take, so none is taken. The row "
            "is kept among the rejected rows."
        ),
    ),
)
