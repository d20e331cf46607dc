"""Summaries of the same batch, gathered by as many threads as there are processors for them."""

from __future__ import annotations

import contextvars
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any

import polars as pl

from cauce.stats.summary import Summary

_LONG = 32_768


class SideBySide:
    """States of summaries that take one batch after the other. Use as a context.

    Each summary sees the batches in their order, whatever the threads are, so that states are the same.
    """

    def __init__(self, summaries: Sequence[Summary]) -> None:
        self._summaries = summaries
        self.states = [summary.start() for summary in summaries]
        threads = min(pl.thread_pool_size(), len(summaries))
        self._pool = ThreadPoolExecutor(threads, "cauce-summaries") if threads > 1 else None

    def __enter__(self) -> SideBySide:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def update(self, batch: pl.DataFrame) -> None:
        """Take the rows of `batch` in; what the first summary that fails raises."""
        every = range(len(self._summaries))
        if self._pool is None or batch.height < _LONG:
            self.states = [self._updated(at, batch) for at in every]
            return
        contexts = [contextvars.copy_context() for _ in every]
        coming = [self._pool.submit(contexts[at].run, self._updated, at, batch) for at in every]
        self.states = [one.result() for one in coming]

    def _updated(self, at: int, batch: pl.DataFrame) -> Any:
        return self._summaries[at].update(self.states[at], batch)

    def results(self) -> tuple[Any, ...]:
        """The result of each summary, in order."""
        both = zip(self._summaries, self.states, strict=True)
        return tuple(summary.result(state) for summary, state in both)
