"""What every command is made with: the application, its settings and terminal, and words for options."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import typer

from cauce.cli.options import Command, Group, choice
from cauce.cli.settings import Settings, nearest_project
from cauce.cli.terminal import Terminal
from cauce.language import gettext_noop as _

app = typer.Typer(cls=Group, add_completion=False, rich_markup_mode=None)
command = partial(app.command, cls=Command, add_help_option=False)

FILE, FOLDER, COLUMN, TEXT = _("FILE"), _("FOLDER"), _("COLUMN"), _("TEXT")
MODEL_HELP = _(
    "models:/NAME@ALIAS, models:/NAME/VERSION, or the folder of a bundle; else the latest run's model."
)
Context = typer.Context
Digest = Annotated[
    str | None,
    typer.Option(metavar=TEXT, help=_("Refuse any other model than the one with this digest.")),
]


def settings_of(context: Context) -> Settings:
    """What was said for every command."""
    found: Settings = context.find_root().obj[0]
    return found


def terminal_of(context: Context) -> Terminal:
    """Where the command speaks."""
    found: Terminal = context.find_root().obj[1]
    return found


def project_or_none(context: Context) -> str | None:
    """The project that was named, or the nearest; None where there is none, and a model may do without."""
    found = settings_of(context).project or nearest_project()
    return None if found is None else str(found)


def given_options(options: dict[str, Any]) -> dict[str, Any]:
    """Options with None in place of empty lists."""
    return {name: None if value in ([], ()) else value for name, value in options.items()}


def option(text: str, metavar: str = TEXT, **more: Any) -> Any:
    """An option that takes a value."""
    return typer.Option(**{"metavar": metavar, "help": text, **more})


ENGINE: dict[str, Any] = {
    "engine": Annotated[
        str | None,
        option(
            _("Where the work is done, in place of what the project file says."), **choice("local", "spark")
        ),
    ],
    "master": Annotated[
        str | None,
        option(
            _("The Spark master, such as spark://host:7077 or local[4]; the work is done on Spark."), _("URL")
        ),
    ],
}
"""Options of commands that an engine does the work of, for `taking`."""
