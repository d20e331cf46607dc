"""Runs as they are told of, for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cauce.core.run_record import RunRecord, TrackedBundle, TrackedDataset

BEGAN = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)
ENDED = datetime(2026, 11, 21, 10, 31, tzinfo=UTC)


def record(run: str, **changed: Any) -> RunRecord:
    """A finished run, as a run tells of it."""
    told: dict[str, Any] = {
        "run": run,
        "project": "flights",
        "experiment": "flights",
        "params": {"models.0.rounds": "100", "weird {name}": "x"},
        "metrics": {("recall[positive=<30]", "test"): 0.033, ("f1[macro]", "validation"): 0.5},
        "values": {"seconds": 1.5},
        "tags": {"cauce.task": "binary"},
        "datasets": (TrackedDataset(name="flights", digest="ab" * 32),),
        "status": "finished",
        "started": BEGAN,
        "ended": ENDED,
    }
    return RunRecord(**{**told, **changed})


def tracked_bundle(folder: Path, digest: str, name: str) -> TrackedBundle:
    """A bundle to be registered as `name`."""
    return TrackedBundle(folder=str(folder), digest=digest, name=name)
