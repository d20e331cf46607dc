"""Commands about who is in charge."""

from __future__ import annotations

from typing import Annotated

import typer

from cauce.cli.answer import Answer
from cauce.cli.application import TEXT, Context, command, option, settings_of, terminal_of
from cauce.language import gettext_noop as _

Why = Annotated[str | None, option(_("Why, for the history."), TEXT)]


@command()
def models(
    context: Context,
    *,
    card: Annotated[
        str | None, option(_("Show the model card of this version in place of the list."), _("VERSION"))
    ] = None,
) -> Answer:
    """The registered versions."""
    from cauce.api.models import models
    from cauce.cli.rendering.registry import carded, registered

    file = settings_of(context).project_file
    if card is not None:
        return carded(card, models(file, card=card))
    return registered(models(file), terminal_of(context).width)


@command()
def promote(
    context: Context,
    wanted: Annotated[
        str,
        typer.Argument(metavar=_("VERSION"), help=_("A version, @ALIAS, models:/NAME/3, or a run.")),
    ],
    *,
    why: Why = None,
    force: Annotated[
        bool, typer.Option("--force", help=_("Overrule the gate; the history says so."))
    ] = False,
) -> Answer:
    """Put a model in charge."""
    from cauce.api.promote import promote
    from cauce.cli.rendering.registry import promoted

    return promoted(promote(wanted, why=why or "", force=force, project=settings_of(context).project_file))


@command()
def rollback(
    context: Context,
    *,
    to: Annotated[
        str | None,
        option(_("An earlier champion, or none for nobody; else the champion before."), _("VERSION")),
    ] = None,
    why: Why = None,
) -> Answer:
    """Put an earlier champion back in charge."""
    from cauce.api.rollback import rollback
    from cauce.cli.rendering.registry import promoted

    return promoted(rollback(to, why=why or "", project=settings_of(context).project_file))


@command()
def history(
    context: Context,
    model: Annotated[
        str | None,
        typer.Argument(metavar=_("MODEL"), help=_("A model in the project's store; else the project's.")),
    ] = None,
) -> Answer:
    """Who was in charge."""
    from cauce.api.history import history
    from cauce.cli.rendering.registry import remembered

    return remembered(history(model, project=settings_of(context).project_file), terminal_of(context).width)


@command()
def champion(
    context: Context,
    *,
    at: Annotated[
        str | None,
        option(_("Then: a day (its end) or a time, local where no zone is named."), _("TIME")),
    ] = None,
) -> Answer:
    """Who is in charge."""
    from cauce.api.champion import champion
    from cauce.cli.rendering.registry import in_charge

    return in_charge(champion(at=at, project=settings_of(context).project_file))
