"""Every command: its options, the call of the function of the same name, and its answer."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import typer

from cauce.cli.answer import Answer
from cauce.cli.help import rendered
from cauce.cli.options import Command, Group, choice, taking
from cauce.cli.settings import FILE_NAME, Settings, nearest_project
from cauce.cli.terminal import Terminal, is_interactive
from cauce.language import gettext_noop as _
from cauce.language import translate

app = typer.Typer(cls=Group, add_completion=False, rich_markup_mode=None)
_command = partial(app.command, cls=Command, add_help_option=False)

_FILE, _FOLDER, _COLUMN, _TEXT = _("FILE"), _("FOLDER"), _("COLUMN"), _("TEXT")
Context = typer.Context
Digest = Annotated[
    str | None,
    typer.Option(metavar=_TEXT, help=_("Refuse any other model than the one with this digest.")),
]


_MODEL_HELP = _(
    "models:/NAME@ALIAS, models:/NAME/VERSION, or the folder of a bundle; else the latest run's model."
)


def _settings(context: Context) -> Settings:
    found: Settings = context.find_root().obj[0]
    return found


def _terminal(context: Context) -> Terminal:
    found: Terminal = context.find_root().obj[1]
    return found


def _project_or_none(context: Context) -> str | None:
    """The project that was named, or the nearest; None where there is none, and a model may do without."""
    found = _settings(context).project or nearest_project()
    return None if found is None else str(found)


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """Options with None in place of empty lists."""
    return {name: None if value in ([], ()) else value for name, value in options.items()}


def _option(text: str, metavar: str = _TEXT, **more: Any) -> Any:
    return typer.Option(**{"metavar": metavar, "help": text, **more})


_INIT: dict[str, Any] = {
    "target": Annotated[str | None, _option(_("The column to predict."), _COLUMN)],
    "formula": Annotated[
        str | None, _option(_("A formula to predict instead of a column, such as 'delay > 15'."))
    ],
    "task": Annotated[
        str | None, _option(_("The kind of prediction."), **choice("binary", "multiclass", "regression"))
    ],
    "positive": Annotated[str | None, _option(_("The class that counts as positive."))],
    "key": Annotated[
        list[str] | None, _option(_("A column that identifies a row; may be repeated."), _COLUMN)
    ],
    "group": Annotated[
        str | None, _option(_("The column whose rows belong together, such as a patient."), _COLUMN)
    ],
    "time": Annotated[str | None, _option(_("The column that orders the rows in time."), _COLUMN)],
    "split": Annotated[
        str | None,
        _option(
            _("How the rows are divided into training, validation and test."),
            **choice("random", "stratified", "group", "time"),
        ),
    ],
    "weight": Annotated[str | None, _option(_("The column with each row's weight."), _COLUMN)],
    "drop": Annotated[list[str] | None, _option(_("A column not to read; may be repeated."), _COLUMN)],
    "known_after": Annotated[
        list[str] | None,
        _option(_("A column only known after the target is; may be repeated."), _COLUMN),
    ],
    "missing": Annotated[list[str] | None, _option(_("A text that means a missing value; may be repeated."))],
    "name": Annotated[str | None, _option(_("The project's name."))],
    "yes": Annotated[bool, typer.Option("--yes", help=_("Take every guess, ask nothing."))],
    "force": Annotated[bool, typer.Option("--force", help=_("Replace an existing project file."))],
}


_PREDICT: dict[str, Any] = {
    "out": Annotated[str, _option(_("The file to write; .parquet or .csv."), _FILE)],
    "model": Annotated[str | None, _option(_MODEL_HELP, _("MODEL"))],
    "digest": Digest,
    "key": Annotated[
        list[str] | None,
        _option(
            _("A column to keep beside the predictions; may be repeated; else the model's key."), _COLUMN
        ),
    ],
    "overwrite": Annotated[bool, typer.Option("--overwrite", help=_("Replace an existing output."))],
    "guard_formulas": Annotated[
        bool,
        typer.Option(
            "--guard-formulas",
            help=_("Put ' before texts of a CSV that a spreadsheet would run as a formula."),
        ),
    ],
}


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
        version()
        if version_
        else Answer(
            "cauce.help/1", {"text": rendered(context.command, context)}, rendered(context.command, context)
        )
    )


@_command("init")
@taking(
    _INIT,
    context=Context,
    source=Annotated[
        str | None, typer.Argument(metavar=_("SOURCE"), help=_("A file, a folder or a quoted pattern."))
    ],
)
def init_(context: Context, source: str | None, **given: Any) -> Answer:
    """Write a project file."""
    from cauce.api.init import init
    from cauce.cli.asking import ask_person
    from cauce.cli.rendering.setting_up import initiated

    terminal, project = _terminal(context), _settings(context).project or FILE_NAME
    person = ask_person(terminal) if is_interactive() and not given["yes"] else None
    return initiated(init(source, project=project, ask=person, **_given(given)))


@_command()
def plan(context: Context) -> Answer:
    """What a run would do."""
    from cauce.api.plan import plan
    from cauce.cli.rendering.running import planned

    return planned(plan(_settings(context).project_file), _terminal(context).width)


@_command()
def run(context: Context) -> Answer:
    """Run the project."""
    from cauce.api.run import run
    from cauce.cli.progress import observed
    from cauce.cli.rendering.running import ran

    with observed(_terminal(context)) as observer:
        report = run(_settings(context).project_file, observer=observer)
    return ran(report)


@_command()
def status(context: Context) -> Answer:
    """Where the project stands."""
    from cauce.api.status import status
    from cauce.cli.rendering.running import standing

    return standing(status(_settings(context).project_file), _terminal(context).width)


@_command()
@taking(
    _PREDICT,
    context=Context,
    source=Annotated[
        list[str], typer.Argument(metavar=_("SOURCE..."), help=_("Files, folders or quoted patterns."))
    ],
)
def predict(context: Context, source: list[str], **given: Any) -> Answer:
    """Score a table."""
    from cauce.api.predict import predict
    from cauce.cli.progress import counted
    from cauce.cli.rendering.scoring import predicted

    terminal = _terminal(context)
    with counted(terminal, "predict") as report:
        done = predict(source, project=_project_or_none(context), report=report, **_given(given))
    return predicted(done)


@_command()
def runs(context: Context) -> Answer:
    """The runs of the project."""
    from cauce.api.runs import runs
    from cauce.cli.rendering.running import past_runs

    return past_runs(runs(_settings(context).project_file), _terminal(context).width)


@_command()
def models(context: Context) -> Answer:
    """The registered versions."""
    from cauce.api.models import models
    from cauce.cli.rendering.scoring import registered

    return registered(models(_settings(context).project_file), _terminal(context).width)


@_command()
def verify(
    context: Context,
    model: Annotated[str | None, typer.Argument(metavar=_("MODEL"), help=_MODEL_HELP)] = None,
    *,
    digest: Digest = None,
) -> Answer:
    """Prove that a model scores here as when it was born."""
    from cauce.api.verify import verify
    from cauce.cli.rendering.scoring import verified

    return verified(verify(model, digest=digest, project=_project_or_none(context)))


@_command()
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


@_command()
def doctor(context: Context) -> Answer:
    """Check the machine and the project."""
    from cauce.api.doctor import doctor
    from cauce.cli.rendering.setting_up import diagnosed

    settings = _settings(context)
    found = settings.project or nearest_project()
    return diagnosed(doctor(FILE_NAME if found is None else str(found)), _terminal(context))


@_command()
def demo(
    context: Context,
    folder: Annotated[str, _option(_("The folder to write into."), _FOLDER)] = "cauce-demo",
) -> Answer:
    """Take real flights to a registered, scored model."""
    from cauce.api.demo import demo
    from cauce.cli.progress import observed
    from cauce.cli.rendering.scoring import demonstrated

    terminal = _terminal(context)
    terminal.say(
        translate(_("The flights are prepared, then run twice: split at random, and forward in time."))
    )
    with observed(terminal) as observer:
        made = demo(folder, observer=observer)
    return demonstrated(made)


@_command("version")
def version_command(context: Context) -> Answer:  # noqa: ARG001 - every command has it
    """The version of Cauce and of what changes its numbers."""
    return version()


def version() -> Answer:
    """The versions as an answer."""
    from cauce.cli.rendering.setting_up import versions

    return versions()
