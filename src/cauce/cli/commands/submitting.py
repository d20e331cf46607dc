"""The command that runs a project on a cluster."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cauce.cli.answer import Answer
from cauce.cli.application import FOLDER, Context, command, option, settings_of, terminal_of
from cauce.cli.options import choice, taking
from cauce.language import gettext_noop as _

if TYPE_CHECKING:
    from cauce.api.submit import Submission

_SUBMIT: dict[str, Any] = {
    "master": Annotated[
        str | None,
        option(_("Where to: spark://host:port, yarn or k8s://…; else the project's own master."), _("URL")),
    ],
    "deploy_mode": Annotated[
        str | None,
        option(_("Where the driver runs: here, or on the cluster."), **choice("client", "cluster")),
    ],
    "conf": Annotated[
        list[str] | None,
        option(_("A setting for Spark, such as spark.executor.memory=4g; may be repeated."), _("NAME=VALUE")),
    ],
    "exclude": Annotated[
        list[str] | None,
        option(_("A library that the cluster has, left out of the archive; may be repeated."), _("NAME")),
    ],
    "out": Annotated[
        str | None, option(_("The folder for what is packed; else submit in the project's store."), FOLDER)
    ],
    "files_at": Annotated[
        str | None,
        option(
            _("Where the cluster finds what is packed, such as s3://bucket/job; copy it there yourself."),
            _("URL"),
        ),
    ],
    "dry_run": Annotated[
        bool, typer.Option("--dry-run", help=_("Pack, and only say the command that would be run."))
    ],
}


@command()
@taking(_SUBMIT, context=Context)
def submit(context: Context, *, dry_run: bool, **given: Any) -> Answer:
    """Run the project on a cluster."""
    from cauce.api.submit import Heard, submit
    from cauce.cli.progress import counted
    from cauce.cli.rendering.submitting import starting, submitted

    settings, terminal = settings_of(context), terminal_of(context)
    with ExitStack() as packing:

        def begins(made: Submission) -> None:
            packing.close()
            terminal.say(starting(made))

        report = packing.enter_context(counted(terminal, "pack"))
        heard = Heard(report, begins, terminal.say if settings.json else None)
        made = submit(settings.project_file, dry_run=dry_run, heard=heard, **given)
    return submitted(made)
