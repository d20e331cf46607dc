"""E12xx: bundles, scoring with them, and proving them."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _
from cauce.language import ngettext_noop

ENTRIES = (
    Entry(
        code="E1201",
        exit=Exit.DATA,
        says=_("{path} of the bundle cannot be read: {reason}."),
        hint=_("Fetch the bundle again, or train the model again."),
        explanation=_(
            "A bundle's files are read strictly: what is missing, unknown or of another type than Cauce "
            "writes is refused before anything is computed with it. The file was edited or damaged, or it "
            "is no bundle of Cauce."
        ),
    ),
    Entry(
        code="E1202",
        exit=Exit.DATA,
        says=_("The bundle has the digest {found}, but {expected} is demanded."),
        hint=_("Fetch the version that was registered, or demand the digest that was meant."),
        explanation=_(
            "A model's identity is the SHA-256 of its manifest, which holds the digests of all other files. "
            "Another digest is another model: the registry or the caller asked for one, and the folder or "
            "the store holds a different one."
        ),
    ),
    Entry(
        code="E1203",
        exit=Exit.DATA,
        says=_("{path} of the bundle is not what the manifest says: {reason}."),
        hint=_("Fetch the bundle again, or train the model again."),
        explanation=_(
            "Every file's size and SHA-256 stand in the manifest and are compared before the file is read. "
            "This one is missing, cut off or changed."
        ),
    ),
    Entry(
        code="E1204",
        exit=Exit.DATA,
        says=_("{path} does not belong into a bundle: {reason}."),
        hint=_("Remove it, or fetch the bundle again."),
        explanation=_(
            "A bundle is a folder of plain files that its manifest lists, and nothing else: no links, no "
            "devices, no names that lead out of the folder. Anything more could be a trick and is refused."
        ),
    ),
    Entry(
        code="E1205",
        exit=Exit.DATA,
        says=_("{path} of the bundle is larger than {limit} bytes."),
        hint=_("Train a smaller model: fewer rounds, or categories with fewer levels."),
        explanation=_(
            "A bundle is read into memory when a model is loaded, so its size is limited. Larger ones are "
            "almost always damaged, or made to fill the memory."
        ),
    ),
    Entry(
        code="E1206",
        exit=Exit.DATA,
        says=_("The bundle has format {version}; this Cauce knows formats up to {known}."),
        hint=_("Upgrade cauce, or train the model again with this version."),
        explanation=_(
            "A newer Cauce made this model. Older ones refuse to guess what it means, because a guess "
            "could give other scores."
        ),
    ),
    Entry(
        code="E1207",
        exit=Exit.DATA,
        says=_("Loading the model in a process of its own failed: {reason}."),
        hint=_("Do not use this model file; fetch it again or train the model again."),
        explanation=_(
            "A model that comes from elsewhere is first loaded in a process that may use little time and "
            "memory, so that a damaged or hostile file ends that process and not this one. It did."
        ),
    ),
    Entry(
        code="E1208",
        exit=Exit.SOFTWARE,
        says=_("The model's two forms do not agree: {what} differs by {difference}."),
        hint=_("Please report this with the output of `cauce doctor`."),
        explanation=_(
            "A model is kept as XGBoost's trees and as ONNX, and its features have one form for batches and "
            "one for single rows. Before it is stored, all of them answer the same synthetic rows and must "
            "agree. They do not, so nothing was stored."
        ),
    ),
    Entry(
        code="E1209",
        exit=Exit.DATA,
        says=_("The rows do not fit the model. Missing columns: {missing}. Of another kind: {wrong}."),
        hint=_("Give the rows the columns and kinds of the training data; other columns are ignored."),
        explanation=_(
            "The model reads these columns. A missing one cannot be guessed, and a value of another kind "
            "would be taken for something else. Whole numbers may stand for decimal ones, and texts are "
            "read as the training file's were; all other differences are refused."
        ),
    ),
    Entry(
        code="E1210",
        exit=Exit.GATE,
        says=_("The bundle does not score as when it was born: {checks}."),
        hint=_("Do not use it on this machine; compare the versions that `cauce verify` lists."),
        explanation=_(
            "The bundle holds synthetic rows with the features and scores they had when the model was made. "
            "On this machine at least one of them differs by more than the tolerance. Another version of a "
            "library, or a damaged processor or file, is the usual cause."
        ),
    ),
    Entry(
        code="E1211",
        exit=Exit.CANNOT_CREATE,
        says=_("{path} exists."),
        hint=_("Choose another name, or say that it may be replaced (--overwrite)."),
        explanation=_(
            "Predictions are never written over an existing file unless that is asked for, and then only "
            "once they are complete."
        ),
    ),
    Entry(
        code="E1212",
        exit=Exit.USAGE,
        says=_("{path} does not end in .parquet or .csv."),
        hint=_("Give the output a name that ends in .parquet or .csv."),
        explanation=_("The ending of the output's name chooses its format: Parquet or CSV."),
    ),
    Entry(
        code="E1213",
        exit=Exit.DATA,
        says=_("The rows have no key column {column}."),
        hint=_("Name a key column that the rows have, or none: then rows are numbered."),
        explanation=_(
            "The key columns stand beside the predictions, so that each can be told to which row it "
            "belongs. The one that was named is not among the columns."
        ),
    ),
    Entry(
        code="E1214",
        exit=Exit.USAGE,
        says=_("The column {column} is called as a column of the predictions."),
        hint=_("Use another key, or rename the column."),
        explanation=_(
            "Predictions are written beside the key columns, under names such as prediction, "
            "probability_yes, model_version. Two columns of one name could not be told apart."
        ),
    ),
    Entry(
        code="E1215",
        exit=Exit.IO,
        says=_("{path} holds no bundle: {reason}."),
        hint=_("Name the folder that holds manifest.json."),
        explanation=_(
            "A bundle is a folder with a manifest.json and the files it lists. What was named is not a "
            "folder, has no manifest, or cannot be read by this user."
        ),
    ),
    Entry(
        code="E1216",
        exit=Exit.CANNOT_CREATE,
        says=_("The folder {path} exists and is not this bundle."),
        hint=_("Name a folder that does not exist yet."),
        explanation=_(
            "A bundle is exported into a folder of its own, which appears when it is complete. Nothing that "
            "is there already is overwritten."
        ),
    ),
    Entry(
        code="E1217",
        exit=Exit.SOFTWARE,
        says=_("The model reads {expected} features, but {features} are described."),
        hint=_("Please report this with the output of `cauce doctor`."),
        explanation=_(
            "The trees were grown on another number of columns than the features that come with them. Such a "
            "bundle could not score, so it is not made."
        ),
    ),
    Entry(
        code="E1218",
        exit=Exit.UNAVAILABLE,
        says=_("This model has no form that can score here."),
        hint=_("Install xgboost, or use a model that has an ONNX form."),
        explanation=_(
            "The model was given as XGBoost's trees alone, and XGBoost is not installed. Bundles always hold "
            "both forms; this happens only to scorers that were put together by hand."
        ),
    ),
    Entry(
        code="E1219",
        exit=Exit.SOFTWARE,
        says=_("The summary {summary} cannot be kept in a bundle."),
        hint=_("Please report this with the output of `cauce doctor`."),
        explanation=_(
            "The training baseline holds states of the summaries that Cauce ships, so that any later version "
            "can read them. This one is not among them."
        ),
    ),
    Entry(
        code="E1220",
        exit=Exit.DATA,
        says=ngettext_noop(
            "{count} cell of the rows cannot be read as the model needs it: {columns}.",
            "{count} cells of the rows cannot be read as the model needs them: {columns}.",
        ),
        hint=_("Correct these cells, or predict from a file: it sets unreadable rows aside."),
        explanation=_(
            "A text that should be a number or a date, or a number with decimals where a whole one is "
            "needed, would become a missing value and the prediction would be another one. In a frame every "
            "row gets a prediction, so nothing is predicted until the cells are right."
        ),
    ),
    Entry(
        code="W1221",
        exit=Exit.OK,
        says=ngettext_noop(
            "{count} text in {path} begins like a formula (= + - @).",
            "{count} texts in {path} begin like a formula (= + - @).",
        ),
        hint=_("Before it is opened in a spreadsheet, write it with guarded formulas, or as Parquet."),
        explanation=_(
            "A spreadsheet runs a cell that begins with =, +, - or @ as a formula, and whoever chose the text"
            " chose the formula. The texts are written as they are, because a key with a sign put in front "
            "matches nothing any more; on request they get a ' in front."
        ),
    ),
    Entry(
        code="E1222",
        exit=Exit.USAGE,
        says=_("{path} is one of the files to be scored."),
        hint=_("Choose another name for the predictions."),
        explanation=_(
            "Replacing a file that is being read would destroy the only copy of the rows. Predictions go "
            "into a file of their own."
        ),
    ),
    Entry(
        code="E1223",
        exit=Exit.USAGE,
        says=_("Predictions cannot be written to an address that begins with {scheme}://."),
        hint=_(
            "Name a file that ends in .parquet or .csv, or a table: mysql://user@host/database#predictions"
        ),
        explanation=_(
            "Predictions go into a file of this machine, or into a table of MySQL, MariaDB, PostgreSQL or "
            "SQLite, with its password by reference (?password=env:NAME). From a file they are copied to a "
            "bucket or a server by the program that is made for it."
        ),
    ),
)
