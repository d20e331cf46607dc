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
    Entry(
        code="E0720",
        exit=Exit.CONFIG,
        says=_("engine.spark has {name}, which holds a secret; secrets do not belong in the project file."),
        hint=_("Leave it out here and set it in Spark's own configuration, or in the session you pass."),
        explanation=_(
            "Project files are committed, copied and mailed, and a secret in one is soon known to all. Spark "
            "reads passwords and keys from its own conf folder, from credential providers, or from the "
            "session that a notebook has made. If the file was already shared, change the secret."
        ),
    ),
    Entry(
        code="E0721",
        exit=Exit.CONFIG,
        says=_("engine.spark has {name}, which it does not take."),
        hint=_("Names of Spark settings begin with spark.; the master is engine.master."),
        explanation=_(
            "The table engine.spark hands settings to Spark as they are, such as spark.executor.memory. What "
            "decides where the work is done has a setting of its own, so that it stands in one place only."
        ),
    ),
    Entry(
        code="E0722",
        exit=Exit.CONFIG,
        says=_("{option} asks for Spark, but the engine asked for is local."),
        hint=_("Leave one of the two out."),
        explanation=_(
            "A Spark master, or a Spark session of your own, only means something where the work is done on "
            "Spark. Where both are given, one of them is a mistake, and a run on the wrong machine is dear."
        ),
    ),
    Entry(
        code="E0723",
        exit=Exit.CONFIG,
        says=_("A Spark session was given, and the master {master} beside it."),
        hint=_("Leave the master out: the session has one already."),
        explanation=_(
            "A Spark session is bound to the master it was made with. Cauce uses the session that it is "
            "given, so another master could not be followed."
        ),
    ),
    Entry(
        code="E0724",
        exit=Exit.DATA,
        says=_("Candidates are compared on the driver's machine, and {rows} rows of a fold exceed {most}."),
        hint=_("Compare candidates on batches of the rows (models.subset), or name one candidate."),
        explanation=_(
            "On Spark the executors prepare the rows of each fold, and the driver's machine fits every "
            "candidate to them, because many fits to rows that are at hand are quicker there than on a "
            "cluster. So many rows may come, and no more. The chosen model is fitted on the cluster, to all "
            "rows."
        ),
    ),
    Entry(
        code="E0750",
        exit=Exit.CONFIG,
        says=_("The Spark executor on {host} does not see {path}."),
        hint=_("Use a folder that the driver and every executor see under the same path."),
        explanation=_(
            "On Spark the executors read the files and write the predictions themselves, so both must lie in "
            "a folder that all machines share, such as a network file system. Rows of another storage are "
            "scored with model.transform(frame), which Spark reads and writes by its own means."
        ),
    ),
    Entry(
        code="E0751",
        exit=Exit.USAGE,
        says=_("{path} is no name for a folder of predictions."),
        hint=_("End it in .csv for parts of CSV; in .parquet, or without any ending, for Parquet."),
        explanation=_(
            "On Spark the predictions are a folder with one file for each part. The ending of the folder's "
            "name says what the files are, and it is refused where it says anything else."
        ),
    ),
    Entry(
        code="E0752",
        exit=Exit.CANNOT_CREATE,
        says=_("{path} holds something else than predictions; it is not replaced."),
        hint=_("Choose another folder, or remove this one yourself."),
        explanation=_(
            "Overwriting replaces a whole folder. To lose nothing, Cauce only replaces a folder that it "
            "wrote itself, which has a file _manifest.json, or one that is empty."
        ),
    ),
    Entry(
        code="E0753",
        exit=Exit.USAGE,
        says=_("{path} is an address; predicting files takes paths of a folder that all machines share."),
        hint=_("Score it with model.transform(spark.read.parquet(…)) and write what that gives."),
        explanation=_(
            "Executors read and write the files with Cauce's own readers and writers, which take paths. A "
            "model loaded with cauce.load has transform, which adds the predictions to any Spark DataFrame, "
            "whatever it was read from: a bucket, a table, a stream of files."
        ),
    ),
    Entry(
        code="E0754",
        exit=Exit.USAGE,
        says=_("{value} names no two engines to compare."),
        hint=_("Name them as: cauce verify --engines local,spark"),
        explanation=_(
            "A certificate compares what one engine makes of the data with what another makes of them, so it "
            "takes two different ones of local and spark."
        ),
    ),
    Entry(
        code="E0755",
        exit=Exit.GATE,
        says=_("The engines do not agree: {checks}."),
        hint=_("Look at where they differ with: cauce verify --engines local,spark --json"),
        explanation=_(
            "The same data gave other rows, counts, features or scores on another engine, beyond what "
            "rounding explains. Other versions of the libraries on the cluster are the usual reason; the "
            "certificate names those of this machine. Until that is settled, score with the engine that "
            "trained the model."
        ),
    ),
)
