"""Batches made ahead are the same batches, and no failure, stop or word of them is lost on the way."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Generator, Iterator
from contextlib import closing

import polars as pl
import pytest

from cauce.engines.local.engine import LocalEngine
from cauce.errors import CauceError
from cauce.expr.schema import Field, Schema
from cauce.language import active_language, use_language
from cauce.stats.counts import Counts
from cauce.threads import made_ahead


def counted(last: int, made: list[int]) -> Generator[int, None, None]:
    try:
        for number in range(1, last + 1):
            made.append(number)
            yield number
    finally:
        made.append(-1)


def test_every_item_comes_once_and_in_order() -> None:
    made: list[int] = []
    assert list(made_ahead(counted(100, made))) == list(range(1, 101))
    assert made == [*range(1, 101), -1]


def test_one_item_at_most_is_made_ahead() -> None:
    """Memory would grow with the rows where the work is slower than the reading."""
    made: list[int] = []
    seen = made_ahead(counted(10, made))
    for number in seen:
        threading.Event().wait(0.01)
        assert max(made) <= number + 1
        if number == 5:
            break
    seen.close()  # type: ignore[attr-defined]
    assert made[-1] == -1
    assert max(made) == 6


def test_a_failure_comes_after_the_items_before_it() -> None:
    """A damaged part must stop the run with its own error, not end it as if there were no more rows."""

    def failing() -> Generator[int, None, None]:
        yield 1
        raise CauceError("E1007")

    seen = made_ahead(failing())
    assert next(seen) == 1
    with pytest.raises(CauceError, match="E1007"):
        next(seen)


def test_who_stops_early_need_not_wait_for_what_may_never_come() -> None:
    """Otherwise Ctrl-C waits as long as a server that fell silent."""
    coming = threading.Event()

    def waiting() -> Generator[int, None, None]:
        yield 1
        assert coming.wait(60)
        yield 2

    seen = made_ahead(waiting(), abandoned=coming.set)
    assert next(seen) == 1
    seen.close()  # type: ignore[attr-defined]
    assert coming.is_set()


def test_an_interruption_while_reading_interrupts() -> None:
    def interrupted() -> Generator[int, None, None]:
        yield 1
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(made_ahead(interrupted()))


def test_what_is_said_while_reading_is_said_in_the_language_in_use() -> None:
    def spoken() -> Generator[str, None, None]:
        yield active_language()
        yield threading.current_thread().name

    def heard() -> tuple[str, ...]:
        use_language("es")
        return tuple(made_ahead(spoken()))

    language, thread = contextvars.copy_context().run(heard)
    assert language == "es"
    assert thread.startswith("cauce-batches")


class Rows:
    schema = Schema((Field("x", "integer"),))

    def batches(self, columns: object = None) -> Iterator[pl.DataFrame]:
        for start in range(0, 1000, 100):
            yield pl.DataFrame({"x": pl.Series(range(start, start + 100), dtype=pl.Int64)})

    def parquet_paths(self) -> None:
        return None


def test_rows_scanned_are_those_handed_out() -> None:
    engine = LocalEngine()
    table = engine.scan(Rows())
    assert engine.summarise(table, Counts(("x",)))[0]["x"].rows == 1000
    assert engine.rows_scanned == 1000
    with closing(engine.batches(table)) as some:  # type: ignore[type-var]
        next(some)
    assert engine.rows_scanned == 1100
