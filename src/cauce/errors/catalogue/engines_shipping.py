"""E076x: jobs shipped to a cluster."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _
from cauce.language import ngettext_noop

ENTRIES = (
    Entry(
        code="E0760",
        exit=Exit.CONFIG,
        says=_("The store is {folder}, and executors of {master} may run where that folder is not."),
        hint=_("Put it on a disk that every machine mounts at this path, and say so: [store] shared = true."),
        explanation=_(
            "Executors write datasets straight into the store. On a cluster of several machines each would "
            "write into a folder of its own, and the run would miss what the others wrote. Use a path that "
            "all machines share, such as a network disk mounted everywhere at the same place, and declare it "
            "with [store] shared = true. A master on this machine's loopback address needs none of it."
        ),
    ),
    Entry(
        code="E0761",
        exit=Exit.UNAVAILABLE,
        says=_("{by} requires {package}, which is not installed here; the workers would lack it."),
        hint=_("Install it here: pip install {package}. Or leave it out, if the cluster has it: --exclude."),
        explanation=_(
            "The archive for the workers is made of the libraries that are installed here, each with what it "
            "requires. One that is missing here would be missing there. Install it, or name it with "
            "--exclude where the machines of the cluster have it already."
        ),
    ),
    Entry(
        code="E0762",
        exit=Exit.UNAVAILABLE,
        says=_("{package} {version} is installed as a link to its source folder and cannot be packed."),
        hint=_("Install a built copy of it: pip install, without -e."),
        explanation=_(
            "An editable installation holds no files, only the path of a folder of source code, and what is "
            "in that folder may not be what would be built from it. Workers need the built files. Cauce "
            "itself is the exception: its source folder is packed as its wheel would be."
        ),
    ),
    Entry(
        code="E0763",
        exit=Exit.UNAVAILABLE,
        says=_("{package} {version} has no list of its files and cannot be packed."),
        hint=_("Install Cauce into a virtual environment with pip or uv and submit from there."),
        explanation=_(
            "What belongs to a library is told by the file RECORD that pip and uv write. Packages of an "
            "operating system and some other installers leave it out, so that nobody can tell which files to "
            "carry to the workers."
        ),
    ),
    Entry(
        code="E0764",
        exit=Exit.TEMPORARY,
        says=_("{file} changed while it was packed."),
        hint=_("Wait until the installation is finished, then submit again."),
        explanation=_(
            "The archive is named after its content, so that equal environments share one. A file that "
            "changes between the first look and the packing would make that name a lie. Nothing was written."
        ),
    ),
    Entry(
        code="E0765",
        exit=Exit.USAGE,
        says=_("{master} cannot run the driver of a Python program on the cluster."),
        hint=_("Leave --deploy-mode out: the driver then runs here. Only YARN and Kubernetes have both."),
        explanation=_(
            "Deploy mode cluster starts the driver on a machine of the cluster. Spark has this for Python "
            "programs on YARN and on Kubernetes; its standalone master and local masters run the driver "
            "where spark-submit is."
        ),
    ),
    Entry(
        code="E0766",
        exit=Exit.CONFIG,
        says=_(
            "{path} is relative to the project file, which the driver on the cluster does not lie beside."
        ),
        hint=_("Write the whole path, as every machine sees it, or submit with --deploy-mode client."),
        explanation=_(
            "In deploy mode cluster the driver works in a folder that the cluster makes for it, where only "
            "the project file is put. Data and store must be named by whole paths, or by addresses, that "
            "mean the same on every machine. In deploy mode client relative paths work as ever."
        ),
    ),
    Entry(
        code="E0767",
        exit=Exit.USAGE,
        says=_("{option} does not take {value}."),
        hint=_("For example: {example}"),
        explanation=_(
            "Each --conf is one setting for Spark, as spark-submit takes it: a name that begins with spark., "
            "an equals sign and a value. The folder for what is packed must not have a comma in its path: "
            "Spark parts lists of files at commas."
        ),
    ),
    Entry(
        code="E0768",
        exit=Exit.USAGE,
        says=_("{project} names no Spark master, and neither does the command."),
        hint=_("Say where to: --master spark://host:7077, yarn or k8s://https://host:443."),
        explanation=_(
            "A job is submitted to a master: Spark's own, YARN, or Kubernetes. Name it with --master, or for "
            "good in the project file with [engine] master."
        ),
    ),
    Entry(
        code="E0769",
        exit=Exit.UNAVAILABLE,
        says=_("The Python on {host} cannot load {library}: {reason}."),
        hint=_(
            "Send the libraries along with cauce submit, or install them on every machine of the cluster."
        ),
        explanation=_(
            "Executors run Cauce's own code, so each machine needs its libraries, in the versions that are "
            "here. cauce submit packs them and unpacks them beside every executor. Where it was used, the "
            "reason says what a packed library misses on that machine: another processor, a system library "
            "such as libgomp, or a glibc older than the one the libraries were built for."
        ),
    ),
    Entry(
        code="E0770",
        exit=Exit.UNAVAILABLE,
        says=_("The libraries that were sent along are for {needed}; {host} has {found}."),
        hint=_("Run cauce submit on a machine like those of the cluster, or install Cauce on each of them."),
        explanation=_(
            "Compiled libraries fit one kind of processor, and a system library (glibc) that is not older "
            "than the one they were built for. cauce submit packs those of the machine it runs on, so that "
            "has to be one like the cluster's: a container of the cluster's system will do. Each machine of "
            "the cluster was asked before the first work was done."
        ),
    ),
    Entry(
        code="W0760",
        exit=Exit.OK,
        says=ngettext_noop(
            "{count} file of {package} {version} is not as it was installed; it is packed so.",
            "{count} files of {package} {version} are not as they were installed; they are packed so.",
            by="count",
        ),
        hint=_("If you did not change them, install it again: pip install --force-reinstall {package}"),
        explanation=_(
            "Every file of a library is held against the digest that its installer wrote down. A difference "
            "means that somebody changed it afterwards, or that the disk did. The workers get what runs "
            "here, so that their numbers are the same."
        ),
    ),
)
