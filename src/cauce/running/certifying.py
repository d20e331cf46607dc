"""Makes anew, on several engines, what a finished run made, and compares."""

from __future__ import annotations

import gzip
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from cauce.core.bundle.opening import open_stored_bundle
from cauce.core.bundle.writing import largest_difference
from cauce.core.canonical import Json
from cauce.core.columns import FOLD, HASH_A, HASH_B
from cauce.core.matrix import float32_matrix
from cauce.core.parity import LEARNED, SCORES, Apart, ScoredBits, apart, columns_apart
from cauce.core.scoring import load_scorer
from cauce.core.snapshot_reading import SnapshotSource, read_manifest
from cauce.core.task import Target
from cauce.errors import CauceError
from cauce.expr.schema import Schema
from cauce.planning.libraries import library_versions
from cauce.planning.record import Record
from cauce.running.certificate import Certificate, EngineCheck
from cauce.running.project_rows import open_project_rows
from cauce.running.project_run import plan_of
from cauce.running.spread_rows import StoredRejections
from cauce.running.steps.fit import FOLDS, fit, learn_features, preparation
from cauce.running.steps.objects import read_bytes, read_json
from cauce.running.steps.profile import profile
from cauce.running.steps.split import split
from cauce.running.workspace import Workspace
from cauce.stats import Grouped
from cauce.stats.counts import Counts
from cauce.stats.identity import Identity
from cauce.stats.rows import LowestRows

_LIBRARIES = ("cauce", "numpy", "polars", "pyarrow", "pyspark", "xgboost")
_RECORDS = ("ingest", "profile", "split", "fit")
_CELLS, _MOST_ROWS = 4_000_000, 20_000
Report = Callable[[float, float | None], None]


@dataclass(frozen=True, kw_only=True)
class _Facts:
    """What one engine made. snapshot: of the project's source; where that was not read, unread says why."""

    snapshot: str = ""
    unread: str = ""
    profile: Json = None
    split: Json = None
    folds: Mapping[str, int]
    learned: Json = None
    features: str = ""
    scores: str = ""
    sample: pl.DataFrame | None = None
    model: bytes | None = None


def certify(works: Mapping[str, Workspace], *, refit: bool = False, report: Report) -> Certificate:
    """Make anew, on each engine, what the project's latest run with a model made, and compare.

    works: the project's workspace by engine, at least two. refit: also train the model anew. Snapshot
    identity, split and counts must be equal, summaries and what features learned within 1e-9, features equal
    as float32 on every row, scores within 1e-6. report(done, total) counts engines. E1405 without such a
    run; what reading, the steps and the engines raise.
    """
    names, first = tuple(works), next(iter(works.values()))
    records = _records(first)
    made = {}
    for number, (name, work) in enumerate(works.items()):
        report(number, len(works))
        made[name] = _facts(work, records, refit=refit)
    report(len(works), len(works))
    identity = str(records["bundle"].outputs["bundle"].value)
    manifest = read_manifest(first.store, records["fit"].step.stored("snapshot"))
    sample = made[names[0]].sample
    return Certificate(
        identity=identity,
        name=first.project.name,
        snapshot=manifest.identity,
        engines=names,
        rows=manifest.rows,
        compared=0 if sample is None else sample.height,
        refit=refit,
        checks=_compared(first, records, made, refit=refit),
        libraries=library_versions(*_LIBRARIES),
    )


def _records(work: Workspace) -> dict[str, Record]:
    """The steps of the latest run that made a model of this project; E1405."""
    for run in reversed(work.ledger.runs()):
        bundle = work.ledger.step_record(run, "bundle")
        mine = bundle is not None and bundle.step.parameters["name"] == work.project.name
        if bundle is not None and mine and not work.ledger.gone(bundle):
            found = {
                name: work.ledger.step_record(run, name) for name in ("ingest", "profile", "split", "fit")
            }
            records = {name: record for name, record in found.items() if record is not None}
            if len(records) == len(found) and not any(map(work.ledger.gone, records.values())):
                return {**records, "bundle": bundle}
    raise CauceError("E1405")


def _facts(work: Workspace, records: Mapping[str, Record], *, refit: bool) -> _Facts:
    store, step = work.store, records["fit"].step
    profiled = profile(work, records["profile"].step, report=_silent)
    divided = split(work, records["split"].step, report=_silent)
    target = Target.from_json(read_json(store, step.stored("split"))["target"])
    if refit:
        fitted = fit(work, step, report=_silent).outputs
        learned = read_json(store, str(fitted["features"].value))
        model: bytes | None = gzip.decompress(read_bytes(store, str(fitted["model"].value)))
    else:
        learned, model = learn_features(work, step, target=target)[2].to_json(), None
    return _Facts(
        **_identity_of_source(work, records["ingest"]),
        profile=read_json(store, str(profiled.outputs["profile"].value)),
        split=read_json(store, str(divided.outputs["split"].value)),
        learned=learned,
        model=model,
        **_scored(work, records),
    )


def _identity_of_source(work: Workspace, ingest: Record) -> dict[str, Any]:
    """`snapshot`, or `unread` where the source changed since the run or only Spark reaches it."""
    try:
        (planned,) = (step for step in plan_of(work).steps if step.name == ingest.step.name)
        if ingest.digest != planned.digest:
            return {"unread": "changed"}
        rows = open_project_rows(work, _silent)
    except CauceError as error:
        if error.code != "E0743":
            raise
        return {"unread": "unreached"}
    (found,) = work.engine.summarise(work.engine.scan(rows.scanned), Identity(rows.schema))
    rejected = rows.rejected()
    if isinstance(rejected, StoredRejections):
        rejected.discard()
    return {"snapshot": str(found.identity)}


def _scored(work: Workspace, records: Mapping[str, Record]) -> dict[str, Any]:
    """Counts by fold, and the features and scores of every row, as identities and of a sample."""
    bundle = open_stored_bundle(work.store, str(records["bundle"].outputs["bundle"].value))
    step = records["fit"].step
    manifest = read_manifest(work.store, step.stored("snapshot"))
    source = SnapshotSource(manifest, work.store, work.project.engine.batch_rows)
    prepared = preparation(work, step, schema=manifest.schema, keep=())
    bits = ScoredBits(prepared, bundle.scorer(schema=manifest.schema))
    cells = (*bits.features, *bits.scores)
    count = max(1, min(_MOST_ROWS, _CELLS // len(cells)))
    counts, features, scores, sample = work.engine.summarise(
        work.engine.map(work.engine.scan(source), bits),
        Grouped(FOLD, Counts((HASH_A,))),
        Identity(Schema(tuple(bits.schema[name] for name in bits.features))),
        Identity(Schema(tuple(bits.schema[name] for name in bits.scores))),
        LowestRows((HASH_A, HASH_B), count, cells),
    )
    folds = {FOLDS[fold]: one[HASH_A].rows for fold, one in counts.groups.items()}
    return {"folds": folds, "features": features.identity, "scores": scores.identity, "sample": sample}


def _silent(done: float, total: float | None) -> None:
    """Tells nobody."""


def _compared(
    work: Workspace, records: Mapping[str, Record], made: Mapping[str, _Facts], *, refit: bool
) -> tuple[EngineCheck, ...]:
    store, fit_record = work.store, records["fit"]

    def known(step: str, output: str) -> Any:
        return read_json(store, str(records[step].outputs[output].value))

    every = tuple(made.values())
    snapshot = str(records["ingest"].outputs["snapshot"].value)
    checks = [
        _snapshot(snapshot, every),
        _alike("profile", known("profile", "profile"), [one.profile for one in every], tolerance=LEARNED),
        _alike("split", known("split", "split"), [one.split for one in every]),
        _alike("folds", known("fit", "training")["folds"], [dict(one.folds) for one in every]),
        _alike("learned", known("fit", "features"), [one.learned for one in every], tolerance=LEARNED),
        _cells("features", every, tolerance=0.0),
        _cells("scores", every, tolerance=SCORES),
    ]
    if refit:
        payload = gzip.decompress(read_bytes(store, str(fit_record.outputs["model"].value)))
        checks.append(_models(payload, every))
    return tuple(checks)


def _snapshot(known: str, every: tuple[_Facts, ...]) -> EngineCheck:
    unread = [one.unread for one in every if one.unread]
    read = [one.snapshot for one in every if not one.unread]
    if "changed" in unread or not read:
        return EngineCheck("snapshot", None, reason=unread[0])
    return replace(_alike("snapshot", known, read), reason=unread[0] if unread else "")


def _alike(name: str, known: Json, found: list[Any], *, tolerance: float = 0.0) -> EngineCheck:
    return _judged(name, [apart(known, one) for one in found], tolerance)


def _cells(name: str, every: tuple[_Facts, ...], *, tolerance: float) -> EngineCheck:
    """Equal on every row by their identity; else as far apart as the rows of the sample are."""
    first = every[0]
    found = [Apart()]
    for one in every[1:]:
        if getattr(one, name) != getattr(first, name):
            assert first.sample is not None
            assert one.sample is not None
            mark = f"__{name.removesuffix('s')}_"
            columns = tuple(column for column in first.sample.columns if column.startswith(mark))
            apart_by = columns_apart(first.sample, one.sample, names=columns)
            found.append(apart_by if apart_by.difference or tolerance else Apart(math.inf))
    return _judged(name, found, tolerance)


def _models(payload: bytes, every: tuple[_Facts, ...]) -> EngineCheck:
    """The models that engines trained against the run's, by their scores of the sample."""
    found = [Apart()]
    for one in every:
        if one.model is None or one.sample is None or one.model == payload:
            continue
        columns = [one.sample.get_column(name) for name in one.sample.columns if "feature" in name]
        matrix = float32_matrix(columns, height=one.sample.height)
        scores = [load_scorer(model, "xgboost")(matrix) for model in (payload, one.model)]
        found.append(Apart(largest_difference(*scores)))
    return _judged("model", found, SCORES)


def _judged(name: str, found: list[Apart], tolerance: float) -> EngineCheck:
    largest = max(found, key=lambda one: one.difference)
    return EngineCheck(name, largest.difference <= tolerance, largest.difference, tolerance, largest.place)
