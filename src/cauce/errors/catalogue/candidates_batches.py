"""E2180 to E2199: candidates of batches of the rows."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _
from cauce.language import ngettext_noop

ENTRIES = (
    Entry(
        code="E2180",
        exit=Exit.USAGE,
        says=_("{first} and {second} cannot stand together."),
        hint=_("Search first; then give the table the settings that won, with subset, and no search."),
        explanation=_(
            "A search tries many settings and a subset many batches of the rows. Together each draw would be "
            "fitted to each batch, and the search would learn from scores of models that saw different rows. "
            "Lists of a penalty go with subset."
        ),
    ),
    Entry(
        code="E2181",
        exit=Exit.DATA,
        says=_("The rows outside the test cannot be cut into {count} batches of {rows} rows."),
        hint=_("Take larger batches, or look at how often each key or group occurs."),
        explanation=_(
            "Rows with an equal key, or of one group, stay in one batch. Where some occur more often than a "
            "batch has rows, a batch would be empty. Larger batches have room for them."
        ),
    ),
    Entry(
        code="E2182",
        exit=Exit.USAGE,
        says=ngettext_noop(
            "There is no batch {batch}: batches of {rows} rows make {count} batch here.",
            "There is no batch {batch}: batches of {rows} rows make {count} batches here.",
        ),
        hint=_("Take another subset.batch, or leave it out to try all of them."),
        explanation=_(
            "Batches are numbered from 1, and how many there are depends on the rows outside the test. The "
            "leaderboard says how many rows each table's batches have."
        ),
    ),
)
