"""Compares two models on the test rows of the newer one's snapshot that neither has learned from.

What a model that goes on from another has learned from includes the rows of that one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cauce.core.bundle.answers import THRESHOLD, probability_name
from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.opening import open_stored_bundle
from cauce.core.bundle.writing import bundle_key
from cauce.core.columns import TARGET, WEIGHT
from cauce.core.comparison import Comparison
from cauce.core.metrics.doubt import Sampling
from cauce.core.metrics.interval import LEVEL
from cauce.core.metrics.names import MetricName
from cauce.core.metrics.pairing import PairedColumns, comparable, paired_metrics, paired_summaries
from cauce.core.metrics.target import Target as MetricTarget
from cauce.core.paired_rows import PREDICTED, UNSEEN, PairedRows, scored_name
from cauce.core.preparation import Preparation
from cauce.core.snapshot import snapshot_key
from cauce.core.snapshot_reading import SnapshotSource, read_manifest
from cauce.core.splits.rules import SplitRule, StratifiedSplit, TimeSplit
from cauce.errors import CauceError
from cauce.expr.schema import Field, Schema
from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.running.readings import note_reading
from cauce.running.workspace import Workspace
from cauce.stats import Counts, Filtered, Grouped

_NO_SPLIT = _("it does not say how its rows were divided")
_NO_SNAPSHOT = _("it does not say which dataset it was trained on")
_GONE = _("its own dataset is no longer in the store")
_EARLIER = _("the model that it goes on from is no longer in the store")
_COLUMNS = _("its split needs the column {column}, which the newer dataset does not have in the same kind")
_CONTENT = _("its split goes by the content of the whole row, and the two datasets have other columns")


def compare_models(
    work: Workspace,
    *,
    first: Bundle | str,
    second: Bundle | str,
    metric: str | None = None,
    level: float = LEVEL,
) -> Comparison:
    """The second model, the newer one, against the first. One scan with both scorers.

    first, second: bundles, or identities of bundles in the store. metric: the one that decides; that of
    `choose.metric`, else the target's first, where None. level: of the intervals. E0911 where they predict
    different things, E0912 where the rows that one has seen cannot be known, E0913 where no test row is
    left, E0914 for a metric that cannot be compared; E0502 where a bundle or the dataset is gone.
    """
    pair = tuple(
        open_stored_bundle(work.store, one) if isinstance(one, str) else one for one in (first, second)
    )
    older, newer = pair
    wanted = metric or work.project.choose.metric
    target = _shared_target(older, newer, wanted)
    names = _names(target, wanted)
    asked = _Asked.of(work, older, second=newer)
    note_reading(
        work.store,
        asked.source.manifest.identity,
        kind="comparison",
        about={"first": older.identity, "second": newer.identity},
    )
    how = Sampling(level=level, clustered=asked.clustered)
    summaries = paired_summaries(target, asked.columns, how=how)
    inside = (Filtered(UNSEEN, (1,), one) for one in summaries)
    engine = work.engine
    table = engine.map(engine.scan(asked.source), asked.rows)
    counts, *results = engine.summarise(table, Grouped(UNSEEN, Counts((TARGET,))), *inside)
    rows = {fold: one[TARGET].rows for fold, one in counts.groups.items()}
    if not rows.get(1):
        raise CauceError("E0913")
    found = paired_metrics(target, results, names=names, columns=asked.columns, how=how)
    if not found or found[0].name != names[0]:
        raise CauceError("E0914", name=names[0], choices=", ".join(str(one.name) for one in found) or "–")
    return Comparison(
        first=older.identity,
        second=newer.identity,
        snapshot=asked.source.manifest.identity,
        rows=rows[1],
        left_out=rows.get(0, 0),
        metrics=found,
        qualifications=asked.qualifications,
    )


def _shared_target(first: Bundle, second: Bundle, metric: str | None) -> MetricTarget:
    one, other = first.manifest.target, second.manifest.target
    if (one.expression, one.task, one.classes, one.rest) != (
        other.expression,
        other.task,
        other.classes,
        other.rest,
    ):
        told = [f"{each.name} ({', '.join(each.class_names) or each.task})" for each in (one, other)]
        raise CauceError("E0911", first=told[0], second=told[1])
    on_logs = metric is not None and MetricName.parse(metric).scale is not None
    return MetricTarget(one.task, one.class_names, on_logs and one.task == "regression")


def _names(target: MetricTarget, wanted: str | None) -> tuple[MetricName, ...]:
    known = comparable(target)
    if wanted is None:
        return known
    name = MetricName.parse(wanted)
    if name not in known:
        raise CauceError("E0914", name=name, choices=", ".join(map(str, known)))
    return (name, *(one for one in known if one != name))


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """Which rows are scored how, and what has to be said about them."""

    source: SnapshotSource
    rows: PairedRows
    columns: PairedColumns
    clustered: bool
    qualifications: tuple[str, ...]

    @staticmethod
    def of(work: Workspace, first: Bundle, *, second: Bundle) -> _Asked:
        snapshot, rule = second.manifest.snapshot, _rule(second)
        if snapshot is None:
            raise _unknown(second, _NO_SNAPSHOT)
        source = SnapshotSource(read_manifest(work.store, snapshot), work.store)
        schema, others = source.schema, _others(work, first, second)
        for one in others:
            if one.manifest.snapshot != snapshot:
                _check_known(work, one, schema)
        key = tuple(one.name for one in second.manifest.key)
        weight = work.project.data.weight if work.project.data.weight in schema.names else None
        prepared = Preparation(schema, second.manifest.target, rule, key, weight)
        scorers = tuple(one.scorer(schema=schema, numbers=True) for one in (first, second))
        rows = PairedRows(schema, prepared, tuple(_rule(one) for one in others), (scorers[0], scorers[1]))
        return _Asked(
            source=source,
            rows=rows,
            columns=_columns(first, second, weight),
            clustered=weight is not None or rule.columns not in ((), key),
            qualifications=tuple(_qualifications(first, second)),
        )


def _columns(first: Bundle, second: Bundle, weight: str | None) -> PairedColumns:
    names = first.manifest.target.class_names
    probabilities = [tuple(scored_name(at, probability_name(one)) for one in names) for at in (0, 1)]
    limits = [
        THRESHOLD if one.manifest.threshold is None else one.manifest.threshold for one in (first, second)
    ]
    return PairedColumns(
        label=TARGET,
        predicted=PREDICTED,
        probabilities=(probabilities[0], probabilities[1]),
        weight=None if weight is None else WEIGHT,
        thresholds=(limits[0], limits[1]),
    )


def _rule(bundle: Bundle) -> SplitRule:
    if bundle.manifest.split is None:
        raise _unknown(bundle, _NO_SPLIT)
    return bundle.manifest.split


def _others(work: Workspace, first: Bundle, second: Bundle) -> tuple[Bundle, ...]:
    """The first model and all that either goes on from, whose rows both have learned from; not the second.

    E0912 where one of them is gone.
    """
    found: dict[str, Bundle] = {second.identity: second}
    waiting = [first, second]
    while waiting:
        one = waiting.pop()
        found[one.identity] = one
        before = one.manifest.continued
        if before is None or before.digest in (*found, first.identity):
            continue
        if not work.store.exists(bundle_key(before.digest)):
            raise _unknown(one, _EARLIER)
        waiting.append(open_stored_bundle(work.store, before.digest))
    del found[second.identity]
    return tuple(found.values())


def _unknown(bundle: Bundle, reason: str, **values: Any) -> CauceError:
    model = f"{bundle.name} {bundle.identity[:12]}"
    return CauceError("E0912", model=model, reason=translate(reason).format(**values))


def _check_known(work: Workspace, first: Bundle, schema: Schema) -> None:
    """E0912 unless the first model's split says the same of the newer dataset's rows as of its own."""
    rule, known = _rule(first), _known_fields(work, first)
    used = (rule.column,) if isinstance(rule, TimeSplit) else rule.columns
    if not used:
        if known is None:
            raise _unknown(first, _GONE)
        if {_hashed(one) for one in known.values()} != {_hashed(one) for one in schema}:
            raise _unknown(first, _CONTENT)
        return
    fields = known if known is not None else {one.name: one.field for one in first.manifest.known}
    for column in used:
        if column not in fields and known is None:
            raise _unknown(first, _GONE)
        if column not in schema or column not in fields or _hashed(fields[column]) != _hashed(schema[column]):
            raise _unknown(first, _COLUMNS, column=column)


def _known_fields(work: Workspace, bundle: Bundle) -> Mapping[str, Field] | None:
    """The columns of the model's own dataset; None where the store has it no more."""
    snapshot = bundle.manifest.snapshot
    if snapshot is None or not work.store.exists(snapshot_key(snapshot)):
        return None
    return {one.name: one for one in read_manifest(work.store, snapshot).schema}


def _hashed(field: Field) -> tuple[str, str, str | None]:
    """What of a column enters the hash of a row."""
    return field.name, field.kind, field.zone


def _qualifications(first: Bundle, second: Bundle) -> Iterator[str]:
    if first.manifest.snapshot == second.manifest.snapshot:
        return
    yield "snapshots"
    rule = first.manifest.split
    if isinstance(rule, TimeSplit):
        yield "time"
    elif isinstance(rule, StratifiedSplit):
        yield "classes"
    if rule is not None and not rule.columns and not isinstance(rule, TimeSplit):
        yield "content"
