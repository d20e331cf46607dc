"""E0703 to E0719: what happens to work on Spark's executors, and to sessions."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _

ENTRIES = (
    Entry(
        code="W0703",
        exit=Exit.OK,
        says=_("Spark's own pages are at {address} while this goes on."),
        hint=_("Leave spark.ui.enabled out of [engine.spark] for a session without pages."),
        explanation=_(
            "[engine.spark] asks for the pages of Spark, which show its jobs, stages and executors. They end "
            "with the session; the event log (spark.eventLog.enabled) keeps what they show."
        ),
    ),
    Entry(
        code="W0704",
        exit=Exit.OK,
        says=_("Spark has been given no executor by {master} yet; waiting for one."),
        hint=_("Look at the master's pages: are workers alive, with free cores and enough free memory?"),
        explanation=_(
            "The work has been waiting for 15 seconds and nothing is there to do it. Other applications may "
            "hold all cores, the workers may be gone, or an executor may ask for more than any worker has: "
            "lower spark.executor.memory and spark.executor.cores in [engine.spark], limit the others with "
            "spark.cores.max, or stop them. Executors that start and end again at once have written why in "
            "their log. The work begins as soon as an executor comes; Ctrl-C gives up."
        ),
    ),
    Entry(
        code="E0703",
        exit=Exit.TEMPORARY,
        says=_("A Spark executor was lost, and doing its tasks again did not help: {reason}."),
        hint=_("Run the same command again: finished steps are kept. If it comes back, look at its log."),
        explanation=_(
            "A machine or a process of the cluster ended while it worked. Spark gives its tasks to others "
            "some times (spark.task.maxFailures) before it stops. Nothing half-written is visible. An "
            "executor that ends again and again is most often out of memory: see its log, and give it more "
            "with spark.executor.memory or spark.executor.memoryOverhead."
        ),
    ),
    Entry(
        code="E0704",
        exit=Exit.TEMPORARY,
        says=_("Spark's workers had too little memory, or were ended from outside: {reason}."),
        hint=_(
            "Raise spark.executor.memoryOverhead (or spark.driver.memory on a local master) in "
            "[engine.spark], or lower engine.batch_rows."
        ),
        explanation=_(
            "Cauce's work on an executor runs in Python, beside Java: its memory is the overhead that Spark "
            "reserves, a tenth of the executor's memory unless set. A Python worker that ends without a word "
            "was most often ended by the operating system for its memory. Batches are streamed, so fewer rows"
            " a batch and fewer cores an executor also help."
        ),
    ),
    Entry(
        code="E0705",
        exit=Exit.TEMPORARY,
        says=_("The work on Spark was cancelled."),
        hint=_("Run the same command again; finished steps are kept."),
        explanation=_(
            "Somebody cancelled the job in Spark's pages, another program stopped all jobs of the session, or"
            " a limit of the cluster did. Nothing half-written is visible."
        ),
    ),
    Entry(
        code="E0706",
        exit=Exit.UNAVAILABLE,
        says=_("The Spark master cannot be reached: {reason}."),
        hint=_("Check the address and that the master runs; its page shows spark://host:port."),
        explanation=_(
            "No process listens at the master's address, or a firewall is between. The address must be "
            "written exactly as the master's own page shows it."
        ),
    ),
    Entry(
        code="E0707",
        exit=Exit.CONFIG,
        says=_("{master} is no Spark master that can be used here: {reason}."),
        hint=_("Use local[*], spark://host:7077, yarn or k8s://https://host:443."),
        explanation=_(
            "The master says where Spark works: in this process (local[2]: two tasks at once), on a "
            "standalone cluster, on YARN (which needs HADOOP_CONF_DIR or YARN_CONF_DIR) or on Kubernetes."
        ),
    ),
    Entry(
        code="E0708",
        exit=Exit.CONFIG,
        says=_("Spark needs Java 17 or newer, and none was found."),
        hint=_("Install one (Debian: apt install openjdk-17-jre-headless), or set JAVA_HOME to it."),
        explanation=_(
            "Spark runs on Java. It is looked for in JAVA_HOME, then on the PATH. The local engine needs none"
            " and gives the same numbers."
        ),
    ),
    Entry(
        code="E0709",
        exit=Exit.CONFIG,
        says=_("Spark needs Java 17 or newer; {java} is older."),
        hint=_("Install a newer Java and set JAVA_HOME to it."),
        explanation=_(
            "Spark 4 is compiled for Java 17. Where several are installed, JAVA_HOME decides; without it, the"
            " first java on the PATH does."
        ),
    ),
    Entry(
        code="E0710",
        exit=Exit.CONFIG,
        says=_("The workers run Python {worker}, and the driver Python {driver}."),
        hint=_("Name a Python {driver} of theirs: spark.pyspark.python in [engine.spark], or after --conf."),
        explanation=_(
            "Functions are sent to the workers in a form that only the same minor version of Python reads. "
            "spark.pyspark.python, in [engine.spark] or as --conf of cauce submit, names the workers' "
            "interpreter, and so does the variable PYSPARK_PYTHON. cauce submit sends libraries, no Python."
        ),
    ),
    Entry(
        code="E0711",
        exit=Exit.CONFIG,
        says=_("The workers' Python has no module {module}."),
        hint=_("Install Cauce there (pip install 'cauce[spark]'), or ship the environment: cauce submit."),
        explanation=_(
            "Executors run Cauce's own code on their rows, so their Python needs Cauce and its libraries in "
            "the driver's versions. PYSPARK_PYTHON names their interpreter; cauce submit packs the whole "
            "environment and sends it."
        ),
    ),
    Entry(
        code="E0712",
        exit=Exit.CONFIG,
        says=_("The workers have another version of Cauce ({worker}) than the driver ({driver})."),
        hint=_("Install the driver's version there, or ship the environment: cauce submit."),
        explanation=_(
            "Another version may compute other numbers, so a mixture is refused rather than averaged. Install"
            " the same version everywhere, or let cauce submit send this environment."
        ),
    ),
    Entry(
        code="E0713",
        exit=Exit.SOFTWARE,
        says=_("More would have come to Spark's driver than it may take."),
        hint=_("Summarise fewer columns at a time, or raise spark.driver.maxResultSize in [engine.spark]."),
        explanation=_(
            "Only states of summaries come to the driver, never a table's rows: their number and their size "
            "have a limit, so that a large table cannot fill its memory. States are large for very many text "
            "columns with very many values."
        ),
    ),
    Entry(
        code="E0714",
        exit=Exit.CONFIG,
        says=_(
            "These rows lie where executors cannot read them, and more than {limit} MiB are not sent there."
        ),
        hint=_("Write them as Parquet to a folder that all machines see, or use the local engine."),
        explanation=_(
            "Rows that only this process has, such as a frame in memory, go to the executors through the "
            "driver, which is slow and fills it. Small tables may; for others give the executors files, a "
            "catalog table or a Spark DataFrame."
        ),
    ),
    Entry(
        code="E0715",
        exit=Exit.CONFIG,
        says=_("Executors do not see the store {store}."),
        hint=_("Set [store] path to a folder that all machines mount under the same path."),
        explanation=_(
            "Executors write the parts of a snapshot and read them again, so the store must lie where every "
            "machine of the cluster sees it, under one path. What they wrote elsewhere is not a snapshot, and"
            " none was published."
        ),
    ),
    Entry(
        code="E0716",
        exit=Exit.TEMPORARY,
        says=_("The Spark session has ended."),
        hint=_("Run the same command again; from Python, make a new session first."),
        explanation=_(
            "The session was stopped, or its Java process ended: for lack of memory, or from outside. Its log"
            " is in the folder logs of the store. Finished steps are kept."
        ),
    ),
    Entry(
        code="E0717",
        exit=Exit.CONFIG,
        says=_("This Spark session cannot be used: {reason}."),
        hint=_("Pass a session made with SparkSession.builder.master(…), or stop the one that runs."),
        explanation=_(
            "Cauce counts tasks, starts barrier stages and sets the workers' threads, which a Spark Connect "
            "session does not offer. And a process has one Spark context: where one runs on another master "
            "than the one asked for, that one would be used in silence, so it is refused."
        ),
    ),
    Entry(
        code="E0718",
        exit=Exit.IO,
        says=_("A disk of Spark's workers or its driver is full: {reason}."),
        hint=_("Free space there, or set spark.local.dir in [engine.spark] to a larger disk."),
        explanation=_(
            "Executors put kept rows and what they exchange on their own disks, in spark.local.dir, and the "
            "driver what it sends; parts of a snapshot go to the store. Finished steps are kept."
        ),
    ),
    Entry(
        code="E0719",
        exit=Exit.CONFIG,
        says=_("The workers cannot start {python}."),
        hint=_("Set PYSPARK_PYTHON to a Python that they have; cauce submit sends libraries, no Python."),
        explanation=_(
            "Executors start the interpreter that PYSPARK_PYTHON names, or that of the driver, under the same"
            " path. On a machine where it is not, set PYSPARK_PYTHON, or spark.pyspark.python in "
            "[engine.spark]."
        ),
    ),
)
