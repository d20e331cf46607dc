"""Tasks that executors do: a small answer each, and nothing else comes back."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from cauce.errors import CauceError, CauceErrors, Place
from cauce.threads import thread_limits

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_EVERY = 0.5
_SCHEMA = pa.schema([("number", pa.int64()), ("answer", pa.string()), ("failure", pa.string())])


def answers_of(
    session: SparkSession, tasks: Sequence[Callable[[], str]], *, watch: Callable[[], None] | None = None
) -> list[str]:
    """What each task answered, in order; each may be done more than once, and one answer of it counts.

    tasks: serialisable, with what they share in common objects. watch: called now and then meanwhile.
    Raises what a task raised, of ours; E0701 where Spark could not finish. A stop with Ctrl-C stops the
    tasks.
    """
    session.sparkContext.environment.update(thread_limits(1))

    def carry(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                yield pa.RecordBatch.from_pylist([{"number": number, **_done(tasks[number])}], schema=_SCHEMA)

    numbers = session.range(0, len(tasks), 1, max(1, len(tasks)))
    frame = numbers.mapInArrow(carry, "number long, answer string, failure string")
    with _stoppable(session), _watched(watch):
        rows = sorted(_collected(frame), key=lambda row: int(row["number"]))
    failed = [failure_from(json.loads(row["failure"])) for row in rows if row["failure"]]
    if failed:
        raise failed[0]
    found = {row["number"]: row["answer"] for row in rows}
    return [found[number] for number in range(len(tasks))]


def _done(task: Callable[[], str]) -> dict[str, str]:
    """What the task says, or what it raises where that is ours: Spark would do it again three times."""
    try:
        return {"answer": task()}
    except CauceError as error:
        return {"failure": json.dumps(failure_to_json(error))}


def failure_to_json(error: CauceError) -> dict[str, Any]:
    """An error of ours as a JSON value."""
    if isinstance(error, CauceErrors):
        return {"errors": [failure_to_json(one) for one in error.errors], "lines": list(error.lines)}
    plain = (bool, int, float, str)
    values = {name: one if isinstance(one, plain) else str(one) for name, one in error.values.items()}
    place = error.place
    where = None if place is None else [place.file, place.line, place.column]
    return {"code": error.code, "place": where, "values": values}


def failure_from(value: dict[str, Any]) -> CauceError:
    """What `failure_to_json` was given."""
    if "errors" in value:
        return CauceErrors([failure_from(one) for one in value["errors"]], lines=value["lines"])
    place = None if value["place"] is None else Place(*value["place"])
    return CauceError(value["code"], place=place, **value["values"])


def _collected(frame: DataFrame) -> list[Any]:
    from py4j.protocol import Py4JJavaError  # noqa: PLC0415
    from pyspark.errors import PySparkException  # noqa: PLC0415

    try:
        return frame.collect()
    except (PySparkException, Py4JJavaError) as error:
        raise CauceError("E0701", reason=str(error).strip().splitlines()[0]) from error


@contextmanager
def _stoppable(session: SparkSession) -> Iterator[None]:
    tag = f"cauce-{secrets.token_hex(8)}"
    session.addTag(tag)
    try:
        yield
    except KeyboardInterrupt:
        session.interruptTag(tag)
        raise
    finally:
        session.removeTag(tag)


@contextmanager
def _watched(watch: Callable[[], None] | None) -> Iterator[None]:
    over = threading.Event()

    def look() -> None:
        while watch is not None and not over.wait(_EVERY):
            watch()

    thread = threading.Thread(target=look, name="cauce-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
