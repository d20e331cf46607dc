"""Commands that set a project up and say how things are."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cauce.cli.answer import Answer
from cauce.cli.application import (
    COLUMN,
    FOLDER,
    Context,
    command,
    given_options,
    option,
    settings_of,
    terminal_of,
)
from cauce.cli.options import choice, taking
from cauce.cli.settings import FILE_NAME, nearest_project
from cauce.cli.terminal import is_interactive
from cauce.language import gettext_noop as _
from cauce.language import translate

INIT: dict[str, Any] = {
    "target": Annotated[str | None, option(_("The column to predict."), COLUMN)],
    "formula": Annotated[
        str | None, option(_("A formula to predict instead of a column, such as 'delay > 15'."))
    ],
    "task": Annotated[
        str | None, option(_("The kind of prediction."), **choice("binary", "multiclass", "regression"))
    ],
    "positive": Annotated[str | None, option(_("The class that counts as positive."))],
    "key": Annotated[list[str] | None, option(_("A column that identifies a row; may be repeated."), COLUMN)],
    "group": Annotated[
        str | None, option(_("The column whose rows belong together, such as a patient."), COLUMN)
    ],
    "time": Annotated[str | None, option(_("The column that orders the rows in time."), COLUMN)],
    "split": Annotated[
        str | None,
        option(
            _("How the rows are divided into training, validation and test."),
            **choice("random", "stratified", "group", "time"),
        ),
    ],
    "weight": Annotated[str | None, option(_("The column with each row's weight."), COLUMN)],
    "drop": Annotated[list[str] | None, option(_("A column not to read; may be repeated."), COLUMN)],
    "known_after": Annotated[
        list[str] | None,
        option(_("A column only known after the target is; may be repeated."), COLUMN),
    ],
    "missing": Annotated[list[str] | None, option(_("A text that means a missing value; may be repeated."))],
    "name": Annotated[str | None, option(_("The project's name."))],
    "yes": Annotated[bool, typer.Option("--yes", help=_("Take every guess, ask nothing."))],
    "force": Annotated[bool, typer.Option("--force", help=_("Replace an existing project file."))],
}


@command("init")
@taking(
    INIT,
    context=Context,
    source=Annotated[
        str | None,
        typer.Argument(metavar=_("SOURCE"), help=_("A file, a folder, a quoted pattern or an address.")),
    ],
)
def init_(context: Context, source: str | None, **given: Any) -> Answer:
    """Write a project file."""
    from cauce.api.init import init
    from cauce.cli.asking import ask_person
    from cauce.cli.progress import spelled
    from cauce.cli.rendering.setting_up import initiated

    terminal, project = terminal_of(context), settings_of(context).project or FILE_NAME
    person = ask_person(terminal) if is_interactive() and not given["yes"] else None
    report = spelled(terminal, "bring")
    return initiated(init(source, project=project, ask=person, report=report, **given_options(given)))


@command()
def explain(
    context: Context,  # noqa: ARG001 - every command has it
    *,
    code: Annotated[str | None, typer.Argument(metavar=_("CODE"), help=_("A code such as E0301."))] = None,
    all_codes: Annotated[bool, typer.Option("--all", help=_("Every code, in order."))] = False,
) -> Answer:
    """What a code means."""
    from cauce.api.explain import explain
    from cauce.cli.rendering.setting_up import explained

    return explained(explain(code, all_codes=all_codes))


@command()
def doctor(
    context: Context,
    *,
    master: Annotated[
        str | None, option(_("A Spark master to look for, instead of the project's."), _("URL"))
    ] = None,
) -> Answer:
    """Check the machine and the project."""
    from cauce.api.doctor import doctor
    from cauce.cli.rendering.setting_up import diagnosed

    settings = settings_of(context)
    found = settings.project or nearest_project()
    return diagnosed(doctor(FILE_NAME if found is None else str(found), master=master), terminal_of(context))


@command()
def demo(
    context: Context,
    folder: Annotated[str, option(_("The folder to write into."), FOLDER)] = "cauce-demo",
) -> Answer:
    """Take real flights to a registered, scored model."""
    from cauce.api.demo import demo
    from cauce.cli.progress import observed
    from cauce.cli.rendering.scoring import demonstrated

    terminal = terminal_of(context)
    terminal.say(
        translate(_("The flights are prepared, then run twice: split at random, and forward in time."))
    )
    with observed(terminal) as observer:
        made = demo(folder, observer=observer)
    return demonstrated(made)


@command("version")
def versioncommand(context: Context) -> Answer:  # noqa: ARG001 - every command has it
    """The version of Cauce and of what changes its numbers."""
    return version()


def version() -> Answer:
    """The versions as an answer."""
    from cauce.cli.rendering.setting_up import versions

    return versions()
