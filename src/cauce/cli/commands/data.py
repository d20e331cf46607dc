"""Commands that look at data before anything is learned from them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cauce.cli.answer import Answer
from cauce.cli.application import (
    COLUMN,
    ENGINE,
    FILE,
    Context,
    command,
    given_options,
    option,
    settings_of,
    terminal_of,
)
from cauce.cli.commands.setting_up import INIT
from cauce.cli.options import taking
from cauce.cli.settings import FILE_NAME
from cauce.language import gettext_noop as _

_VALIDATE: dict[str, Any] = {
    "show_values": Annotated[
        bool, typer.Option("--show-values", help=_("Show the first failing rows with their values."))
    ],
    "suggest": Annotated[
        bool, typer.Option("--suggest", help=_("Write expectations that these data meet, to paste."))
    ],
    "save": Annotated[
        bool, typer.Option("--save", help=_("Add the suggested expectations to the project file."))
    ],
    **ENGINE,
}


_PROFILE: dict[str, Any] = {
    "target": Annotated[str | None, option(_("The column to look at the others with."), COLUMN)],
    "missing": Annotated[list[str] | None, option(_("A text that means a missing value; may be repeated."))],
    "html": Annotated[str | None, option(_("A page to write as well, .html."), FILE)],
    **ENGINE,
}


@command()
@taking(
    _PROFILE,
    context=Context,
    source=Annotated[
        list[str] | None,
        typer.Argument(metavar=_("SOURCE..."), help=_("A file, a folder, a quoted pattern or an address.")),
    ],
)
def profile(context: Context, source: list[str] | None, **given: Any) -> Answer:
    """Say what a table holds."""
    from cauce.api.profile import profile
    from cauce.cli.rendering.data import profiled

    settings, terminal = settings_of(context), terminal_of(context)
    project = settings.project if source and len(source) else settings.project_file
    options = {**given, "missing": tuple(given["missing"] or ())}
    return profiled(profile(source or None, project=project, **options), terminal)


@command()
@taking(
    _VALIDATE,
    context=Context,
    source=Annotated[
        list[str] | None,
        typer.Argument(metavar=_("SOURCE..."), help=_("Other data than the project's own.")),
    ],
)
def validate(context: Context, source: list[str] | None, **given: Any) -> Answer:
    """Judge data by the project's expectations."""
    from cauce.api.validate import validate
    from cauce.cli.rendering.validation import validated

    terminal = terminal_of(context)
    return validated(validate(source or None, project=settings_of(context).project_file, **given), terminal)


_TRY: dict[str, Any] = {
    **{name: INIT[name] for name in INIT if name not in ("yes", "force")},
    "save": Annotated[bool, typer.Option("--save", help=_("Write the project file to go on with."))],
}


@command("try")
@taking(
    _TRY,
    context=Context,
    source=Annotated[
        str, typer.Argument(metavar=_("SOURCE"), help=_("A file, a folder, a quoted pattern or an address."))
    ],
)
def trycommand(context: Context, source: str, **given: Any) -> Answer:
    """A table to a model and a report."""
    from cauce.api.try_ import try_
    from cauce.cli.progress import observed
    from cauce.cli.rendering.trying import tried

    settings = settings_of(context)
    with observed(terminal_of(context)) as observer:
        found = try_(source, project=settings.project or FILE_NAME, observer=observer, **given_options(given))
    return tried(found, given)
