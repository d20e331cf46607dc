"""The stages of a run as tables of a database: all of one run, or all of the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial

import polars as pl

from cauce.core.canonical import Json, digest_of
from cauce.core.snapshot_reading import SnapshotSource, read_manifest
from cauce.core.splits import decode_rule
from cauce.core.task import Target
from cauce.errors import warn
from cauce.planning.step import Reference, Step
from cauce.running.execution import Made
from cauce.running.steps.ingest import Report
from cauce.running.steps.objects import read_json
from cauce.running.steps.profile import snapshot_source
from cauce.running.warehouse_place import Place
from cauce.running.warehouse_records import load_experiments, make_predictions
from cauce.running.warehouse_rows import FOLDS, Divided, Division, Mirrored
from cauce.running.warehouse_tables import Mirroring
from cauce.running.workspace import Workspace
from cauce.spec.addresses import DATABASES, parse_address, scheme_of
from cauce.spec.warehouse import BATCH_ROWS

_FORMAT = 1
_INITIAL, _EXPERIMENTS, _PREDICTIONS = "initial_data", "experiments", "predictions"


def mirror(work: Workspace, step: Step, *, report: Report, run: str) -> Made:
    """Write the tables of the step's inputs, and what its candidates were worth; what is there already, row
    for row, is not written again. run: the name to write beside the rows.

    E0513, E2561 to E2564, E2566 to E2569, E2573, and what connecting raises.
    """
    from cauce.sources.sql.sink import tried

    place = Place.of(work)
    with place.alone():
        rows = tried(place.address, partial(_mirrored, work, step, place=place, run=run, report=report))
    return Made({"rows": Reference("value", rows)})


def _mirrored(work: Workspace, step: Step, *, place: Place, run: str, report: Report) -> dict[str, Json]:
    stages = _stages(work, step, place)
    place.check(stages)
    with place.claimed() as held:
        doing = Mirroring(place, held, run, report, total=sum(one.about.rows for one in stages[:2]))
        doing.open(stages)
        try:
            rows: dict[str, Json] = {one.name: doing.write(one) for one in stages}
            doing.put()
        finally:
            doing.discard()
        rows[_EXPERIMENTS] = load_experiments(work, step, at=place.at("clean", _EXPERIMENTS), run=run)
        make_predictions(work, step, at=place.at("raw", _PREDICTIONS))
    _tell_emptied(stages)
    return rows


def _tell_emptied(stages: tuple[Mirrored, ...]) -> None:
    """W2572 for each column with numbers that the database does not hold, once."""
    found: dict[str, int] = {}
    for one in stages:
        for column, count in one.emptied.items():
            found[column] = max(count, found.get(column, 0))
    for column, count in found.items():
        warn("W2572", column=column, count=count)


def _stages(work: Workspace, step: Step, place: Place) -> tuple[Mirrored, ...]:
    """The tables of rows, in the order in which they are written."""
    manifest = read_manifest(work.store, step.stored("initial"))
    rows = SnapshotSource(manifest, work.store, work.project.engine.batch_rows)
    content = _content(_INITIAL, manifest.identity, {})
    initial = Mirrored("raw", _INITIAL, rows.schema, content, manifest, rows.batches)
    return (*(() if _is_source(work, place) else (initial,)), *_clean(work, step))


def _clean(work: Workspace, step: Step) -> Iterator[Mirrored]:
    source, known = snapshot_source(work, step), read_json(work.store, step.stored("split"))
    target, rule = Target.from_json(known["target"]), decode_rule(known["rule"])
    size, seed = work.project.warehouse.batch_rows or BATCH_ROWS, work.project.split_seed
    divided = Divided(source, target, rule, seed)
    division = cache(partial(divided.division, size))
    for name in FOLDS:
        about: dict[str, Json] = {"split": step.stored("split"), "batch_rows": size, "seed": seed}
        yield Mirrored(
            "clean",
            name,
            divided.schema(name),
            _content(name, source.manifest.identity, about),
            source.manifest,
            partial(_frames, divided, name, division),
        )


def _frames(divided: Divided, table: str, division: Callable[[], Division]) -> Iterator[pl.DataFrame]:
    return divided.frames(table, division())


def _content(table: str, snapshot: str, about: dict[str, Json]) -> str:
    return digest_of({"format": _FORMAT, "table": table, "snapshot": snapshot, **about})


def _is_source(work: Workspace, place: Place) -> bool:
    """Whether the rows came from the very table that would mirror them."""
    (source, *others) = work.project.data.source
    if others or scheme_of(source) not in DATABASES:
        return False
    return place.is_table(parse_address(source), part="raw", table=_INITIAL)
