"""What a service answered, in a table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cauce.errors import CauceError
from cauce.running.capture_keeping import captures_here
from cauce.running.captured_rows import Captures, load_captures
from cauce.running.model_reference import nearest_workspace
from cauce.running.warehouse_place import Place
from cauce.running.workspace import open_workspace
from cauce.spec import Project
from cauce.spec.addresses import DATABASES, parse_address, scheme_of, slip_in


def captures(
    folder: str | Path | None = None,
    *,
    out: str | None = None,
    project: str | Path | Project | None = None,
    report: Callable[[float, float | None], None] | None = None,
) -> Captures:
    """Load what `serve(capture=folder)` kept into a table of a database: every request once.

    folder: None for what services put into the project's store (`capture_store`), on whichever machines.
    out: the table's address (mysql://user@host/db?password=env:NAME#table); predictions of the project's
    warehouse where absent. report(done, total): counts files.
    E2452 where nothing was kept there, E2454 for a file that was changed, E2560, E2570 without a table, and
    what writing raises.
    """
    tell = report or _silent
    work = None if project is None or (out and folder) else open_workspace(project)
    if out is not None:
        if scheme_of(out) not in DATABASES:
            raise slip_in(out) or CauceError("E2560", setting="--out", scheme=scheme_of(out) or out)
        table, home = parse_address(out), Path.cwd()
    else:
        if work is None or work.project.warehouse.url is None:
            raise CauceError("E2570")
        place = Place.of(work)
        place.make_part("raw")
        table, home = place.at("raw", "predictions"), place.home
    if folder is None:
        folder = captures_here(work or nearest_workspace(None), report=tell)
    return load_captures(folder, table, home=home, report=tell)


def _silent(done: float, total: float | None) -> None:
    """Tells nobody."""
