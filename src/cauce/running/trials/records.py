"""Finished trials in the store: a run that was killed repeats none of them."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from cauce.core.candidates.costs import TrialCosts
from cauce.core.candidates.trials import Candidate, Trial
from cauce.core.canonical import Json, canonical_json, damaged, digest_of
from cauce.errors import CauceError
from cauce.failpoints import passage
from cauce.planning.step import Reference
from cauce.ports.store import Store
from cauce.running.steps.objects import keep_bytes, read_bytes
from cauce.spec.mapping import plain

VERSION = 1


@dataclass(frozen=True)
class Kept:
    """Keys in the store of a good trial's scores, and of its model on the first fold."""

    scores: str
    model: str


@dataclass(frozen=True)
class TrialRecords:
    """Trials by what they depend on. basis: everything but the candidate's settings and the plan of folds."""

    store: Store
    basis: Mapping[str, Json]

    def digest(self, candidate: Candidate, plan: str) -> str:
        """SHA-256 of what decides the trial's scores. plan: the digest of the plan of folds."""
        return digest_of(
            {"version": VERSION, "basis": self.basis, "plan": plan, "model": plain(candidate.model)}
        )

    def found(self, candidate: Candidate, plan: str) -> tuple[Trial, Kept | None] | None:
        """The finished trial under the number it is asked for now, and what is kept of it beside.

        E0507 where the record is damaged.
        """
        key = _key(self.digest(candidate, plan))
        try:
            value = json.loads(self.store.get(key))
            trial, kept = Trial.from_json(value["trial"]), value["kept"]
        except CauceError as error:
            if error.code == "E0502":
                return None
            raise
        except (KeyError, TypeError, ValueError) as error:
            raise damaged(key, type(error).__name__) from error
        there = isinstance(kept, list) and all(self.store.exists(one) for one in kept)
        return replace(trial, candidate=candidate), Kept(*kept) if there else None

    def keep(self, trial: Trial, plan: str, *, kept: Kept | None, costs: TrialCosts) -> str:
        """Keep a finished trial, once; its digest."""
        digest = self.digest(trial.candidate, plan)
        value = {"trial": trial.to_json(), "kept": None if kept is None else [kept.scores, kept.model]}
        passage("trial.record")
        self.store.put_if_absent(_key(digest), canonical_json(value))
        passage("trial.recorded")
        self.store.put_if_absent(f"provenance/{_key(digest)}", canonical_json(costs.to_json()))
        return digest


def costs_of(store: Store, digest: str) -> TrialCosts | None:
    """What a trial took, where that was noted."""
    try:
        return TrialCosts.from_json(json.loads(store.get(f"provenance/{_key(digest)}")))
    except (CauceError, KeyError, TypeError, ValueError):
        return None


def _key(digest: str) -> str:
    return f"trials/{digest}.json"


def keep_model(store: Store, payload: bytes) -> Reference:
    """Store a model's payload, compressed, under the SHA-256 of its bytes."""
    return keep_bytes(store, gzip.compress(payload, 6, mtime=0), suffix=".json.gz")


def keep_frame(store: Store, frame: pl.DataFrame) -> Reference:
    """Store rows under the SHA-256 of their bytes."""
    sink = io.BytesIO()
    frame.write_ipc(sink, compression="zstd", compat_level=pl.CompatLevel.oldest())
    return keep_bytes(store, sink.getvalue(), suffix=".arrow")


def read_frame(store: Store, key: str) -> pl.DataFrame:
    """What `keep_frame` stored; E0502, E0507."""
    data = read_bytes(store, key)
    try:
        return pl.read_ipc(io.BytesIO(data))
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise damaged(key, type(error).__name__) from error


def index_json(found: Mapping[int, str]) -> list[list[Any]]:
    """The digest of each trial by its candidate's number."""
    return [[number, found[number]] for number in sorted(found)]
