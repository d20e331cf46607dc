"""Does a model still give the predictions that a service gave?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypedDict, Unpack

from cauce.running.capture_keeping import captures_here
from cauce.running.model_reference import find_model, nearest_workspace
from cauce.running.replay import Replay, replay_capture
from cauce.spec import Project


class ReplayChoices(TypedDict, total=False):
    """How it is replayed.

    other: also requests that another model answered, to compare the two. rows: show the rows that differ.
    report(done, total): counts files that were read.
    """

    other: bool
    rows: bool
    report: Callable[[float, float | None], None] | None


def replay(
    capture: str | Path | None = None,
    *,
    model: str | Path | None = None,
    digest: str | None = None,
    project: str | Path | Project | None = None,
    **choices: Unpack[ReplayChoices],
) -> Replay:
    """Score again every request that a service kept in the folder `capture`, and compare bit for bit.

    capture: None for what services put into the project's store (`capture_store`), on whichever machines.
    model, digest, project: as in `predict`. choices: see `ReplayChoices`. Raises what `load` raises, E2452,
    E2454, E2456; what differs is in the result.
    """
    found, report = find_model(model, digest=digest, project=project), choices.get("report") or _silent
    if capture is None:
        capture = captures_here(nearest_workspace(project), report=report)
    with TemporaryDirectory(prefix="cauce-replay-") as place:
        return replay_capture(
            capture,
            found,
            place=Path(place),
            other=choices.get("other", False),
            rows=choices.get("rows", False),
            report=report,
        )


def _silent(done: float, total: float | None) -> None:
    """Tells nobody."""
