"""Commands that write what a project made into tables."""

from __future__ import annotations

from typing import Annotated

import typer

from cauce.cli.answer import Answer
from cauce.cli.application import Context, command, option, project_or_none, settings_of, terminal_of
from cauce.language import gettext_noop as _


@command()
def warehouse(context: Context) -> Answer:
    """The tables of the latest run."""
    from cauce.api.warehouse import warehouse
    from cauce.cli.progress import counted
    from cauce.cli.rendering.warehousing import mirrored

    with counted(terminal_of(context), "warehouse") as report:
        return mirrored(warehouse(settings_of(context).project_file, report=report))


@command()
def captures(
    context: Context,
    folder: Annotated[
        str | None,
        typer.Argument(
            metavar=_("FOLDER"),
            help=_("What was given to cauce serve --capture; what the project's store has where absent."),
        ),
    ] = None,
    *,
    out: Annotated[
        str | None,
        option(_("The table to load into, as an address; else predictions of the warehouse."), _("URL")),
    ] = None,
) -> Answer:
    """Captured predictions into a table."""
    from cauce.api.captures import captures
    from cauce.cli.progress import counted
    from cauce.cli.rendering.warehousing import loaded

    with counted(terminal_of(context), "captures") as report:
        return loaded(captures(folder, out=out, project=project_or_none(context), report=report))
