"""Which steps are finished, and the runs that finished them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from cauce.core.canonical import Json
from cauce.planning.record import Record
from cauce.planning.resolving import Ledger as ReadLedger
from cauce.planning.step import Plan


class Ledger(ReadLedger, Protocol):
    """Immutable records of finished steps; a step is finished exactly when its record exists."""

    def finish(self, record: Record, provenance: Mapping[str, Json]) -> Record:
        """Keep the record, and beside it who made it when; the record that counts.

        Where another run finished the same step first, its record counts and is returned.
        """
        ...

    def begin_run(self, run: str, plan: Plan, *, provenance: Mapping[str, Json]) -> None:
        """Note that `run` sets out to do `plan`."""
        ...

    def note_step(self, run: str, record: Record, *, provenance: Mapping[str, Json]) -> None:
        """Note that `run` finished or reused this step."""
        ...

    def end_run(self, run: str, provenance: Mapping[str, Json]) -> None:
        """Note how `run` ended."""
        ...

    def runs(self) -> tuple[str, ...]:
        """Names of the runs begun so far, the oldest first."""
        ...
