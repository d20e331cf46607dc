"""The command that runs a project on a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cauce.cli.answer import Answer
from cauce.cli.application import FOLDER, Context, command, option, settings_of, terminal_of
from cauce.cli.options import choice, taking
from cauce.language import gettext_noop as _

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
    from cauce.running.shipping.submission import Job, read_conf

    settings, terminal = settings_of(context), terminal_of(context)
    job = Job(
        given["master"] or "",
        deploy_mode=given["deploy_mode"] or "client",
        conf=read_conf(given["conf"] or ()),
        exclude=tuple(given["exclude"] or ()),
        out=None if given["out"] is None else Path(given["out"]),
        files_at=given["files_at"],
    )
    with counted(terminal, "pack") as packing:
        said = terminal.say if settings.json else None
        heard = Heard(packing, lambda made: terminal.say(starting(made)), said)
        made = submit(settings.project_file, job=job, dry_run=dry_run, heard=heard)
    return submitted(made)
