"""E260x to E264x: files and public data behind web addresses."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _
from cauce.language import ngettext_noop

ENTRIES = (
    Entry(
        code="E2601",
        exit=Exit.PERMISSION,
        says=_("{host} leads to {number}, which is never fetched from."),
        hint=_("Check the address: no table is there."),
        explanation=_(
            "Link-local addresses and those of metadata services hand out a machine's own credentials, and "
            "an address in a project file, or a server's redirect, must never make Cauce ask them. This "
            "holds however the address is written, and whatever private=allow says."
        ),
    ),
    Entry(
        code="E2602",
        exit=Exit.UNAVAILABLE,
        says=_("The name {host} was not found ({reason})."),
        hint=_("Check the name and the network; behind a proxy, set HTTPS_PROXY."),
        explanation=_(
            "The name of the host has no address here: it is misspelt, the network is down, or names are "
            "looked up by a proxy that the environment does not name (HTTP_PROXY, HTTPS_PROXY, NO_PROXY)."
        ),
    ),
    Entry(
        code="E2603",
        exit=Exit.PERMISSION,
        says=_("{host} leads to {number}, in a private network or on this machine."),
        hint=_("If that is meant, add private=allow to the address's options."),
        explanation=_(
            "A project file from somebody else must not make Cauce read from servers that only this network "
            "reaches, nor may a public server redirect it there. The option private=allow lets the host that "
            "the address names be one of them; redirects to other such hosts stay refused."
        ),
    ),
    Entry(
        code="E2604",
        exit=Exit.UNAVAILABLE,
        says=_("{url} redirects to {target}, which is not followed."),
        hint=_("Give the address that it leads to in the end, if you trust it."),
        explanation=_(
            "At most five redirects are followed, never from https to http, and never to anything but a web "
            "address without a user in it. Credentials go to the first host only."
        ),
    ),
    Entry(
        code="E2605",
        exit=Exit.UNAVAILABLE,
        says=_("{url} answers {status}."),
        hint=_("Open the address in a browser; 401 and 403 ask for token= or password= by reference."),
        explanation=_(
            "The server answered that it will not send this, and asking again would not change that. 404 and "
            "410: nothing is there (any more). 401 and 403: it wants to know who asks, or refuses to; a "
            "secret is given by reference, such as #token=env:MY_TOKEN."
        ),
    ),
    Entry(
        code="E2606",
        exit=Exit.UNAVAILABLE,
        says=_("The server's certificate is not to be trusted: {reason}."),
        hint=_("Name your own authority's certificates with SSL_CERT_FILE."),
        explanation=_(
            "The server did not prove that it is who the address names, so nothing was asked of it. A "
            "company with an authority of its own names its certificates in SSL_CERT_FILE or SSL_CERT_DIR. "
            "There is no way to switch the check off."
        ),
    ),
    Entry(
        code="E2607",
        exit=Exit.DATA,
        says=_("{url} has the SHA-256 {found}, not the declared {declared}."),
        hint=_("Find out what changed; then declare the new digest."),
        explanation=_(
            "The address declares what the file's bytes must be, and they are others: the file was changed "
            "or replaced, or was damaged on its way. Nothing was read from it and it was deleted."
        ),
    ),
    Entry(
        code="E2608",
        exit=Exit.TEMPORARY,
        says=_("{url} gave nothing in {tries} tries; the last one: {reason}."),
        hint=_("Try again later: what has come so far is kept."),
        explanation=_(
            "The server was out of reach, overloaded or broke off, and longer and longer pauses did not "
            "help. What arrived is kept, and the next command goes on from there where the server can."
        ),
    ),
    Entry(
        code="E2609",
        exit=Exit.DATA,
        says=_("{url} is larger than {limit} bytes."),
        hint=_("Raise the limit with the option most=, such as most=50GB."),
        explanation=_(
            "A download stops at a limit, so that a wrong address or a server that never ends does not fill "
            "the disk. The limit is 20 GB where the address does not say another one."
        ),
    ),
    Entry(
        code="E2610",
        exit=Exit.TEMPORARY,
        says=_("{url} took longer than {seconds} seconds."),
        hint=_("Try again: it goes on where it was; or allow more with the option seconds=."),
        explanation=_(
            "A download has an end in time too, six hours where the address does not say another one. What "
            "arrived is kept."
        ),
    ),
    Entry(
        code="E2611",
        exit=Exit.CONFIG,
        says=_("The address's option {option} cannot be {value}; known: {known}."),
        hint=_("Correct the option, or leave it out."),
        explanation=_(
            "Of a web address, options for Cauce stand after #, joined by &: sha256, private, token, "
            "password, most, seconds, idle, tries. What stands after ? goes to the server as it is. Of other "
            "addresses, options stand after ?."
        ),
    ),
    Entry(
        code="E2612",
        exit=Exit.TEMPORARY,
        says=_("{url} asks to be left alone for {seconds} seconds."),
        hint=_("Try again after that; public data often gives more to those with a token."),
        explanation=_(
            "The server says that it was asked too often and when it may be asked again, and that is longer "
            "than Cauce waits. What arrived is kept."
        ),
    ),
    Entry(
        code="W2614",
        exit=Exit.OK,
        says=_("{url} could not be asked whether it changed; what was fetched on {when} is used. {reason}"),
        hint=_("Run it again when the server can be reached."),
        explanation=_(
            "The file was fetched before, and now the server could not be reached. The earlier download is "
            "used so that work goes on; if the file has changed since, that is not known yet."
        ),
    ),
    Entry(
        code="W2615",
        exit=Exit.OK,
        says=_("{url} does not say how long it is: whether all of it came cannot be known."),
        hint=_("Declare the file's digest with #sha256=…"),
        explanation=_(
            "The server sends neither a length nor a mark of the end, so a connection that breaks looks like "
            "the end of the file. With a declared SHA-256 a part is never taken for the whole."
        ),
    ),
    Entry(
        code="E2616",
        exit=Exit.CONFIG,
        says=_("A token or password for {url} would cross the network unprotected."),
        hint=_("Use https; within your own network, add private=allow."),
        explanation=_(
            "Everybody between this machine and the server can read what is sent over http, and would have "
            "the secret. So credentials go over https only, unless the server is in a network of your own."
        ),
    ),
    Entry(
        code="E2617",
        exit=Exit.DATA,
        says=_("{url} gives a web page, not a file of rows."),
        hint=_("Give the address of the file itself, such as that of the page's download button."),
        explanation=_(
            "The server sends a page for people to look at: the page around a download, one that asks for a "
            "login, or one that says that the file is gone. Read as a table it would be nonsense."
        ),
    ),
    Entry(
        code="E2618",
        exit=Exit.USAGE,
        says=_("{source} is an address, and files of this machine are wanted here."),
        hint=_("Name it as data.source of a project; or download it and give the file."),
        explanation=_(
            "Rows that are elsewhere are brought into a project's folder, where it is known what was brought "
            "and whether it changed. A command that is given files by name has no such folder."
        ),
    ),
    Entry(
        code="E2630",
        exit=Exit.UNAVAILABLE,
        says=_("{root} has no data set {dataset}."),
        hint=_("Look the name up on the portal; it is the last part of the data set's address there."),
        explanation=_(
            "A data set's name has two groups of four letters and digits, such as jbjy-vk9h. Portals retire "
            "data sets and put new ones in their place, so a name that once worked may be gone."
        ),
    ),
    Entry(
        code="E2631",
        exit=Exit.UNAVAILABLE,
        says=_("{url} refuses the question (HTTP {status}): {reason}"),
        hint=_("Correct $where; texts stand in single quotes. Private data sets are not read."),
        explanation=_(
            "The portal does not understand the condition in the address, or does not show the data set to "
            "everybody. A condition is written in SoQL, such as fecha_de_firma >= '2024-01-01T00:00:00', "
            "with the portal's own short names of columns."
        ),
    ),
    Entry(
        code="W2632",
        exit=Exit.OK,
        says=_("{root} does not know the app token; it is left out."),
        hint=_("Make a new token on that portal, or take it out of the address."),
        explanation=_(
            "Portals refuse every request with a token that they do not know, even where no token is needed. "
            "Without one the same rows come, but a portal lets those without a token ask less often."
        ),
    ),
    Entry(
        code="E2633",
        exit=Exit.TEMPORARY,
        says=ngettext_noop(
            "{url} changed while its pages were fetched.",
            "{url} changed each time while its pages were fetched ({rounds} times).",
            by="rounds",
        ),
        hint=_("Try again when it is not being updated, or bring less at a time with $where."),
        explanation=_(
            "Rows or columns changed between two pages, so the pages are not of one state of the data set; "
            "they were thrown away and fetched anew, and it happened again. A mixture of two states is never "
            "learned from."
        ),
    ),
    Entry(
        code="E2634",
        exit=Exit.DATA,
        says=ngettext_noop(
            "{url} gave {rows} row where it counts {expected}.",
            "{url} gave {rows} rows where it counts {expected}.",
            by="rows",
        ),
        hint=_("Try again later, or with a smaller page=."),
        explanation=_(
            "The portal says how many rows its data set has, and its pages together held another number "
            "though it says that nothing changed. Rows are missing or too many, so nothing was taken."
        ),
    ),
    Entry(
        code="E2636",
        exit=Exit.CONFIG,
        says=_("The data set has no column {column}; near: {near}."),
        hint=_("$select takes names of columns, joined by commas; formulas belong under [features]."),
        explanation=_(
            "Columns have short names on a portal, in small letters and without accents, such as "
            "valor_del_contrato. Only plain columns can be selected: what is calculated from them is "
            "declared in the project, so that it means the same in the service."
        ),
    ),
    Entry(
        code="E2637",
        exit=Exit.CONFIG,
        says=_("{name} is no name of a data set."),
        hint=_("Write socrata://HOST/NAME, such as socrata://www.datos.gov.co/jbjy-vk9h."),
        explanation=_(
            "A data set's name has two groups of four small letters and digits with a hyphen between them; "
            "it is the last part of the data set's address on the portal."
        ),
    ),
    Entry(
        code="E2638",
        exit=Exit.UNAVAILABLE,
        says=_("{url} does not answer as a portal of Socrata does."),
        hint=_("Check the host; other portals give files, whose https address is a source too."),
        explanation=_(
            "The answer has not the form that this kind of portal gives: another program is behind the "
            "address, or a page that asks for a login."
        ),
    ),
    Entry(
        code="W2639",
        exit=Exit.OK,
        says=_("The portal says that {column} is {type}, but not all its cells are: it is read as text."),
        hint=_("If some texts mean a missing value, say so under data.missing; data.types decides the kind."),
        explanation=_(
            "A portal tells what each column holds, and a cell held something else, so the column stays as "
            "the texts it is. With data.types the kind can be demanded: then rows with such cells are "
            "rejected and counted."
        ),
    ),
    Entry(
        code="E2640",
        exit=Exit.DATA,
        says=_("{url} has no rows."),
        hint=_("Check the condition in $where."),
        explanation=_(
            "The data set is there, but it is empty or no row meets the condition. Texts are compared as "
            "they are written, capitals and accents included."
        ),
    ),
)
