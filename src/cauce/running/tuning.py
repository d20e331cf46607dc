"""What the step `tune` left: the leaderboard, and what its trials took."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cauce.core.candidates.costs import TrialCosts
from cauce.core.candidates.leaderboard import Leaderboard
from cauce.planning.record import Record
from cauce.ports.store import Store
from cauce.running.steps.objects import read_json


def read_leaderboard(store: Store, record: Record) -> Leaderboard:
    """The leaderboard of a finished step `tune`."""
    return Leaderboard.from_json(read_json(store, str(record.outputs["leaderboard"].value)))


def read_scans(record: Record, rows: int) -> float | None:
    """How often the step read the rows for all trials together; None where that was not noted."""
    read = record.facts.get("rows_read")
    return float(read) / rows if isinstance(read, int | float) and rows else None


def read_costs(record: Record) -> Mapping[int, TrialCosts]:
    """What each candidate's fits took when they were made, by its number."""
    found: Any = record.facts.get("costs") or {}
    return {int(number): TrialCosts.from_json(one) for number, one in found.items()}
