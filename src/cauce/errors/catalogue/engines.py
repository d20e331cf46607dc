"""E07xx: engines."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _

ENTRIES = (
    Entry(
        code="E0701",
        exit=Exit.SOFTWARE,
        says=_("Spark could not finish the work: {reason}."),
        hint=_("Look at the executor's log for the first error, then run the same command again."),
        explanation=_(
            "A Spark job failed on an executor or on the driver. What was finished before is kept; "
            "the same command goes on from there. The first error in the executor's log says why: "
            "often memory, a lost executor, or a Python on the workers without Cauce installed."
        ),
    ),
    Entry(
        code="E0702",
        exit=Exit.CONFIG,
        says=_("The Spark engine needs {package}, which is not installed."),
        hint=_("Install it with: pip install 'cauce[spark]' (Spark also needs Java 17 or newer)."),
        explanation=_(
            "The Spark engine is an extra, so that the base installation stays small. Install the extra, "
            "and a Java runtime, or use the local engine: it gives the same numbers."
        ),
    ),
)
