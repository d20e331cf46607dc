"""Commands that score with a model and look after it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cauce.cli.answer import Answer
from cauce.cli.application import (
    COLUMN,
    ENGINE,
    FILE,
    MODEL_HELP,
    Context,
    Digest,
    command,
    given_options,
    option,
    project_or_none,
    terminal_of,
)
from cauce.cli.options import taking
from cauce.language import gettext_noop as _

_PREDICT: dict[str, Any] = {
    "out": Annotated[
        str, option(_("The file to write; .parquet or .csv. On Spark a folder of such files."), FILE)
    ],
    "model": Annotated[str | None, option(MODEL_HELP, _("MODEL"))],
    "digest": Digest,
    "key": Annotated[
        list[str] | None,
        option(_("A column to keep beside the predictions; may be repeated; else the model's key."), COLUMN),
    ],
    "overwrite": Annotated[bool, typer.Option("--overwrite", help=_("Replace an existing output."))],
    "guard_formulas": Annotated[
        bool,
        typer.Option(
            "--guard-formulas",
            help=_("Put ' before texts of a CSV that a spreadsheet would run as a formula."),
        ),
    ],
    "explain": Annotated[
        str | None,
        option(
            _("Say why: how many columns to name for each row, or all for the amount of each."), _("N|all")
        ),
    ],
    "explain_values": Annotated[
        bool,
        typer.Option("--explain-values", help=_("Show the row's own values in what --explain says.")),
    ],
    "interval": Annotated[
        bool,
        typer.Option(
            "--interval", help=_("Write lower and upper, the ends of each predicted number's interval.")
        ),
    ],
    **ENGINE,
}


@command()
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

    terminal = terminal_of(context)
    with counted(terminal, "predict") as report:
        done = predict(source, project=project_or_none(context), report=report, **given_options(given))
    return predicted(done)


@command()
def verify(
    context: Context,
    model: Annotated[str | None, typer.Argument(metavar=_("MODEL"), help=MODEL_HELP)] = None,
    *,
    digest: Digest = None,
    snapshots: Annotated[
        bool, typer.Option("--snapshots", help=_("Check the project's stored datasets in place of a model."))
    ] = False,
) -> Answer:
    """Prove that a model scores here as when it was born."""
    from cauce.api.verify import verify
    from cauce.cli.rendering.keeping import snapshots_verified
    from cauce.cli.rendering.scoring import verified

    project = project_or_none(context)
    if snapshots:
        checks = verify(model, digest=digest, project=project, snapshots=True)
        return snapshots_verified(checks, terminal_of(context).width)
    return verified(verify(model, digest=digest, project=project))
