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
        says=_(
            "{rows} rows are to be fitted many times on the driver's machine; at most {most} may come there."
        ),
        hint=_("Compare candidates on batches of the rows (models.subset), or name one candidate."),
        explanation=_(
            "On Spark the executors prepare the rows of each fold, and the driver's machine fits every "
            "candidate to them, because many fits to rows that are at hand are quicker there than on a "
            "cluster; the models of a quantile interval's ends (evaluate.interval_kind) are fitted there "
            "too. So many rows may come, and no more. The chosen model is fitted on the cluster, to all rows."
        ),
    ),
    Entry(
        code="E0730",
        exit=Exit.CONFIG,
        says=_("Trees are to be grown by {workers} workers at once, but the cluster can start {slots}."),
        hint=_("Set [engine] workers to {slots} or less, or give Spark more executor cores."),
        explanation=_(
            "The tasks that grow trees together sum up what they see after every split, so all of them have "
            "to run at the same time. Fewer workers grow the same trees, each from more rows. Without "
            "[engine] workers as many are used as the cluster can start, at most 4."
        ),
    ),
    Entry(
        code="E0731",
        exit=Exit.CONFIG,
        says=_("Trees cannot be grown by {workers} workers while Spark's dynamic allocation is on."),
        hint=_('Set spark.dynamicAllocation.enabled = "false" in [engine.spark], or [engine] workers = 1.'),
        explanation=_(
            "Tasks that grow trees together have to start together (a barrier stage), and Spark refuses such "
            "stages while it may add and remove executors by itself. Turn dynamic allocation off for this "
            "job, or let one worker grow the trees: they are the same trees."
        ),
    ),
    Entry(
        code="E0732",
        exit=Exit.UNAVAILABLE,
        says=_("A worker that grows trees does not reach the one on {host}: {reason}."),
        hint=_("Let executors connect to each other, or set [engine] workers = 1."),
        explanation=_(
            "Workers that grow trees together sum up histograms over connections between the executors' "
            "machines, on ports that the system chooses. A network that keeps executors apart does not allow "
            "that; one worker needs none of it and grows the same trees."
        ),
    ),
    Entry(
        code="W0730",
        exit=Exit.OK,
        says=_("One worker grows the trees, because Spark's dynamic allocation is on."),
        hint=_('For several workers, set spark.dynamicAllocation.enabled = "false" in [engine.spark].'),
        explanation=_(
            "Spark refuses to start several tasks together while it may add and remove executors by itself. "
            "One worker grows the same trees, in more time. Silence this by [engine] workers = 1, or turn "
            "dynamic allocation off."
        ),
    ),
    Entry(
        code="E0740",
        exit=Exit.DATA,
        says=_("Spark cannot open {name}: {reason}."),
        hint=_("Look for the name with SHOW TABLES, or check the address and that Spark may read it."),
        explanation=_(
            "A source such as table:database.name is a table of Spark's catalog or a temporary view of the "
            "session; an address such as s3a://… is read by Spark itself. Spark did not find it, or may not "
            "read it."
        ),
    ),
    Entry(
        code="E0741",
        exit=Exit.DATA,
        says=_("Column {column} is of the type {found}: bytes, which are neither a number nor a text."),
        hint=_("Leave it out with drop, or make a text or a number of it before."),
        explanation=_(
            "A column holds one boolean, number, text, date or moment a row. What bytes mean is not known "
            "here; where they are texts, decode them in the table or in the DataFrame that is given."
        ),
    ),
    Entry(
        code="E0742",
        exit=Exit.CONFIG,
        says=_("The source names {source} beside something else."),
        hint=_("Give one table alone, or files alone, or make one view of all of them in Spark."),
        explanation=_(
            "A table's columns have types already and those of text files are found from their cells, so "
            "the two are not mixed. Several tables are put together best where they are: in a view."
        ),
    ),
    Entry(
        code="E0743",
        exit=Exit.CONFIG,
        says=_("{source} can only be read with Spark."),
        hint=_('Say kind = "spark" under [engine], or --engine spark; or give files that this machine has.'),
        explanation=_(
            "Tables of Spark's catalog, DataFrames and addresses such as hdfs://… or s3a://… are reached "
            "through Spark alone. Files that the machine itself sees are read by both engines, with the "
            "same meaning."
        ),
    ),
    Entry(
        code="E0744",
        exit=Exit.CONFIG,
        says=_("Files at an address are read as Parquet or ORC; these are not said to be (format {format})."),
        hint=_('Say format = "parquet" under [data], mount the files, or make a table of them in Spark.'),
        explanation=_(
            "What a text means is decided by Cauce's own reader, which opens files that every machine of the "
            "cluster sees under one path. Behind an address only Spark's readers reach, and of them only "
            "those of typed formats mean the same."
        ),
    ),
    Entry(
        code="E0745",
        exit=Exit.CONFIG,
        says=_("The table has no columns, or all of them are dropped."),
        hint=_("Look at data.drop, and at the table itself."),
        explanation=_("A model needs at least one column to learn from and one to predict."),
    ),
    Entry(
        code="E0746",
        exit=Exit.CONFIG,
        says=_("The address of data.source ({scheme}://) holds a password or a key."),
        hint=_("Leave it out of the address; give it to Spark in its own configuration."),
        explanation=_(
            "Project files are committed, copied and mailed, and a secret in one is soon known to all. Spark "
            "reads keys from its own conf folder, from credential providers or from the machine's role. If "
            "the file was already shared, change the secret."
        ),
    ),
    Entry(
        code="E0747",
        exit=Exit.DATA,
        says=_("{source} gave other rows when it was read again."),
        hint=_("Write its rows to a table or to files, and learn from these."),
        explanation=_(
            "A table is known by what its rows hold, and is read again to store them. Between the two it was "
            "written to, or what makes its rows draws them anew each time (random numbers, a limit without "
            "an order, a clock). What was learned could not be told from what would be learned next time."
        ),
    ),
    Entry(
        code="W0740",
        exit=Exit.OK,
        says=_("{source} is a table: to know whether it changed, its rows are read once by every command."),
        hint=_("Give files where that takes too long: their bytes are compared instead."),
        explanation=_(
            "A step is not run again where its input is the same. Files are known by their bytes. A table, a "
            "view or a DataFrame has no mark of its own that can be trusted, so it is known by what its rows "
            "hold: one scan. The same rows, in whatever order, run nothing again."
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
        hint=_(
            "Score a DataFrame of Spark with model.transform(spark.read.parquet(…)), and write it by Spark's "
            "own means."
        ),
        explanation=_(
            "Executors read and write the files with Cauce's own readers and writers, which take paths. Rows "
            "of a database, a bucket (s3://) or the web are brought beside the output first; addresses that "
            "only Spark reads are not. A model loaded with cauce.load has transform, which adds the "
            "predictions to any Spark DataFrame, whatever it was read from."
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
