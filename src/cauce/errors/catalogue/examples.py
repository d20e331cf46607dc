"""E16xx: the examples and the demonstration."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _

ENTRIES = (
    Entry(
        code="E1601",
        exit=Exit.USAGE,
        says=_("There is no example {name}."),
        hint=_("There are: {known}."),
        explanation=_(
            "Examples come with Cauce and are called by name. Each is a project file and a page that says "
            "where its data are to be had."
        ),
    ),
    Entry(
        code="E1602",
        exit=Exit.CANNOT_CREATE,
        says=_("{file} exists and is not the example's own."),
        hint=_("Choose another folder, or move the file away; to run what is there, type: cauce run"),
        explanation=_(
            "An example is only written where nothing of yours is replaced. A file that has the same name "
            "and other content may be one you have edited, so it is left as it is."
        ),
    ),
    Entry(
        code="E1603",
        exit=Exit.UNAVAILABLE,
        says=_("{source} cannot be had: {reason}."),
        hint=_(
            "Check the path or the address; a file that was downloaded otherwise can be given by its path."
        ),
        explanation=_(
            "The data of an example are read from a file, or downloaded from an http or https address. The "
            "file is not there, the server did not answer, or the download broke off. No data were written."
        ),
    ),
    Entry(
        code="E1604",
        exit=Exit.DATA,
        says=_("The archive holds {count} files and none alone is called {name}."),
        hint=_("Unpack it, and give the path of the file with the data."),
        explanation=_(
            "Of a zip archive the one file is taken that has the name the example expects, or the only one. "
            "Here it cannot be told which is meant."
        ),
    ),
    Entry(
        code="E1605",
        exit=Exit.DATA,
        says=_("{source} has more than {limit} bytes."),
        hint=_("Give the path of a smaller file."),
        explanation=_(
            "The examples' data have some tens of megabytes. Much more than that is another file, or an "
            "archive made to fill a disk, so the copy stops."
        ),
    ),
    Entry(
        code="E1606",
        exit=Exit.USAGE,
        says=_("The example {name} needs its data."),
        hint=_("Give a path or an address last; the example's README says where the data are."),
        explanation=_(
            "The data of this example are not part of Cauce. Its README names the address they are published "
            "at; the address or a file that was downloaded from it is given behind the folder."
        ),
    ),
)
