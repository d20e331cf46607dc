"""E27xx: servers in containers beside a project."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _
from cauce.language import ngettext_noop

ENTRIES = (
    Entry(
        code="E2700",
        exit=Exit.USAGE,
        says=_("A stack has no part {part}."),
        hint=_("Parts that can be added: {known}; several are joined by commas."),
        explanation=_(
            "A stack always has a database, an S3 server and MLflow. Spark and JupyterLab come into it when "
            "--with names them, as in --with spark,jupyter."
        ),
    ),
    Entry(
        code="E2701",
        exit=Exit.USAGE,
        says=_("{text} is no port of this stack."),
        hint=_("Write DOOR=NUMBER, with a number from 1024 to 65535, each once. Doors: {doors}."),
        explanation=_(
            "Each server listens on one port of 127.0.0.1. Without --port the server's usual number is "
            "taken, or the next that is free. What was taken once stays, so that addresses in project files "
            "hold."
        ),
    ),
    Entry(
        code="E2702",
        exit=Exit.CANNOT_CREATE,
        says=_("{folder} is there already, and no stack is in it."),
        hint=_("Name a folder that does not exist yet with --folder."),
        explanation=_(
            "A stack has a folder of its own, which cauce stack render writes and knows again by the file "
            "stack.json. A folder with something else in it is left as it is."
        ),
    ),
    Entry(
        code="E2703",
        exit=Exit.CANNOT_CREATE,
        says=ngettext_noop(
            "{count} file of the stack in {folder} was edited: {files}.",
            "{count} files of the stack in {folder} were edited: {files}.",
            by="count",
        ),
        hint=_("Keep your edits elsewhere, then render with --force to write over them."),
        explanation=_(
            "Rendering a stack again writes its files anew. Files that are no longer as they were written "
            "hold somebody's work, and are only written over when --force says so. Secrets are always kept."
        ),
    ),
    Entry(
        code="E2704",
        exit=Exit.USAGE,
        says=_("No stack is in {folder}."),
        hint=_("Write one with cauce stack render, or name its folder with --folder."),
        explanation=_(
            "A stack is started, stopped and looked at in the folder that cauce stack render wrote; the file "
            "stack.json in it says what it is. Without --folder this is the folder stack."
        ),
    ),
    Entry(
        code="E2705",
        exit=Exit.CONFIG,
        says=_("The secret in {path} is not there any more, or is damaged."),
        hint=_("Put the file back from a copy; else delete the stack with its data and render a new one."),
        explanation=_(
            "The servers keep the passwords that their volumes were made with. A new password in the file "
            "would be one that no server takes, so none is made in place of one that is lost. To begin anew, "
            "run docker compose down --volumes in the folder, delete the folder, and render it again."
        ),
    ),
    Entry(
        code="E2706",
        exit=Exit.UNAVAILABLE,
        says=_("No port from {port} to {last} of 127.0.0.1 is free."),
        hint=_("Name a free one with --port."),
        explanation=_(
            "A door of a stack takes its usual number, or one of those after it, where nothing else listens. "
            "All of them are in use here."
        ),
    ),
    Entry(
        code="E2707",
        exit=Exit.UNAVAILABLE,
        says=_("The program {program} is not there."),
        hint=_("Install Docker with its Compose plugin, or take the folder to a machine that has them."),
        explanation=_(
            "A stack is started by Docker. Writing its folder with cauce stack render needs none: the folder "
            "can be carried elsewhere, and docker compose up --detach starts it there."
        ),
    ),
    Entry(
        code="E2708",
        exit=Exit.UNAVAILABLE,
        says=_("Docker is there, but {program} is not."),
        hint=_("Install the Compose plugin of Docker, version 2 or later (or docker-compose 1.29)."),
        explanation=_(
            "Several containers that depend on each other are started by Compose, which is a plugin of its "
            "own in many distributions: docker-compose-plugin, docker-compose-v2 or docker-compose."
        ),
    ),
    Entry(
        code="E2709",
        exit=Exit.UNAVAILABLE,
        says=_("Docker's daemon does not answer: {reason}"),
        hint=_("Start it (systemctl start docker, or Docker Desktop); check DOCKER_HOST."),
        explanation=_(
            "The program docker only speaks to a daemon, which starts the containers. It is not running, or "
            "somewhere else than DOCKER_HOST or the docker context says."
        ),
    ),
    Entry(
        code="E2710",
        exit=Exit.UNAVAILABLE,
        says=_("docker compose {action} failed: {reason}"),
        hint=_("Run docker compose {action} in the stack's folder to see all that it says."),
        explanation=_(
            "Docker could not do what it was asked, for a reason that Cauce does not know. What is shown is "
            "the last line of what it said."
        ),
    ),
    Entry(
        code="E2711",
        exit=Exit.PERMISSION,
        says=_("Docker's daemon takes no orders from this user: {reason}"),
        hint=_("Let an administrator add you to the group docker, and log in again; or use rootless Docker."),
        explanation=_(
            "Whoever may order Docker's daemon can do anything on the machine, so it only listens to root "
            "and to the group docker. A new member of the group counts from the next login."
        ),
    ),
    Entry(
        code="E2712",
        exit=Exit.UNAVAILABLE,
        says=_("Port {port} of this machine is in use by something else."),
        hint=_("End what listens there, or render again with --port DOOR=NUMBER and another number."),
        explanation=_(
            "Each server of a stack has a port of 127.0.0.1, chosen when the stack was rendered. Something "
            "else listens there now. Another number changes the addresses in project files as well."
        ),
    ),
    Entry(
        code="E2713",
        exit=Exit.TEMPORARY,
        says=_("docker compose {action} did not reach the network: {reason}"),
        hint=_("Check the network, the proxy of Docker's daemon and the registry; then try again."),
        explanation=_(
            "Images come from a registry, and libraries from a package index, the first time a stack is "
            "started. Behind a proxy, the daemon and the build need its address. What was fetched is kept."
        ),
    ),
    Entry(
        code="E2714",
        exit=Exit.UNAVAILABLE,
        says=_("The image {image} is not to be had: {reason}"),
        hint=_("Check the name, log in where the registry asks for it, or bring the image with docker load."),
        explanation=_(
            "Images are named with exact tags in compose.yaml and in the Dockerfiles. A machine without a "
            "way to the registry can be given them: docker save on another one, docker load here."
        ),
    ),
    Entry(
        code="E2715",
        exit=Exit.IO,
        says=_("The disk that Docker uses is full, in docker compose {action}: {reason}"),
        hint=_("Free some: docker system df says what takes it, docker system prune removes what is unused."),
        explanation=_(
            "Images, containers and volumes lie where Docker's daemon keeps them, often /var/lib/docker. The "
            "images of a stack take about 3 GB, with Spark and JupyterLab about 6."
        ),
    ),
    Entry(
        code="E2716",
        exit=Exit.UNAVAILABLE,
        says=_("The service {service} is {state}: {said}"),
        hint=_("Run docker compose logs {service} in {folder} to see what it said."),
        explanation=_(
            "The container ended, was started again too often, or fails its own health check. The other "
            "services were left as they are. What is shown is the last line that it said."
        ),
    ),
    Entry(
        code="E2717",
        exit=Exit.TEMPORARY,
        says=ngettext_noop(
            "After {seconds} second these services were not healthy: {services}.",
            "After {seconds} seconds these services were not healthy: {services}.",
            by="seconds",
        ),
        hint=_("Wait and run it again with more --seconds, or see docker compose logs in {folder}."),
        explanation=_(
            "Everything is built, but not all services came up in time. They are still starting: the "
            "command can be run again, and goes on where they are. The first start, which makes databases, "
            "takes longest."
        ),
    ),
    Entry(
        code="E2718",
        exit=Exit.USAGE,
        says=_("This stack is called {name}, not {given}; nothing was stopped or deleted."),
        hint=_("To delete what its servers hold for good: cauce stack down --erase {name}"),
        explanation=_(
            "--erase deletes databases, models and files that no copy may exist of, so it asks for the name "
            "of the stack, which stands in stack.json. Without it, down keeps all that the servers hold."
        ),
    ),
    Entry(
        code="E2719",
        exit=Exit.UNAVAILABLE,
        says=_("The {service} of the stack is up, but does not work: {reason}"),
        hint=_("See docker compose logs {service} in {folder}, and whether its volume is of another stack."),
        explanation=_(
            "After a start, each server is tried as its user: tables are made and removed, an object is "
            "written, listed and removed, MLflow is asked for its version. One of these failed."
        ),
    ),
    Entry(
        code="E2720",
        exit=Exit.PERMISSION,
        says=_("The {service} of the stack lets anybody in without a password."),
        hint=_("Render the stack again with --force, and start it anew."),
        explanation=_(
            "Servers of a stack ask everybody who they are. This one answered somebody who did not say; its "
            "settings were changed, or something else listens at its port."
        ),
    ),
    Entry(
        code="E2721",
        exit=Exit.USAGE,
        says=_("--{option} is not for cauce stack {action}."),
        hint=_("See cauce stack --help for what each action takes."),
        explanation=_(
            "--with, --port and --force are for render, --seconds for up and --erase for down. An option "
            "that would do nothing is refused rather than left unheard."
        ),
    ),
)
