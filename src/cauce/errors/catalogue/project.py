"""E03xx: the project file."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _

ENTRIES = (
    Entry(
        code="E0301",
        exit=Exit.CONFIG,
        says=_("There is no project file {file}."),
        hint=_("Run `cauce init` to write one, or name the folder or file of an existing project."),
        explanation=_(
            "Every command works on a project, and a project is one file: cauce.toml. It was looked for in "
            "the folder the command was run in, or where it was told to look. `cauce init` asks a few "
            "questions and writes it."
        ),
    ),
    Entry(
        code="E0302",
        exit=Exit.IO,
        says=_("The project file {file} cannot be read: {reason}."),
        hint=_("Check that the file exists, that it is a file, and that you may read it."),
        explanation=_(
            "The operating system refused to open the project file. The usual reasons are permissions, a "
            "folder on the way that is a file, or a disk that is not there."
        ),
    ),
    Entry(
        code="E0303",
        exit=Exit.CONFIG,
        says=_("{file} is larger than {limit} bytes, too large for a project file."),
        hint=_("Name the cauce.toml, not a data file."),
        explanation=_(
            "A project file holds settings and is a few kilobytes long. A file this large is most likely "
            "data that was named in its place."
        ),
    ),
    Entry(
        code="E0304",
        exit=Exit.CONFIG,
        says=_("The byte {byte} is not UTF-8 text."),
        hint=_("Save the file as UTF-8 in your editor."),
        explanation=_(
            "TOML files are UTF-8. Some editors save in a Windows or Latin encoding, or in UTF-16; accented "
            "letters then become bytes that UTF-8 does not have. The place is the first such byte."
        ),
    ),
    Entry(
        code="E0305",
        exit=Exit.CONFIG,
        says=_("This is not valid TOML: {reason}."),
        hint=_(
            "Texts need quotes: name = \"flights\". Backslashes need single quotes: 'C:\\data'. A [table] "
            "stands once, with all its lines under it."
        ),
        explanation=_(
            "The file breaks the rules of TOML (https://toml.io) at the place given, so nothing in it could "
            "be read. Common causes: a text without quotes, a key given twice, a table header written "
            "twice, a bracket left open, or a Windows path in double quotes."
        ),
    ),
    Entry(
        code="E0306",
        exit=Exit.CONFIG,
        says=_("There is no setting {key}."),
        hint=_("Did you mean {near}? Known here: {known}."),
        explanation=_(
            "The project file has a key that Cauce does not know. Unknown keys are refused, because a "
            "misspelled setting that is silently ignored changes results. Correct it, or remove it."
        ),
    ),
    Entry(
        code="E0307",
        exit=Exit.CONFIG,
        says=_("There is no setting {key}."),
        hint=_("Known here: {known}."),
        explanation=_(
            "The project file has a key that Cauce does not know and that resembles none it knows. Unknown "
            "keys are refused, because a setting that is silently ignored changes results. It may "
            "belong to another section, or to a newer version of Cauce."
        ),
    ),
    Entry(
        code="E0308",
        exit=Exit.CONFIG,
        says=_("{key} expects {expected}; it has {got}."),
        hint=_("What it is for: {description}"),
        explanation=_(
            'The value has the wrong type or is out of range. Values are never converted: "10" is a text, '
            "10 a whole number, 10.0 a number, true a boolean. docs/project-file.md lists what each "
            "setting takes."
        ),
    ),
    Entry(
        code="E0309",
        exit=Exit.CONFIG,
        says=_("{key} has {got}, which is not one of its choices."),
        hint=_("Did you mean {near}?"),
        explanation=_(
            "The setting takes one of a fixed list of texts, and this is not one of them, though it "
            "resembles one. Upper and lower case count. docs/project-file.md lists the choices."
        ),
    ),
    Entry(
        code="E0310",
        exit=Exit.CONFIG,
        says=_("{key} is missing."),
        hint=_("What it is for: {description}"),
        explanation=_(
            "A few settings have no sensible default: the project's name, where the rows come from, what is "
            "predicted, and which step a feature declaration means. Add the setting."
        ),
    ),
    Entry(
        code="E0311",
        exit=Exit.CONFIG,
        says=_("The file is of schema {got}; this version of Cauce reads schema {known}."),
        hint=_("Upgrade Cauce to open this project."),
        explanation=_(
            "`schema` numbers the format of the project file. A newer Cauce wrote this one, and reading it "
            "by older rules could change its meaning, so it is refused."
        ),
    ),
    Entry(
        code="E0312",
        exit=Exit.CONFIG,
        says=_("tracking.uri holds a password or token; secrets do not belong in the project file."),
        hint=_("Refer to it: https://USER@HOST#password=env:NAME or https://HOST#token=env:NAME"),
        explanation=_(
            "Project files are committed, copied and mailed, and a secret in one is soon known to all. The "
            "address names the place of a secret instead: an environment variable (env:NAME), the "
            "system's keyring (keyring:SERVICE) or a file (file:/run/secrets/name). Without one, MLflow's "
            "own variables MLFLOW_TRACKING_USERNAME, _PASSWORD and _TOKEN say who asks. If the file was "
            "already shared, change the password."
        ),
    ),
    Entry(
        code="E0313",
        exit=Exit.CONFIG,
        says=_("{key} needs one of: {settings}."),
        hint=_("Add one of them."),
        explanation=_(
            "The declaration is not complete: without one of these settings it would do nothing, or could "
            "mean several things."
        ),
    ),
    Entry(
        code="E0314",
        exit=Exit.CONFIG,
        says=_("{first} and {second} exclude each other."),
        hint=_("Keep one of them."),
        explanation=_(
            "The two settings are two answers to the same question, or one makes the other meaningless. "
            "Cauce does not choose between them silently."
        ),
    ),
    Entry(
        code="E0315",
        exit=Exit.CONFIG,
        says=_("Column {column} is in {first} and in {second}, which contradict each other."),
        hint=_("Take the column out of one of them."),
        explanation=_(
            "A column has been given two roles that cannot both hold: a dropped column cannot be the key, "
            "what is predicted cannot be a feature, and what is known only afterwards cannot be either."
        ),
    ),
    Entry(
        code="E0316",
        exit=Exit.CONFIG,
        says=_("The split {kind} needs {needed}, which is not set."),
        hint=_("Name the column in {needed}, or choose another split.kind."),
        explanation=_(
            "A group split keeps all rows of one group in one fold, and a time split puts later rows after "
            "earlier ones; each needs to know the column it goes by."
        ),
    ),
    Entry(
        code="E0317",
        exit=Exit.CONFIG,
        says=_("split.train, split.validation and split.test add up to {total}, not to 1."),
        hint=_("Give all three, for example train = 0.6, validation = 0.2, test = 0.2."),
        explanation=_(
            "Every row belongs to exactly one of training, validation and test, so the three shares add up "
            "to 1. A share that is not given has its default: 0.6, 0.2 and 0.2."
        ),
    ),
    Entry(
        code="E0318",
        exit=Exit.CONFIG,
        says=_("Early stopping needs validation rows, and split.validation is 0."),
        hint=_("Give split.validation a share, or set early_stopping = 0 in [[models]]."),
        explanation=_(
            "Early stopping watches the score on validation rows to find how many trees are enough. "
            "Without such rows it cannot work, and the test rows are never used in their place."
        ),
    ),
    Entry(
        code="E0319",
        exit=Exit.CONFIG,
        says=_("{key} does not go with the task {task}."),
        hint=_("Remove the setting, or change target.task."),
        explanation=_(
            "A positive class exists only in a binary task; class weights, calibration and a split "
            "stratified by class only where classes are predicted; another scale and intervals only where "
            "numbers are; monotone constraints nowhere with more than two classes."
        ),
    ),
    Entry(
        code="E0320",
        exit=Exit.CONFIG,
        says=_("The step {step} works on {takes}; here it gets {gets}."),
        hint=_("Change the order of the steps, or put this one in a list of its own."),
        explanation=_(
            "The steps of a feature work one after the other, each on what the one before it gave: "
            "text_length gives a number, so text cannot follow it. A list of lists makes several features "
            'from one column: ["date_parts"], ["elapsed"].'
        ),
    ),
    Entry(
        code="E0322",
        exit=Exit.CONFIG,
        says=_("With features.auto = false and no declared feature, there is nothing to learn from."),
        hint=_("Declare features in [features.columns] or [features.formulas], or remove auto = false."),
        explanation=_(
            "`auto` makes features of the columns that have no declaration of their own. Switched off, only "
            "the declared ones remain, and here there are none."
        ),
    ),
    Entry(
        code="E0323",
        exit=Exit.CONFIG,
        says=_("{first} and {second} are both {mark}."),
        hint=_("Change one of them, or leave both out to have them found from the text."),
        explanation=_("With the same character in both places a line or a number could be read in two ways."),
    ),
    Entry(
        code="E0325",
        exit=Exit.CONFIG,
        says=_("{key} must rise: each number larger than the one before."),
        hint=_("Put the numbers in rising order, without repeats."),
        explanation=_(
            "Limits and bin edges divide the number line from left to right. Out of order they would leave "
            "every value, or none, in a bin."
        ),
    ),
    Entry(
        code="E0326",
        exit=Exit.CONFIG,
        says=_("The step {step} comes after {last}, which ends its chain."),
        hint=_("Put {last} last, or give {step} a list of its own."),
        explanation=_(
            "one_hot, category and date_parts give several features, or one that is no number, so no step "
            'can follow them. A list of lists makes several features from one column: ["date_parts"], '
            '["elapsed"].'
        ),
    ),
    Entry(
        code="E0327",
        exit=Exit.CONFIG,
        says=_("schema has {got}; this version of Cauce reads schema {known}."),
        hint=_("Write schema = {known}."),
        explanation=_("`schema` numbers the format of the project file and is a whole number, from 1."),
    ),
    Entry(
        code="E0330",
        exit=Exit.CONFIG,
        says=_("data.source names an address ({scheme}://); addresses of this kind are not served."),
        hint=_("Download the data and give its path, or make a table of it in Spark."),
        explanation=_(
            "Files and folders are read on every engine, and so are tables of databases (mysql, mariadb, "
            "postgresql, sqlite), files behind http and https, and data sets of Socrata portals; on Spark "
            "also its tables, and the file systems that it knows, such as hdfs:// and s3a://. What is "
            "elsewhere is brought to one of these first."
        ),
    ),
    Entry(
        code="E0337",
        exit=Exit.CONFIG,
        says=_("store.url begins with {scheme}://; a store is a bucket (s3://) or a folder."),
        hint=_("Write s3://BUCKET/PREFIX, or use store.path, a local folder."),
        explanation=_(
            "Snapshots, models and the ledger are kept in a local folder, or in a bucket of a server that "
            "speaks the S3 protocol, which many others than AWS do: name it with endpoint=."
        ),
    ),
    Entry(
        code="E0339",
        exit=Exit.CONFIG,
        says=_("pca is not a step of one column: principal components are of several together."),
        hint=_('Declare them apart, such as [features.pca.size] with columns = ["height", "weight"].'),
        explanation=_(
            "A chain of steps belongs to one column or formula. Principal components are the directions in "
            "which several number columns vary together, so they have a section of their own that names them."
        ),
    ),
    Entry(
        code="E0340",
        exit=Exit.CONFIG,
        says=_("The column {column} of a text file cannot be declared as decimal."),
        hint=_("Declare it as float to calculate with it, or as text where every digit counts."),
        explanation=_(
            "Decimals with all their digits come from Parquet, where the file states their scale. In a CSV "
            "they would have to be read from text, which this version does not do. Features are floats in "
            "any case, with 15 digits; a key such as an account number keeps every digit as text."
        ),
    ),
)
