"""Commands that plan and run a project."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cauce.cli.answer import Answer
from cauce.cli.application import ENGINE, Context, command, option, settings_of, terminal_of
from cauce.cli.options import taking
from cauce.cli.settings import tracks
from cauce.language import gettext_noop as _


@command()
@taking(ENGINE, context=Context)
def plan(context: Context, **engine: Any) -> Answer:
    """What a run would do."""
    from cauce.api.plan import plan
    from cauce.cli.rendering.running import planned

    return planned(plan(settings_of(context).project_file, **engine), terminal_of(context).width)


@command()
@taking(ENGINE, context=Context)
def run(context: Context, **engine: Any) -> Answer:
    """Run the project."""
    from cauce.tracking.process import expected_shipper

    settings = settings_of(context)
    # It loads MLflow while this process loads what a run needs.
    with expected_shipper(wanted=tracks(settings)):
        from cauce.api.run import run
        from cauce.cli.progress import observed
        from cauce.cli.rendering.running import ran

        with observed(terminal_of(context)) as observer:
            report = run(settings.project_file, observer=observer, **engine)
    return ran(report)


@command()
@taking(
    {
        "refine": Annotated[
            bool, typer.Option("--refine", help=_("Search once more, around the best candidate."))
        ],
        "trials": Annotated[
            int | None,
            option(_("How many candidates to try, instead of the file's number."), _("N"), min=1),
        ],
        **ENGINE,
    },
    context=Context,
)
def tune(context: Context, **asked: Any) -> Answer:
    """Try the candidates."""
    from cauce.api.tune import tune
    from cauce.cli.progress import observed
    from cauce.cli.rendering.tuning import tuned

    settings, terminal = settings_of(context), terminal_of(context)
    with observed(terminal) as observer:
        report = tune(settings.project_file, observer=observer, **asked)
    return tuned(report, terminal.width)


@command()
def status(context: Context) -> Answer:
    """Where the project stands."""
    from cauce.api.status import status
    from cauce.cli.rendering.running import standing

    return standing(status(settings_of(context).project_file), terminal_of(context).width)


@command()
def runs(
    context: Context,
    *,
    all_projects: Annotated[
        bool, typer.Option("--all", help=_("Runs of every project in this store."))
    ] = False,
) -> Answer:
    """The runs of the project."""
    from cauce.api.runs import runs
    from cauce.cli.rendering.running import past_runs

    found = runs(settings_of(context).project_file, all_projects=all_projects)
    return past_runs(found, terminal_of(context).width, all_projects=all_projects)
