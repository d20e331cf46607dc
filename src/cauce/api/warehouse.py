"""What the latest run made, as tables of the project's warehouse."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cauce.errors import CauceError
from cauce.planning.record import Record
from cauce.running.clock import SystemClock, new_run_name
from cauce.running.execution import provenance_of
from cauce.running.project_run import states_of
from cauce.running.warehouse import mirror
from cauce.running.warehouse_place import Place
from cauce.running.workspace import Workspace, open_workspace
from cauce.sources.sql.claiming import shown_name
from cauce.spec import FILE_NAME, Project

_RAW = ("initial_data", "predictions")


@dataclass(frozen=True)
class Mirrored:
    """What the warehouse shows. run: whose; url: of the database; rows: by full name of the table."""

    run: str
    url: str
    rows: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {"run": self.run, "url": self.url, "rows": dict(self.rows)}


def warehouse(
    project: str | Path | Project = FILE_NAME, *, report: Callable[[float, float | None], None] | None = None
) -> Mirrored:
    """Write the tables of the project's latest run anew where they are not as they should be, row for row.

    What `run` does at its end where `[warehouse]` names a database; for when it was not there then.
    report(done, total): counts rows.
    E2565 where steps of a run are not finished for the data as they are now, E2567 without a warehouse,
    E2561 to E2564, E2566, E2568, E2569, E2573, and what connecting raises; the tables then stay as they were.
    """
    work = open_workspace(project)
    place, state = Place.of(work), states_of(work)[-1]
    if state.waits_for:
        raise CauceError("E2565", project=work.project.name)
    clock = SystemClock()
    run = _run_of(work) or new_run_name(clock)
    made = mirror(work, state.step, report=report or _silent, run=run)
    work.ledger.finish(Record(state.step, made.outputs), provenance_of(run, clock))
    rows: Any = made.outputs["rows"].value
    names = {shown_name(place.name("raw" if one in _RAW else "clean", one)): rows[one] for one in rows}
    return Mirrored(run, str(place.address), names)


def _run_of(work: Workspace) -> str:
    """The name of the latest run."""
    return max(work.ledger.runs(), default="")


def _silent(done: float, total: float | None) -> None:
    """Tells nobody."""
