"""The scale that is learned, once it is known that the rows have a place on it."""

from __future__ import annotations

from dataclasses import replace

from cauce.core.answering.transform import LEAST, Transform
from cauce.core.columns import FOLD, ORIGINAL, TRAIN, VALIDATION
from cauce.core.preparation import Preparation
from cauce.errors import CauceError
from cauce.ports.engine import Source
from cauce.running.workspace import Workspace
from cauce.stats import Filtered
from cauce.stats.beyond import AtMost

_BELOW = -5e-324


def checked_scale(work: Workspace, source: Source, *, prepared: Preparation) -> Transform | None:
    """The scale of `prepared`, with the lowest prediction that rows outside the test allow. One scan, or none
    where the target is learned as it is. E2201 where a target has no place on it."""
    if prepared.transform is None:
        return None
    table = work.engine.map(work.engine.scan(source), replace(prepared, keep=()))
    counts = (AtMost(ORIGINAL, limit) for limit in (LEAST, _BELOW))
    taught = (Filtered(FOLD, (TRAIN, VALIDATION), one) for one in counts)
    beyond, below = work.engine.summarise(table, *taught)
    if beyond:
        raise CauceError("E2201", count=beyond)
    return replace(prepared.transform, least=LEAST if below else 0.0)
