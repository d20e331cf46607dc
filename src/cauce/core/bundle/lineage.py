"""From which model a model went on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cauce.core.canonical import check_fields, count, hex_digest

PLACE = "continued"


@dataclass(frozen=True)
class Lineage:
    """The bundle whose trees come first, how many rounds those are, and how many were added to them."""

    digest: str
    rounds: int
    added: int

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return dict(vars(self))

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Lineage:
        """What `to_json` gave; E0507 for anything else."""
        check_fields(value, ("digest", "rounds", "added"), key=PLACE)
        rounds, added = (count(value, name, key=PLACE) for name in ("rounds", "added"))
        return Lineage(hex_digest(value, "digest", key=PLACE), rounds, added)
