"""Commands that look after what a project keeps."""

from __future__ import annotations

from typing import Annotated

import typer

from cauce.cli.answer import Answer
from cauce.cli.application import Context, command, settings_of
from cauce.language import gettext_noop as _


@command()
def gc(
    context: Context,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=_("Only say what would be deleted."))] = False,
) -> Answer:
    """Delete what nothing refers to."""
    from cauce.api.gc import gc
    from cauce.cli.rendering.keeping import collected

    return collected(gc(settings_of(context).project_file, dry_run=dry_run))
