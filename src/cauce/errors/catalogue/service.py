"""E24xx: the service: starting it, and what it answers to requests it cannot serve."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _
from cauce.language import ngettext_noop

ENTRIES = (
    Entry(
        code="E2400",
        exit=Exit.UNAVAILABLE,
        says=_("Serving a model needs {library}, which is not installed."),
        hint=_("Run: pip install 'cauce[serve]'"),
        explanation=_(
            "Cauce itself is small; what answers over HTTP is an extra. Nothing else needs it: models are "
            "trained, checked and used on files without it."
        ),
    ),
    Entry(
        code="E2401",
        exit=Exit.CONFIG,
        says=_("Others can reach the address {host}, and no token would be asked of them."),
        hint=_("Make a token: cauce token NAME --file tokens.json, and give --tokens tokens.json"),
        explanation=_(
            "Without tokens the service only listens on this machine's own addresses, such as 127.0.0.1. At "
            "any other address everybody in the network could use the model, so tokens are demanded."
        ),
    ),
    Entry(
        code="E2402",
        exit=Exit.CONFIG,
        says=_("{file} is no file of tokens: {reason}."),
        hint=_("Make a new one: cauce token NAME --file FILE"),
        explanation=_(
            "A file of tokens is a JSON document with, for each token, its name, what it may do (predict, "
            "explain, operate) and the SHA-256 of the token. The tokens themselves are nowhere kept."
        ),
    ),
    Entry(
        code="E2403",
        exit=Exit.UNAVAILABLE,
        says=_("The service cannot listen on {host}, port {port}: {reason}."),
        hint=_("Choose another one with --port or --host, or end the program that uses it."),
        explanation=_(
            "A port can belong to one program at a time, and ports below 1024 often only to the system's "
            "administrator. The address must be one of this machine."
        ),
    ),
    Entry(
        code="E2404",
        exit=Exit.UNAVAILABLE,
        says=_("The service did not get ready: {reason}."),
        hint=_("Check the model with: cauce verify MODEL"),
        explanation=_(
            "Each worker opens the model, compares every digest, scores the model's own test rows, and only "
            "then answers. One that cannot is started again a few times; then the service gives up."
        ),
    ),
    Entry(
        code="E2405",
        exit=Exit.USAGE,
        says=_("{file} has a token called {name} already."),
        hint=_("Choose another name, or take the old one out of the file."),
        explanation=_(
            "Names tell tokens apart when one has to be withdrawn. To replace a token, add one of another "
            "name, give it out, then take the old one out of the file and start the service again."
        ),
    ),
    Entry(
        code="E2406",
        exit=Exit.USAGE,
        says=_("{option} takes {expected}, not {value}."),
        hint=_("See `--help` of the command you ran."),
        explanation=_(
            "Numbers of workers, rows, bytes and seconds have bounds within which they make sense."
        ),
    ),
    Entry(
        code="E2410",
        exit=Exit.DATA,
        says=_("The body is not JSON: {reason}."),
        hint=_("Send JSON in UTF-8; there are no NaN and no Infinity in it: a missing value is null."),
        explanation=_(
            "What was sent could not be read as a JSON document (RFC 8259). Where it ends, or what stands at "
            "the place named, is not allowed there."
        ),
    ),
    Entry(
        code="E2411",
        exit=Exit.DATA,
        says=ngettext_noop("{count} field cannot be used.", "{count} fields cannot be used."),
        hint=_("Each of them is listed under errors, with what it takes."),
        explanation=_(
            "Every column that the model reads must be there, with a value of its kind or null. Nothing is "
            "converted by guessing: a number in a text is no number. What the model takes stands at "
            "/openapi.json."
        ),
    ),
    Entry(
        code="E2412",
        exit=Exit.DATA,
        says=_("The body is larger than {limit} bytes."),
        hint=_("Send fewer rows at a time, or score a file with: cauce predict"),
        explanation=_(
            "A service that takes any amount can be brought down by one request. The limit is set where the "
            "service is started, with --body-bytes."
        ),
    ),
    Entry(
        code="E2413",
        exit=Exit.DATA,
        says=_("There are {rows} rows; at most {limit} are taken at a time."),
        hint=_("Send fewer rows at a time, or score a file with: cauce predict"),
        explanation=_(
            "Many rows in one request keep all others waiting. The limit is set where the service is "
            "started, with --rows."
        ),
    ),
    Entry(
        code="E2414",
        exit=Exit.DATA,
        says=_("{path} does not take {given}."),
        hint=_("It takes: {known}"),
        explanation=_(
            "The header Content-Type says what the body is. It must name a form that the address reads, in "
            "UTF-8 and not compressed."
        ),
    ),
    Entry(
        code="E2415",
        exit=Exit.USAGE,
        says=_("There is nothing at {path}."),
        hint=_("These are there: {known}"),
        explanation=_("The service has a fixed list of addresses, compared exactly, in lower case."),
    ),
    Entry(
        code="E2416",
        exit=Exit.USAGE,
        says=_("{path} does not answer {method}."),
        hint=_("It answers: {known}"),
        explanation=_("Predictions are asked for with POST, everything else with GET."),
    ),
    Entry(
        code="E2417",
        exit=Exit.PERMISSION,
        says=_("A token is needed here, and there is none, or one that is not known."),
        hint=_("Send the header: Authorization: Bearer TOKEN"),
        explanation=_(
            "The service was started with a file of tokens. Each request must carry one of them, except "
            "those for health, which say nothing about the model."
        ),
    ),
    Entry(
        code="E2418",
        exit=Exit.PERMISSION,
        says=_("This token may not do that; it needs {scope}."),
        hint=_("Use a token that may, or make one: cauce token NAME --scope {scope} --file FILE"),
        explanation=_(
            "A token may do what is said in the file of tokens: predict (ask for predictions and read about "
            "the model), explain, operate (read the metrics)."
        ),
    ),
    Entry(
        code="E2419",
        exit=Exit.TEMPORARY,
        says=_("The request did not arrive within {seconds} seconds."),
        hint=_("Send it at once, or in smaller parts."),
        explanation=_(
            "A client that sends slowly keeps a connection from others. The limit is set where the service "
            "is started, with --request-seconds."
        ),
    ),
    Entry(
        code="E2420",
        exit=Exit.TEMPORARY,
        says=_("The service has more to do than it can."),
        hint=_("Try again after the seconds in Retry-After, with fewer requests at a time."),
        explanation=_(
            "A request that would have to wait too long is refused at once, so that those that are taken are "
            "answered soon. More workers (--workers) or machines take more."
        ),
    ),
    Entry(
        code="E2421",
        exit=Exit.TEMPORARY,
        says=_("The service is not ready, or about to stop."),
        hint=_("Ask another one, or try again after the seconds in Retry-After."),
        explanation=_(
            "A service is ready once its model has been checked. When it is told to stop, it answers what it "
            "has begun and takes nothing new."
        ),
    ),
    Entry(
        code="E2422",
        exit=Exit.DATA,
        says=_("The document is none that is known here: {reason}."),
        hint=_(
            "Send one of dataframe_split, dataframe_records, instances and inputs, or to /predict one row, "
            "or a list of rows, by column name."
        ),
        explanation=_(
            "/predict takes a JSON object with a member for each column, or a list of such. /invocations "
            "takes what MLflow and SageMaker send, with column names; CSV with or without a line of names; "
            "JSON lines."
        ),
    ),
    Entry(
        code="E2423",
        exit=Exit.DATA,
        says=_("The body is not CSV: {reason}."),
        hint=_("Separate cells by commas, put texts with commas or line ends into quotes, in UTF-8."),
        explanation=_(
            "What was sent could not be read as CSV (RFC 4180). Without a line of names there must be a cell "
            "for each column of the model, in its order; /openapi.json lists them."
        ),
    ),
    Entry(
        code="E2424",
        exit=Exit.USAGE,
        says=_("{name} is not known in the address, or does not take that."),
        hint=_("It can be: interval=true, where the model has intervals."),
        explanation=_(
            "interval=true adds lower and upper to each predicted number. The project must have asked for "
            "intervals (evaluate.interval) when the model was made."
        ),
    ),
    Entry(
        code="E2425",
        exit=Exit.PERMISSION,
        says=_("The request was meant for another host."),
        hint=_("Use localhost or 127.0.0.1 in the address, or start the service with tokens."),
        explanation=_(
            "Without tokens only programs of this machine may use the service. A page from elsewhere, shown "
            "in a browser here, could reach it under a name of its own; such names are refused."
        ),
    ),
    Entry(
        code="E2426",
        exit=Exit.SOFTWARE,
        says=_("The service has a defect; the request is {request}."),
        hint=_("Tell whoever runs it; its log has more under the same number."),
        explanation=_(
            "Nothing that a client sends should lead here. The log says where, never with row data."
        ),
    ),
    Entry(
        code="E2427",
        exit=Exit.USAGE,
        says=_("Predictions are not explained here."),
        hint=_(
            "Start the service with --explain, or write explanations to a file: cauce predict --explain 3"
        ),
        explanation=_(
            "What each column adds to a prediction is said by a process of its own, which is started with "
            "cauce serve --explain. Predicting needs none of it."
        ),
    ),
    Entry(
        code="E2428",
        exit=Exit.TEMPORARY,
        says=_("The process that explains predictions does not answer."),
        hint=_("Try again after the seconds in Retry-After, with fewer rows; /predict goes on answering."),
        explanation=_(
            "Explanations come from a process of its own, which follows every path through every tree. It is "
            "starting, or has more to do than it can, or it ended and is started again. Its log says why."
        ),
    ),
    Entry(
        code="E2430",
        exit=Exit.DATA,
        says=_("{field} is missing; it takes {expected}."),
        hint=_("Send it; where its value is not known, send null."),
        explanation=_(
            "The model reads this column. A column that is left out by mistake and one whose value is not "
            "known would give the same prediction, so what is not known is said: null."
        ),
    ),
    Entry(
        code="E2431",
        exit=Exit.DATA,
        says=_("{field} takes {expected}, not {found}."),
        hint=_("Send it as that, or null where it is not known."),
        explanation=_(
            'Nothing is converted by guessing: the text "1" is no number, and 1 is not true. A conversion '
            "that the training did not make would give another prediction."
        ),
    ),
    Entry(
        code="E2432",
        exit=Exit.DATA,
        says=_("The value of {field} is not {expected}."),
        hint=_("Send one that is, or null where it is not known."),
        explanation=_(
            "The value is of the right type, and yet none of the column's: beyond what numbers of 64 bits "
            "hold, with more decimals than the column has, no day of the calendar, no text of Unicode, or "
            "lists within lists so deep that they cannot be kept."
        ),
    ),
    Entry(
        code="E2433",
        exit=Exit.DATA,
        says=_("{field} occurs twice in one row."),
        hint=_("Send each column once."),
        explanation=_(
            "JSON lets a name occur twice and leaves open which value counts. Programs differ, so a row that "
            "has one is refused."
        ),
    ),
    Entry(
        code="E2434",
        exit=Exit.DATA,
        says=_("{field} is no column of this model."),
        hint=_("Leave it out, or start the service with --extra ignore."),
        explanation=_(
            "The service was started with --extra refuse: then a row may hold the model's columns and those "
            "of its key, and nothing else."
        ),
    ),
    Entry(
        code="E2435",
        exit=Exit.DATA,
        says=_("A row is {found} in place of {expected}."),
        hint=_("Send each row as a JSON object with a member for each column."),
        explanation=_("A row is named values, as an object; in dataframe_split a list as long as columns."),
    ),
    Entry(
        code="E2436",
        exit=Exit.DATA,
        says=_("The text of {field} cannot be read as {expected}."),
        hint=_("Write it as the training data did, or leave the cell empty where it is not known."),
        explanation=_(
            "In CSV every value is a text, and is read as the training file's texts were: decimal mark, "
            "dates, words for true and false, marks of missing values."
        ),
    ),
    Entry(
        code="E2450",
        exit=Exit.CANNOT_CREATE,
        says=_("What is answered cannot be kept in {folder}: {reason}."),
        hint=_("Give --capture a folder that can be written, on a disk of this machine."),
        explanation=_(
            "Each worker appends what it answers to a file in this folder and waits until it is on the "
            "disk. The folder is made where there is none; its parent must allow that."
        ),
    ),
    Entry(
        code="E2451",
        exit=Exit.TEMPORARY,
        says=_("The prediction could not be kept, and so it is not given."),
        hint=_("Try again later; whoever runs the service can make room, or give --capture-full drop."),
        explanation=_(
            "The service keeps every prediction before it gives it. Its disk is full or does not answer, or "
            "the folder has reached its limit (--capture-bytes). With --capture-full drop it would answer, "
            "and count what it did not keep."
        ),
    ),
    Entry(
        code="E2452",
        exit=Exit.DATA,
        says=_("There are no captured predictions in {folder}."),
        hint=_("Name the folder that was given to: cauce serve --capture FOLDER"),
        explanation=_(
            "A service that was started with --capture keeps what it answers there, in files that end in "
            ".segment, and later .parquet. None is there yet, or it is another folder."
        ),
    ),
    Entry(
        code="E2453",
        exit=Exit.USAGE,
        says=_("{option} says how predictions are kept, and --capture is not given."),
        hint=_("Add --capture FOLDER, or leave {option} out."),
        explanation=_("Nothing is kept unless a folder is named with --capture."),
    ),
    Entry(
        code="E2454",
        exit=Exit.DATA,
        says=_("{file} is not what was sealed: its digest is another."),
        hint=_("Take it from a copy, or move it out of the folder to replay the others."),
        explanation=_(
            "The name of a sealed file has the SHA-256 of its bytes. They have changed since: the disk, a "
            "copy that was cut off, or somebody."
        ),
    ),
    Entry(
        code="E2455",
        exit=Exit.USAGE,
        says=_("{column} is neither a column of the model nor of its key."),
        hint=_("These are: {known}"),
        explanation=_("Columns that are not to be kept are named exactly, with --capture-without."),
    ),
    Entry(
        code="E2456",
        exit=Exit.DATA,
        says=_("What was captured was answered by {found}, and {given} is another model."),
        hint=_("Name that model, or compare the two with --other."),
        explanation=_(
            "Replaying proves that a model gives the predictions it gave. Another model gives others, and "
            "what differs would prove nothing; --other says that this is what is asked for."
        ),
    ),
)
