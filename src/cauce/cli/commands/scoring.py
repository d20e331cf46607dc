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
from cauce.errors import CauceError
from cauce.language import gettext_noop as _

_PREDICT: dict[str, Any] = {
    "out": Annotated[
        str,
        option(
            _("The file to write (.parquet, .csv), or a database's table; on Spark a folder of files."), FILE
        ),
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
        list[str],
        typer.Argument(metavar=_("SOURCE..."), help=_("Files, folders, quoted patterns or addresses.")),
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


_VERIFY: dict[str, Any] = {
    "model": Annotated[str | None, typer.Argument(metavar=_("MODEL"), help=MODEL_HELP)],
    "digest": Digest,
    "snapshots": Annotated[
        bool, typer.Option("--snapshots", help=_("Check the project's stored datasets in place of a model."))
    ],
    "engines": Annotated[
        str | None,
        option(_("Make the latest run anew on these engines and compare: local,spark."), _("ENGINES")),
    ],
    "refit": Annotated[
        bool, typer.Option("--refit", help=_("With --engines: also train the model anew on each."))
    ],
    "master": Annotated[
        str | None, option(_("With --engines: the Spark master, such as spark://host:7077."), _("URL"))
    ],
}


@command()
@taking(_VERIFY, context=Context)
def verify(context: Context, **given: Any) -> Answer:
    """Prove that a model scores here as when it was born."""
    from cauce.api.verify import verify
    from cauce.cli.progress import counted
    from cauce.cli.rendering.keeping import snapshots_verified
    from cauce.cli.rendering.scoring import certified, verified

    project, terminal = project_or_none(context), terminal_of(context)
    engines = given.pop("engines")
    parity = {"refit": given.pop("refit"), "master": given.pop("master")}
    if engines is not None:
        names = [name.strip() for name in engines.split(",")]
        with counted(terminal, "verify") as report:
            return certified(verify(project=project, engines=names, report=report, **parity, **given))
    if any(parity.values()):
        raise CauceError("E0754", value="-")
    if given["snapshots"]:
        return snapshots_verified(verify(project=project, **given), terminal.width)
    return verified(verify(project=project, **given))
