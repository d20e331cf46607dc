"""E15xx: the command line, `init`, `doctor` and `explain`."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _

ENTRIES = (
    Entry(
        code="E1501",
        exit=Exit.USAGE,
        says=_("There is no command {command}."),
        hint=_("Near it: {near}. All commands: cauce --help"),
        explanation=_(
            "The first word after `cauce` that is not an option names the command. Commands are written out "
            "in full and in lower case."
        ),
    ),
    Entry(
        code="E1502",
        exit=Exit.USAGE,
        says=_("{command} has no option {option}."),
        hint=_("Near it: {near}. All options: {command} --help"),
        explanation=_(
            "Options begin with two dashes and are written out in full. The options of all commands, such as "
            "--json and --project, may stand before or after the command; the others after it."
        ),
    ),
    Entry(
        code="E1503",
        exit=Exit.USAGE,
        says=_("{command} needs {parameter}."),
        hint=_("See the examples of: {command} --help"),
        explanation=_(
            "The command cannot work without this, and there is no default that would be right for "
            "everybody. Its help shows complete lines to copy."
        ),
    ),
    Entry(
        code="E1504",
        exit=Exit.USAGE,
        says=_("{option} takes {choices}, not {value}."),
        hint=_("Give one of: {choices}"),
        explanation=_("The option has a fixed list of values, compared exactly, in lower case."),
    ),
    Entry(
        code="E1505",
        exit=Exit.USAGE,
        says=_("The option {option} needs a value."),
        hint=_("Write {option} VALUE or {option}=VALUE."),
        explanation=_(
            "The option stands at the end of the line, or before another option, where its value should be. "
            "A value that itself begins with a dash is written with the equals sign."
        ),
    ),
    Entry(
        code="E1506",
        exit=Exit.USAGE,
        says=_("The option {option} takes no value."),
        hint=_("Write {option} alone."),
        explanation=_("The option is a switch: that it is there says everything."),
    ),
    Entry(
        code="E1507",
        exit=Exit.USAGE,
        says=_("{command} does not know what to do with {arguments}."),
        hint=_("Put names with blanks in quotes. See the examples of: {command} --help"),
        explanation=_(
            "More was given than the command takes. Often a file name with blanks stands without quotes, or "
            "a pattern such as *.csv was replaced by many file names by the shell: quote it, and Cauce "
            "finds the files itself."
        ),
    ),
    Entry(
        code="E1508",
        exit=Exit.USAGE,
        says=_("Nobody is there to answer the questions about: {questions}."),
        hint=_("Give --yes to take every guess, or answer with: {flags}"),
        explanation=_(
            "`cauce init` asks what it cannot know. Where it cannot ask, because its input is not a terminal "
            "or has ended, every question must be answered by its option, or --yes must say that the "
            "guesses are good enough. An empty text answers none."
        ),
    ),
    Entry(
        code="E1509",
        exit=Exit.CANNOT_CREATE,
        says=_("{file} exists already."),
        hint=_("Give --force to replace it, or --project to write another file."),
        explanation=_(
            "A project file is written by hand as well, and replacing it would lose that work. So it is only "
            "replaced when asked for."
        ),
    ),
    Entry(
        code="E1510",
        exit=Exit.SOFTWARE,
        says=_("Cauce has a defect: {kind} in {where}."),
        hint=_("A report without data is in {file}; please send it to the authors. Details: --debug"),
        explanation=_(
            "Something happened that Cauce has no answer for, which is our mistake and not yours. The "
            "report holds versions, the names of the options used and the places in the code, but no "
            "value of an option, no message and no row of data. Finished steps are kept; run again after "
            "an upgrade."
        ),
    ),
    Entry(
        code="E1511",
        exit=Exit.INTERRUPTED,
        says=_("Interrupted."),
        hint=_("Type the same command again to go on: {command}"),
        explanation=_(
            "The command was stopped by Ctrl-C or a signal. Nothing half-written is visible, and what was "
            "finished before is kept: the same command goes on from there."
        ),
    ),
    Entry(
        code="E1512",
        exit=Exit.TEMPORARY,
        says=_("There is not enough memory."),
        hint=_("Close other programs, or lower engine.batch_rows in the project, then run again."),
        explanation=_(
            "The system refused more memory. Rows are worked on in batches, so a smaller batch needs less; "
            "columns with very many different texts need more than others and can be dropped. Finished "
            "steps are kept."
        ),
    ),
    Entry(
        code="E1513",
        exit=Exit.USAGE,
        says=_("There is no code {asked}."),
        hint=_("Near it: {near}. All codes: cauce explain --all"),
        explanation=_(
            "Codes are E (stops) or W (warns) and four digits, as they stand in brackets in a message. A "
            "code may also belong to a newer version of Cauce."
        ),
    ),
    Entry(
        code="E1514",
        exit=Exit.UNAVAILABLE,
        says=_("This needs {library}, which is not installed."),
        hint=_("Type: pip install '{distribution}'"),
        explanation=_(
            "The base installation is kept small. What only some need comes with an extra: cauce[mlflow] for "
            "tracking and the registry, cauce[spark] for Spark, cauce[demo] for the demonstration's data."
        ),
    ),
    Entry(
        code="E1515",
        exit=Exit.USAGE,
        says=_("{flag} names the column {column}, which the data do not have."),
        hint=_("Near it: {near}."),
        explanation=_(
            "The data were read and have no column of that name. Names are compared exactly, upper and lower "
            "case and blanks included."
        ),
    ),
    Entry(
        code="E1516",
        exit=Exit.USAGE,
        says=_("Completion is not known for the shell {shell}."),
        hint=_("Run it inside one of these: {known}"),
        explanation=_(
            "The shell that Cauce was started from decides what is installed. In a script, or in a shell "
            "that is none of these, there is nothing to install."
        ),
    ),
    Entry(
        code="E1517",
        exit=Exit.USAGE,
        says=_("The command line cannot be understood: {reason}"),
        hint=_("See the examples of: {command} --help"),
        explanation=_("The words after `cauce` do not fit together in a way that has no message of its own."),
    ),
    Entry(
        code="E1518",
        exit=Exit.USAGE,
        says=_("Nothing was said to explain."),
        hint=_("Type a code as it stands in the message: cauce explain E0301"),
        explanation=_("`cauce explain` takes the code of a message, or --all for every one."),
    ),
)
