"""Commands that look at data before anything is learned from them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cauce.cli.answer import Answer
from cauce.cli.application import Context, command, settings_of, terminal_of
from cauce.cli.options import taking
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
}


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
