"""What the executors do to grow trees: deal the rows out, agree on the bins, grow the same trees."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from cauce.core.boosting import KEPT_BY_TASK, BoostRequest, BoostResult, BoostSpec, Cuts, Round
from cauce.core.boosting_rows import (
    TRAIN,
    VALIDATION,
    LowestRows,
    Part,
    Totals,
    check,
    divided,
    none_of,
    rows_of,
)
from cauce.engines.spark.boosting_group import Member, first_meeting, joined, next_meeting, this_member
from cauce.engines.spark.boosting_rounds import Address, Observer, telling
from cauce.engines.spark.boosting_rows import SEEN, from_bytes, packed, seen, to_bytes, unpacked
from cauce.engines.spark.crossing import error_to_json
from cauce.engines.spark.table import Counted
from cauce.engines.trees.fitting import fit
from cauce.engines.trees.matrices import Matrices, Ready
from cauce.engines.trees.spooling import Spool, give_back_memory
from cauce.engines.trees.xgboost_border import translated
from cauce.errors import CauceError

TOLD = "kind string, record string, payload binary"
"""A row of what tasks tell the driver: a result, or an error that is everyone's."""

_TOLD = pa.schema([("kind", pa.string()), ("record", pa.string()), ("payload", pa.binary())])
_MOST_BYTES = 1 << 26
# What one worker alone meets: the others wait for it, and Spark starts all of them again.
_OWN = ("E0808", "E0810", "E0818")


def dealt(batches: Counted, spec: BoostSpec, *, workers: int) -> Iterator[pa.RecordBatch]:
    """The rows that train or stop training, each for its worker."""
    width = len(spec.features)
    most = max(1, _MOST_BYTES // (4 * width))
    for batch in batches:
        whole, fold = rows_of(batch, spec)
        chosen = np.flatnonzero((fold == TRAIN) | (fold == VALIDATION))
        for start in range(0, len(chosen), most):
            places = chosen[start : start + most]
            yield packed(whole.take(places), fold[places], workers=workers)
    yield seen(batches.rows, width=width)


@dataclass
class _Read:
    """The rows of one worker. scanned: how many were read to find those dealt out in its partitions."""

    spec: BoostSpec
    train: Spool
    validation: Spool
    totals: tuple[Totals, Totals]
    lowest: LowestRows
    scanned: int = 0

    def take(self, batch: pa.RecordBatch) -> None:
        width, weighted = len(self.spec.features), self.spec.weight is not None
        whole, fold = unpacked(batch, width=width, weighted=weighted)
        notes = fold == SEEN
        self.scanned += int(whole.lanes[0][notes].sum())
        train, validation = divided(whole, fold, spec=self.spec, totals=self.totals)
        self.lowest.add(train)
        self.train.add(train)
        self.validation.add(validation)


@dataclass(frozen=True)
class Crew:
    """Who grows the trees: so many workers, each with so many threads. told: where rounds are heard."""

    workers: int
    threads: int
    told: Address | None = None


def grown(batches: Iterator[pa.RecordBatch], spec: BoostSpec, *, crew: Crew) -> Iterator[pa.RecordBatch]:
    """The trees grown from the rows of all workers, told by one of them."""
    member = this_member(crew.workers)
    with ExitStack() as stack:
        stack.enter_context(translated(spec))
        memory = min(spec.memory, KEPT_BY_TASK)
        drawn = spec.parameters.subsample < 1
        train = stack.enter_context(Spool(3 * memory // 4, lanes=drawn))
        validation = stack.enter_context(Spool(memory // 4))
        totals = (Totals.start(spec), Totals.start(spec))
        read = _Read(spec, train, validation, totals, LowestRows(spec.cut_rows))
        failed = _failure(lambda: _read(batches, read))
        yield from _told(read, failed, member=member, crew=crew)


def _read(batches: Iterator[pa.RecordBatch], read: _Read) -> None:
    for batch in batches:
        read.take(batch)


def _failure(action: Callable[[], None]) -> CauceError | None:
    try:
        action()
    except CauceError as error:
        return error
    return None


def _note(read: _Read, failed: CauceError | None) -> bytes:
    error = None if failed is None else error_to_json(failed)
    totals = [_totals_to_json(one) for one in read.totals]
    note = {"error": error, "totals": totals, "scanned": read.scanned, "rows": read.train.rows}
    return json.dumps(note).encode()


def _told(read: _Read, failed: CauceError | None, *, member: Member, crew: Crew) -> Iterator[pa.RecordBatch]:
    """What one worker tells of the fit that all make together. failed: why its rows could not be read."""
    with joined(member, first_meeting(member)):
        notes = [json.loads(one) for one in member.gathered(_note(read, failed))]
        totals = _all_totals(read.spec, notes)
        trouble = next((one["error"] for one in notes if one["error"]), None) or _trouble(
            lambda: check(read.spec, train=totals[0], validation=totals[1])
        )
        if trouble is None:
            ready = Ready((read.train,), read.validation, totals, _sample(read, member))
            meeting = next_meeting(member)
    # A worker without rows leaves fields of its trees unset that are of no account for scores.
    speaks = next((rank for rank, note in enumerate(notes) if note["rows"]), 0) == member.rank
    found: list[BoostResult] = []
    if trouble is None:
        with (
            _binned(read.spec, ready, member, crew.threads) as binned,
            joined(member, meeting),
            telling(crew.told if speaks else None) as observe,
        ):
            trouble = _trouble(lambda: found.append(_fit(read.spec, binned, crew.threads, observe)))
    if speaks and trouble is not None:
        yield _row("error", {"error": trouble})
    elif speaks:
        record = {**_record(found[0]), "scanned": sum(note["scanned"] for note in notes)}
        yield _row("result", record, found[0].payload)


def _trouble(action: Callable[[], None]) -> dict[str, Any] | None:
    """An error of ours that every worker meets alike, as JSON."""
    failed = _failure(action)
    if failed is not None and failed.code in _OWN:
        raise failed
    return None if failed is None else error_to_json(failed)


def _all_totals(spec: BoostSpec, notes: list[dict[str, Any]]) -> tuple[Totals, Totals]:
    totals = (Totals.start(spec), Totals.start(spec))
    for note in notes:
        for own, other in zip(totals, note["totals"], strict=True):
            own.merge(_totals_from_json(other))
    return totals


@contextmanager
def _binned(spec: BoostSpec, ready: Ready, member: Member, threads: int) -> Iterator[Matrices]:
    import xgboost  # noqa: PLC0415 - on the executor

    with xgboost.config_context(verbosity=0):
        binned = Matrices(spec, ready, threads=threads, group=member)
        # What is watched is binned here too, before the workers are joined.
        _ = binned.sampled
        for spool in (*ready.train, ready.validation):
            spool.forget()
        give_back_memory()
        yield binned


def _fit(spec: BoostSpec, binned: Matrices, threads: int, observe: Observer | None) -> BoostResult:
    asked = BoostRequest(parameters=spec.parameters, early_stopping=spec.early_stopping)
    return fit(spec, threads, binned=binned, asked=asked, observe=observe).result


def _sample(read: _Read, member: Member) -> Part:
    """The training rows of lowest hash among those of all workers."""
    spec, count = read.spec, read.spec.cut_rows
    width, weighted = len(spec.features), spec.weight is not None
    own = read.lowest.rows() if read.train.rows else none_of(spec)
    if member.size == 1:
        return own
    lanes = [np.frombuffer(one, dtype=np.uint64) for one in member.gathered(b"".join(map(bytes, own.lanes)))]
    first, second = (np.concatenate([np.split(one, 2)[lane] for one in lanes]) for lane in (0, 1))
    last = np.lexsort((second, first))[:count][-1]
    low = (own.lanes[0] < first[last]) | ((own.lanes[0] == first[last]) & (own.lanes[1] <= second[last]))
    chosen = own.take(np.flatnonzero(low))
    lowest = LowestRows(count)
    for batch in member.gathered(to_bytes(packed(chosen, np.zeros(len(chosen))))):
        lowest.add(unpacked(from_bytes(batch), width=width, weighted=weighted)[0])
    return lowest.rows()


def _totals_to_json(totals: Totals) -> dict[str, Any]:
    return {name: one.tolist() if isinstance(one, np.ndarray) else one for name, one in vars(totals).items()}


def _totals_from_json(value: dict[str, Any]) -> Totals:
    types = {"rows": np.int64, "weight": np.float64, "low": np.float32, "high": np.float32}
    return Totals(**{**value, **{name: np.array(value[name], dtype=kind) for name, kind in types.items()}})


def _row(kind: str, record: dict[str, Any], payload: bytes = b"") -> pa.RecordBatch:
    content = {"kind": [kind], "record": [json.dumps(record)], "payload": [payload]}
    return pa.RecordBatch.from_pydict(content, schema=_TOLD)


def _record(result: BoostResult) -> dict[str, Any]:
    record = {name: value for name, value in vars(result).items() if name != "payload"}
    history = [[one.train, one.validation] for one in result.history]
    return {**record, "history": history, "cuts": asdict(result.cuts)}


def result_of(record: dict[str, Any], payload: bytes) -> BoostResult:
    """The result that a task told of."""
    history = tuple(Round(at, *pair) for at, pair in enumerate(record["history"]))
    cuts = Cuts(**{**record["cuts"], "bins": tuple(record["cuts"]["bins"])})
    importance = tuple((name, gain) for name, gain in record["importance"])
    made = {"history": history, "cuts": cuts, "importance": importance, "payload": payload}
    rest = {name: value for name, value in record.items() if name != "scanned"}
    return BoostResult(**{**rest, **made})
