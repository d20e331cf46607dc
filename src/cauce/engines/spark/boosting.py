"""Trees grown by tasks that start together, each from its share of the rows: the trees of one machine."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from cauce.core.boosting import MOST_WORKERS, BoostResult, BoostSpec, Round
from cauce.core.boosting_rows import Totals, check
from cauce.engines.spark.boosting_rounds import Address, Listener, listening
from cauce.engines.spark.boosting_rows import PACKED
from cauce.engines.spark.boosting_tasks import TOLD, Crew, dealt, grown, result_of
from cauce.engines.spark.crossing import error_from_json
from cauce.engines.spark.hearing import home_of
from cauce.engines.spark.jobs import Tell, collected
from cauce.engines.spark.table import Counted, SparkTable, run_task, worker_environment
from cauce.errors import CauceError, warn

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_PATIENCE = 30.0


def boost(
    session: SparkSession,
    table: SparkTable,
    *,
    spec: BoostSpec,
    workers: int | None = None,
    observe: Callable[[Round], None] | None = None,
    tell: Tell | None = None,
) -> tuple[BoostResult, int]:
    """Fit boosted trees to the table's rows, read once; and how many rows were read.

    workers: tasks that grow the trees; None as `chosen_workers`. observe: called with every round, in order,
    while trees grow where executors reach the driver, from another thread; else at the end. Raises what one
    machine raises, E0730 to E0732 and what `collected` raises.
    """
    count = chosen_workers(session, workers, spec=spec)
    listener = Listener(observe or (lambda _: None))
    with _listening(session, listener) if observe else nullcontext() as address:
        rows = collected(_stage(table, spec, count, address), partitions=1, tell=tell)
    if not rows:
        check(spec, train=Totals.start(spec), validation=Totals.start(spec))
    record = json.loads(rows[0]["record"])
    if rows[0]["kind"] == "error":
        raise error_from_json(record["error"])
    result = result_of(record, bytes(rows[0]["payload"]))
    for one in result.history:
        listener.hear(one)
    return result, int(record["scanned"])


def _listening(session: SparkSession, listener: Listener) -> AbstractContextManager[Address | None]:
    settings = session.sparkContext.getConf()
    host = settings.get("spark.driver.host") or "127.0.0.1"
    return listening(listener, host=host, bind=settings.get("spark.driver.bindAddress") or host)


def _stage(table: SparkTable, spec: BoostSpec, workers: int, address: Address | None) -> DataFrame:
    """Rows dealt out by their hashes, and tasks that grow the trees."""

    def deal(batches: Counted) -> Iterator[pa.RecordBatch]:
        return dealt(batches, spec, workers=workers)

    spread = table.carried(deal, PACKED, columns=spec.columns).repartitionById(workers, "worker")
    home = home_of(spread.sparkSession)
    threads = int(spread.sparkSession.sparkContext.getConf().get("spark.task.cpus", "1"))
    crew = Crew(workers, threads, address)

    def grow(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return run_task(lambda: grown(batches, spec, crew=crew), home)

    with worker_environment(spread.sparkSession):
        told = spread.mapInArrow(grow, TOLD, barrier=workers > 1)
    # Spark starts tasks together again where one is lost, but not those of a job's last stage.
    return told.repartition(1)


def chosen_workers(session: SparkSession, asked: int | None, *, spec: BoostSpec) -> int:
    """How many tasks grow the trees, as `workers_for` says of this session's cluster."""
    context = session.sparkContext
    dynamic = context.getConf().get("spark.dynamicAllocation.enabled", "false") == "true"
    alone = asked == 1 or spec.parameters.quantile is not None
    slots = 1 if alone or dynamic else _slots(context, wanted=asked or 1)
    return workers_for(spec, asked, slots=slots, dynamic=dynamic)


def workers_for(spec: BoostSpec, asked: int | None, *, slots: int, dynamic: bool) -> int:
    """How many tasks grow the trees: as asked, else as the cluster can start at once, at most `MOST_WORKERS`.

    slots: tasks that can run at once. dynamic: whether Spark may let executors go, and so refuses tasks that
    start together: one, with W0730, where nothing is asked; E0731 where more are. One where a quantile is
    predicted: XGBoost would take the mean of the workers' leaves for a leaf. E0730 where slots are too few.
    """
    if asked == 1 or spec.parameters.quantile is not None:
        return 1
    if dynamic:
        if asked is not None:
            raise CauceError("E0731", workers=asked)
        warn("W0730")
        return 1
    if asked is not None and asked > slots:
        raise CauceError("E0730", workers=asked, slots=slots)
    return asked or max(1, min(slots, MOST_WORKERS))


def _slots(context: Any, *, wanted: int) -> int:
    """How many tasks the cluster can run at once; its executors are waited for a while."""
    scala, until = context._jsc.sc(), time.monotonic() + _PATIENCE
    while True:
        slots = int(scala.maxNumConcurrentTasks(scala.resourceProfileManager().resourceProfileFromId(0)))
        if slots >= wanted or time.monotonic() > until:
            return slots
        time.sleep(0.2)
