"""The command that keeps servers in containers."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cauce.cli.answer import Answer
from cauce.cli.application import FOLDER, Context, command, option, terminal_of
from cauce.cli.options import taking
from cauce.language import gettext_noop as _

_STACK: dict[str, Any] = {
    "folder": Annotated[str | None, option(_("The folder of the stack; stack where absent."), FOLDER)],
    "parts": Annotated[
        str | None,
        typer.Option(
            "--with", metavar=_("PARTS"), help=_("Of render: what to add, of spark and jupyter, by commas.")
        ),
    ],
    "port": Annotated[
        list[str] | None,
        option(_("Of render: a port of 127.0.0.1, such as mlflow=5001; may be repeated."), _("DOOR=NUMBER")),
    ],
    "force": Annotated[
        bool, typer.Option("--force", help=_("Of render: write over files that somebody edited."))
    ],
    "seconds": Annotated[
        int | None,
        option(_("Of up: how long to wait for the servers once all is built; 300."), _("NUMBER"), min=1),
    ],
    "erase": Annotated[
        str | None, option(_("Of down: the stack's name, to delete all that its servers hold."), _("NAME"))
    ],
}


@command()
@taking(
    _STACK,
    context=Context,
    action=Annotated[str, typer.Argument(metavar="render|up|down|status", help=_("What to do."))],
)
def stack(context: Context, action: Any, **given: Any) -> Answer:
    """Servers in containers."""
    from cauce.api.stack import stack
    from cauce.cli.rendering.stacking import stacked

    chosen = {name: value for name, value in given.items() if value}
    return stacked(stack(action, heard=terminal_of(context).say, **chosen))
