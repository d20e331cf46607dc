"""Commands that make runs into something to read."""

from __future__ import annotations

from typing import Annotated

import typer

from cauce.cli.answer import Answer
from cauce.cli.application import FILE, Context, command, option, settings_of, terminal_of
from cauce.language import gettext_noop as _

_RUN_HELP = _("A run's name, enough of its beginning or end, or: latest.")


@command()
def report(
    context: Context,
    run: Annotated[str, typer.Argument(metavar=_("RUN"), help=_RUN_HELP)] = "latest",
    *,
    out: Annotated[
        str | None, option(_("The page to write, .html; else one in the project's store."), FILE)
    ] = None,
) -> Answer:
    """A run as a page."""
    from cauce.api.report import report
    from cauce.cli.rendering.reporting import reported

    settings = settings_of(context)
    return reported(report(run, project=settings.project_file, out=out, lang=settings.lang))


@command()
def compare(
    context: Context,
    runs: Annotated[
        list[str] | None, typer.Argument(metavar=_("RUN..."), help=_("Two runs or more, as in report."))
    ] = None,
    *,
    last: Annotated[
        int | None, option(_("Compare the last N runs that have a model."), _("N"), min=2)
    ] = None,
    html: Annotated[str | None, option(_("A page to write as well, .html."), FILE)] = None,
) -> Answer:
    """Runs side by side."""
    from cauce.api.compare import compare
    from cauce.cli.rendering.reporting import compared

    found = compare(*(runs or ()), project=settings_of(context).project_file, last=last, html=html)
    return compared(found, terminal_of(context).width, html=html)
