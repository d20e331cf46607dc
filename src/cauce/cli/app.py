"""The application with all its commands, in the order of their pages."""

from __future__ import annotations

from typing import Annotated

import typer

from cauce.cli.answer import Answer
from cauce.cli.application import Context, app
from cauce.cli.commands import (
    data,
    keeping,
    registry,
    reporting,
    running,
    scoring,
    serving,
    setting_up,
    stacking,
    submitting,
    warehousing,
)
from cauce.cli.help import rendered
from cauce.cli.pages import PAGES
from cauce.language import gettext_noop as _

__all__ = [
    "app",
    "data",
    "keeping",
    "registry",
    "reporting",
    "running",
    "scoring",
    "serving",
    "setting_up",
    "stacking",
    "submitting",
    "warehousing",
]


@app.callback(invoke_without_command=True, add_help_option=False)
def everything(
    context: Context,
    *,
    version_: Annotated[bool, typer.Option("--version", help=_("Say the version."))] = False,
    install_completion: Annotated[
        bool, typer.Option("--install-completion", help=_("Install completion for this shell."))
    ] = False,
    show_completion: Annotated[
        bool, typer.Option("--show-completion", help=_("Print the completion script of this shell."))
    ] = False,
) -> Answer | None:
    """Options that stand without a command; without any, the help."""
    if context.invoked_subcommand is not None:
        return None
    if install_completion or show_completion:
        from cauce.cli.completion import completion

        return completion(install=install_completion)
    return (
        setting_up.version()
        if version_
        else Answer(
            "cauce.help/1", {"text": rendered(context.command, context)}, rendered(context.command, context)
        )
    )


_ORDER = list(PAGES)
app.registered_commands.sort(
    key=lambda one: _ORDER.index(one.name or str(getattr(one.callback, "__name__", "")))
)
