"""Blocks of text to tables of text cells, by Arrow's tokeniser, on as many threads as there are cores."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import polars as pl

from cauce.core.reading.records import Grammar, count_lines
from cauce.sources.blocks import Block

_MOST_THREADS = 8


@dataclass(frozen=True)
class Ragged:
    """A record with another number of cells than there are names. record: its place among the block's
    records that are not blank, from 0."""

    record: int
    cells: int


@dataclass(frozen=True)
class Tokens:
    """A block's cells as text: null where nothing stands, "" where quotes with nothing between them do."""

    block: Block
    frame: pl.DataFrame
    ragged: tuple[Ragged, ...]
    alone: bool = False

    def places(self, grammar: Grammar) -> list[tuple[int, str]]:
        """The line and the raw text of every record counted by `Ragged.record`. Slow: for rejects only."""
        line, found = self.block.line, []
        data = self.block.data
        for start, text_end, end in grammar.records(data):
            if text_end > start or self.alone:
                found.append((line, data[start:text_end].decode()))
            line += count_lines(data[start:end])
        return found


def threads() -> int:
    """How many cores this process may use, at most 8."""
    return min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2, _MOST_THREADS)


def tokenise(
    blocks: Iterable[Block], grammar: Grammar, names: Sequence[str], wanted: Callable[[], Sequence[str]]
) -> Iterator[Tokens]:
    """The wanted columns of every block, in the blocks' order; a few blocks are in the making at once.

    wanted: asked anew for each block, so that a reader may lose interest in a column.
    """
    work = partial(_tokens, grammar=grammar, positions={name: place for place, name in enumerate(names)})
    with ThreadPoolExecutor(threads(), thread_name_prefix="cauce-tokens") as pool:
        waiting: deque[Future[Tokens]] = deque()
        try:
            for block in blocks:
                waiting.append(pool.submit(work, block, wanted=tuple(wanted())))
                if len(waiting) > threads() + 1:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _tokens(block: Block, *, grammar: Grammar, positions: dict[str, int], wanted: tuple[str, ...]) -> Tokens:
    import pyarrow as pa
    from pyarrow import csv

    ragged: list[Ragged] = []

    def reject(row: csv.InvalidRow) -> str:
        ragged.append(Ragged(row.number - 1, row.actual_columns))
        return "skip"

    # Names given by position: any text may be a name, and blank lines are cells where there is one column.
    places = [str(position) for position in positions.values()]
    chosen = [str(positions[name]) for name in wanted]
    alone = len(places) == 1
    data = _without_trailing_lines(block) if alone else block.data
    table = csv.read_csv(
        pa.BufferReader(data),
        read_options=csv.ReadOptions(use_threads=False, column_names=places, block_size=len(data) + 1),
        parse_options=csv.ParseOptions(
            delimiter=grammar.delimiter,
            quote_char=grammar.quote or False,
            newlines_in_values=bool(grammar.quote),
            ignore_empty_lines=not alone,
            invalid_row_handler=reject,
        ),
        convert_options=csv.ConvertOptions(
            include_columns=chosen,
            column_types=dict.fromkeys(chosen, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    frame = pl.DataFrame(pl.from_arrow(table)).rename(dict(zip(chosen, wanted, strict=True)))
    return Tokens(block, frame, tuple(ragged), alone)


def _without_trailing_lines(block: Block) -> bytes:
    if not block.last:
        return block.data
    return block.data.rstrip(b"\r\n") + b"\n"
