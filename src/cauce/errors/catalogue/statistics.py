"""E02xx: row hashes and summaries."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _
from cauce.language import ngettext_noop

ENTRIES = (
    Entry(
        code="E0201",
        exit=Exit.SOFTWARE,
        says=_("Column {column} of a batch holds {found}, but the schema declares {declared}."),
        hint=_("Cast the column to its declared kind before it is hashed or stored."),
        explanation=_(
            "The hash of a row is defined for declared kinds: the integer 1 and the number 1.0 are "
            "different values. A source must hand out batches that have exactly the types of its schema. "
            "If a source of yours is involved, cast there; otherwise please report this as a defect."
        ),
    ),
    Entry(
        code="E0202",
        exit=Exit.DATA,
        says=_("Column {column} holds {found}; {summary} needs {needed}."),
        hint=_("Choose another column, or declare its kind in the project file."),
        explanation=_(
            "A statistic was asked of a column that cannot have it, such as the mean of a text. "
            "If the column really holds numbers that were read as text, declare its kind, so that it is "
            "converted once, when it is read."
        ),
    ),
    Entry(
        code="E0203",
        exit=Exit.DATA,
        says=_("This is not a state of {summary} as it is declared here."),
        hint=_("Compute the statistics again, or use the declaration they were computed with."),
        explanation=_(
            "The stored state of a statistic names the declaration it belongs to: its columns, limits and "
            "bounds. The one being read belongs to another declaration, so its numbers would be "
            "misunderstood. It is refused instead."
        ),
    ),
    Entry(
        code="E0204",
        exit=Exit.DATA,
        says=_("A state of {summary} has version {found}; this Cauce reads version {known}."),
        hint=_("Read it with the version of Cauce that wrote it, or compute the statistics again."),
        explanation=_(
            "The form in which the state of a statistic is stored carries a version. This one was "
            "written by a Cauce that stores it differently, most likely a newer one."
        ),
    ),
    Entry(
        code="E0205",
        exit=Exit.DATA,
        says=_("A stored state of {summary} is damaged ({detail})."),
        hint=_("Compute the statistics again, or restore the file from a copy."),
        explanation=_(
            "The bytes that hold the state of a statistic are cut short or changed: their checksum or "
            "their layout is not what was written. Nothing of them is used."
        ),
    ),
    Entry(
        code="E0206",
        exit=Exit.SOFTWARE,
        says=_("{summary} cannot be declared with {option} = {value}; it needs {needed}."),
        hint=_("Correct {option}."),
        explanation=_(
            "The declaration of a statistic is checked when it is made, so that a wrong limit or "
            "unordered edges are not found only after the whole table was read."
        ),
    ),
    Entry(
        code="E0207",
        exit=Exit.SOFTWARE,
        says=ngettext_noop(
            "Rank {rank} is outside the {count} value counted.",
            "Rank {rank} is outside the {count} values counted.",
        ),
        hint=_("Ask for a rank from 0 to the count less one."),
        explanation=_(
            "The value at a rank was asked of an ordered count that does not hold so many values. "
            "Ranks start at 0 and leave out nulls and not-a-number values."
        ),
    ),
)
