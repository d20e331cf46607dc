"""E13xx: tracking of runs and the registry of models."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _
from cauce.language import ngettext_noop

ENTRIES = (
    Entry(
        code="E1301",
        exit=Exit.UNAVAILABLE,
        says=_("Tracked runs and registered models need MLflow, which is not installed."),
        hint=_("Run: pip install 'cauce[mlflow]'"),
        explanation=_(
            "Cauce itself is small; runs are tracked and models registered with MLflow, which is an extra. "
            "Without it a run still ends with a bundle in the project's folder, and that bundle can be used "
            "by its path wherever a models:/ address can."
        ),
    ),
    Entry(
        code="E1302",
        exit=Exit.UNAVAILABLE,
        says=_("The tracking server {where} does not do what was asked: {reason}."),
        hint=_("Check that it runs and that tracking.uri, user and password are right; then try again."),
        explanation=_(
            "MLflow's server or database gave no answer, or refused. Nothing is lost: what runs told is kept "
            "in the project's outbox and goes to the server with the next run. User and password "
            "come from MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN."
        ),
    ),
    Entry(
        code="W1303",
        exit=Exit.OK,
        says=ngettext_noop(
            "{count} message about runs waits in the outbox; {where} did not take it: {reason}.",
            "{count} messages about runs wait in the outbox; {where} did not take them: {reason}.",
        ),
        hint=_("They go there with the next run, once it answers again."),
        explanation=_(
            "A run never waits long for its tracking server: two seconds for a server that does not answer. "
            "What it told stays in the project's outbox, in order, and each message arrives exactly once "
            "when a later run finds the server working."
        ),
    ),
    Entry(
        code="E1304",
        exit=Exit.USAGE,
        says=_("{name} cannot name a tracked file."),
        hint=_("Use names joined by /, such as plots/roc.png."),
        explanation=_(
            "A tracked file is kept under a relative name inside its run. Names that could lead elsewhere, "
            "with empty parts, dots alone or backslashes, are refused."
        ),
    ),
    Entry(
        code="E1305",
        exit=Exit.USAGE,
        says=_("{run} cannot name a run."),
        hint=_("Use up to 150 letters, digits and ._- that begin with a letter or a digit."),
        explanation=_(
            "A run's name is the name of a folder and stands in searches of the tracking server, so it is of "
            "plain letters, digits, dots, underscores and dashes."
        ),
    ),
    Entry(
        code="E1306",
        exit=Exit.USAGE,
        says=_("{uri} is no address of a registered model."),
        hint=_("Write models:/NAME@champion or models:/NAME/3."),
        explanation=_(
            "A registered model is addressed by its name and either an alias after @ or a version after /. "
            "Names hold no /, : or @. A bundle in a folder is addressed by the folder's path instead."
        ),
    ),
    Entry(
        code="E1307",
        exit=Exit.USAGE,
        says=_("{where} has no model called {name}."),
        hint=_("Registered there: {near}."),
        explanation=_(
            "The registry answers but does not know the name. Names are compared exactly. A model is "
            "registered at the end of a run, under tracking.registry or else the project's name."
        ),
    ),
    Entry(
        code="E1308",
        exit=Exit.USAGE,
        says=_("The model {name} has no {wanted}."),
        hint=_("It has: {near}."),
        explanation=_(
            "The registry knows the model but not that version or alias. The first version becomes the "
            "champion, each later one the challenger, unless tracking.alias says otherwise."
        ),
    ),
    Entry(
        code="E1309",
        exit=Exit.DATA,
        says=_("Version {version} of {name} was not registered by Cauce."),
        hint=_("Choose a version that a run of Cauce registered."),
        explanation=_(
            "Cauce loads its own bundles only: checked files without code. The version carries no bundle's "
            "digest, so it was registered by other means, and loading it could run foreign code."
        ),
    ),
    Entry(
        code="E1310",
        exit=Exit.DATA,
        says=_("Version {version} of {name} does not hold the bundle that was registered: {reason}."),
        hint=_("Register the bundle again, and find out who changed the tracking server's files."),
        explanation=_(
            "Each version records the SHA-256 of its bundle. What was downloaded is something else, so it is "
            "not used: the files were changed after they were registered, or the transfer is damaged."
        ),
    ),
    Entry(
        code="W1311",
        exit=Exit.OK,
        says=ngettext_noop(
            "{count} message about runs was refused by {where} and is kept aside in {folder}.",
            "{count} messages about runs were refused by {where} and are kept aside in {folder}.",
        ),
        hint=_("Look at the reason beside each message there; delete what you do not need."),
        explanation=_(
            "The tracking server took the rest of the run but not these pieces, for a reason that would not "
            "change by trying again, such as a name it does not allow. Each stands in a file of its own with "
            "the server's reason beside it."
        ),
    ),
    Entry(
        code="W1312",
        exit=Exit.OK,
        says=_("The run is not tracked: MLflow is not installed."),
        hint=_("Run: pip install 'cauce[mlflow]', or set tracking.enabled = false."),
        explanation=_(
            "Tracking is on in the project, but the extra that does it is missing. The run ends with its "
            "bundle all the same; nothing about it is kept for a tracking server."
        ),
    ),
    Entry(
        code="E1313",
        exit=Exit.CONFIG,
        says=_("tracking.uri has an option that is not known: {option}."),
        hint=_("Write #password=env:NAME behind https://USER@HOST, or #token=env:NAME behind https://HOST."),
        explanation=_(
            "What stands behind # in the address of a tracking server says where its password or its token "
            "is found: in an environment variable (env:NAME), in the system's keyring "
            "(keyring:SERVICE) or in a file (file:/run/secrets/name). Other settings of MLflow's client are "
            "environment variables, such as MLFLOW_TRACKING_SERVER_CERT_PATH."
        ),
    ),
    Entry(
        code="W1314",
        exit=Exit.OK,
        says=ngettext_noop(
            "{count} message about runs waits in the outbox; {where} does not accept who asks: {reason}.",
            "{count} messages about runs wait in the outbox; {where} does not accept who asks: {reason}.",
        ),
        hint=_("Correct the user, password or token; the messages go there with the next run."),
        explanation=_(
            "The tracking server answers and refuses: the password is wrong, the token has expired, or the "
            "user may not write there. They come from the references in tracking.uri, else from "
            "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN. Nothing is "
            "lost: the run has its model, and what it told stays in the project's outbox, in order."
        ),
    ),
    Entry(
        code="W1315",
        exit=Exit.OK,
        says=ngettext_noop(
            "{count} message about runs waits in the outbox; {where} keeps files in {files}, which did not "
            "take them: {reason}.",
            "{count} messages about runs wait in the outbox; {where} keeps files in {files}, which did not "
            "take them: {reason}.",
        ),
        hint=_("Give this machine access to that place, or start the server with --serve-artifacts."),
        explanation=_(
            "This tracking server does not carry files itself: who tracks a run puts them into the place "
            "that the server names, with credentials of their own. For s3:// that is boto3 (cauce[aws]) with "
            "its standard chain of credentials, and MLFLOW_S3_ENDPOINT_URL for other servers than Amazon's. "
            "The run has its model, and what it told stays in the outbox. cauce doctor tries the place."
        ),
    ),
    Entry(
        code="E1316",
        exit=Exit.UNAVAILABLE,
        says=_("The tracking server {where} does not accept who asks: {reason}."),
        hint=_("Correct the user, password or token; then try again."),
        explanation=_(
            "The tracking server answers and refuses: the password is wrong, the token has expired, or the "
            "user may not do this. They come from the references in tracking.uri, else from "
            "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN."
        ),
    ),
    Entry(
        code="E1317",
        exit=Exit.UNAVAILABLE,
        says=_("{where} keeps files in {files}, which cannot be reached from here: {reason}."),
        hint=_("Give this machine access to that place, or start the server with --serve-artifacts."),
        explanation=_(
            "This tracking server does not carry files itself: who wants a model gets it from the place that "
            "the server names, with credentials of their own. For s3:// that is boto3 (cauce[aws]) with its "
            "standard chain of credentials, and MLFLOW_S3_ENDPOINT_URL for other servers than Amazon's."
        ),
    ),
    Entry(
        code="E1318",
        exit=Exit.CONFIG,
        says=_("The tracking server takes the model {name} for {there}, which is there already."),
        hint=_("Choose another name with [tracking] registry, or write it as it stands there."),
        explanation=_(
            "Databases such as MariaDB and MySQL compare texts without regard to case, so that on their "
            "servers Flights and flights are one model. A version under the other spelling would mix two "
            "projects and break MLflow's list of models for everybody, so none is made. The run itself is "
            "tracked; its bundle can be registered once the name is another."
        ),
    ),
    Entry(
        code="E1319",
        exit=Exit.PERMISSION,
        says=_("Version {version} of {name} is said to lie at {there}, which is not the tracking server."),
        hint=_("Register the bundle again, and find out who wrote that version."),
        explanation=_(
            "Whoever may write to a registry can name any address as the place of a version's files, and "
            "fetching them would go there from this machine, with the login for the tracking server. So "
            "files are fetched from the server itself, from a folder or from a bucket, and from no other "
            "address: nothing was asked of this one."
        ),
    ),
    Entry(
        code="E1320",
        exit=Exit.PERMISSION,
        says=_("Files of these runs are to lie at {there}, which is not the tracking server."),
        hint=_("Let runs go to another experiment ([tracking] experiment), and find out who made this one."),
        explanation=_(
            "Whoever makes an experiment on a server says where files of its runs lie, which can be any "
            "address. Sending them would go there from this machine, with models, reports and the login for "
            "the tracking server. So files are sent to the server itself, to a folder or to a bucket, and to "
            "no other address. Numbers and settings of runs go to the server as always; files that were not "
            "sent are kept in the outbox's folder refused."
        ),
    ),
)
