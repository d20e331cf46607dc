"""The ledger in a store: one immutable record for each finished step, and notes of past runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from cauce.core.canonical import Json, canonical_json, damaged, is_digest
from cauce.errors import CauceError
from cauce.failpoints import passage
from cauce.planning.record import Record, record_key
from cauce.planning.step import Plan, Step
from cauce.ports.store import Store

_RUNS_LOOKED_AT = 20


@dataclass(frozen=True)
class StoreLedger:
    """Records under `ledger/`, who made them under `provenance/`, runs under `runs/`."""

    store: Store

    def finished(self, digest: str) -> Record | None:
        """The record of the step with this digest, or None; E0507 or E0508 where it cannot be read."""
        key = record_key(digest)
        try:
            return Record.from_bytes(self.store.get(key), key)
        except CauceError as error:
            if error.code == "E0502":
                return None
            raise

    def gone(self, record: Record) -> tuple[str, ...]:
        """Names of the record's outputs that are no longer in the store."""
        return tuple(name for name, key in record.objects().items() if not self.store.exists(key))

    def finish(self, record: Record, provenance: Mapping[str, Json]) -> Record:
        """Keep the record; the one that counts, which is another run's where that came first."""
        key = record_key(record.digest)
        passage("ledger.record")
        if self.store.put_if_absent(key, record.to_bytes()):
            passage("ledger.recorded")
            self.store.put_if_absent(f"provenance/{key}", canonical_json(provenance))
            return record
        return self.finished(record.digest) or record

    def begin_run(self, run: str, plan: Plan, *, provenance: Mapping[str, Json]) -> None:
        """Note that `run` sets out to do `plan`."""
        begun = {"project": plan.project, "steps": list(plan.names), **provenance}
        self.store.put_if_absent(f"runs/{run}/begin.json", canonical_json(begun))

    def note_step(self, run: str, record: Record, *, provenance: Mapping[str, Json]) -> None:
        """Note that `run` finished or reused this step."""
        passage("ledger.note")
        name = record.step.name
        key = f"runs/{run}/steps/{name}.{record.digest}.json"
        self.store.put_if_absent(key, canonical_json({"step": name, **provenance}))

    def end_run(self, run: str, provenance: Mapping[str, Json]) -> None:
        """Note how `run` ended."""
        self.store.put_if_absent(f"runs/{run}/end.json", canonical_json(provenance))

    def runs(self) -> tuple[str, ...]:
        """Names of the runs begun so far, the oldest first."""
        return tuple(key.split("/")[1] for key in self.store.list("runs/") if key.endswith("/begin.json"))

    def run_notes(self, run: str) -> Mapping[str, Mapping[str, Json]]:
        """What is noted of `run`: "begin", "end" and each step's name, as JSON objects. E0507."""
        found: dict[str, Mapping[str, Json]] = {}
        for key in self.store.list(f"runs/{run}/"):
            note = json.loads(self.store.get(key))
            if not isinstance(note, dict):
                raise damaged(key, "it is not a JSON object")
            found[str(note.get("step", key.rpartition("/")[2].removesuffix(".json")))] = note
        return found

    def step_record(self, run: str, step: str) -> Record | None:
        """The record of the step that `run` finished or reused, or None."""
        for key in self.store.list(f"runs/{run}/steps/{step}."):
            return self.finished(key.removesuffix(".json").rpartition(".")[2])
        return None

    def earlier(self, name: str) -> tuple[Step, ...]:
        """Steps of this name that past runs finished, the latest first; the last 20 runs are looked at."""
        digests: dict[str, None] = {}
        for run in reversed(self.runs()[-_RUNS_LOOKED_AT:]):
            for key in self.store.list(f"runs/{run}/steps/{name}."):
                digest = key.removesuffix(".json").rpartition(".")[2]
                if is_digest(digest):
                    digests[digest] = None
        records = (self.finished(digest) for digest in digests)
        return tuple(record.step for record in records if record is not None)
