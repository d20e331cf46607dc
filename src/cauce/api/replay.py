"""Does a model still give the predictions that a service gave?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypedDict, Unpack

from cauce.running.model_reference import find_model
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
    capture: str | Path,
    *,
    model: str | Path | None = None,
    digest: str | None = None,
    project: str | Path | Project | None = None,
    **choices: Unpack[ReplayChoices],
) -> Replay:
    """Score again every request that a service kept in the folder `capture`, and compare bit for bit.

    model, digest, project: as in `predict`. choices: see `ReplayChoices`. Raises what `load` raises, E2452,
    E2454, E2456; what differs is in the result.
    """
    found = find_model(model, digest=digest, project=project)
    with TemporaryDirectory(prefix="cauce-replay-") as place:
        return replay_capture(
            capture,
            found,
            place=Path(place),
            other=choices.get("other", False),
            rows=choices.get("rows", False),
            report=choices.get("report") or _silent,
        )


def _silent(done: float, total: float | None) -> None:
    """Tells nobody."""
