"""Blocks of text to tables of text cells, by Arrow's tokeniser, on as many threads as there are cores."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import polars as pl

from cauce.core.reading.evidence import LARGEST_EXACT
from cauce.core.reading.records import Grammar, count_lines
from cauce.expr.schema import Kind
from cauce.sources.blocks import Block
from cauce.sources.native import FALSE_TEXTS, TRUE_TEXTS, all_within, arrow_type, has_doubtful_digits

_MOST_THREADS = 8

Wanted = Callable[[], Mapping[str, Kind]]
"""Which columns are wanted: "text" for their cells, another kind to let Arrow convert them if it can."""


@dataclass(frozen=True)
class Ragged:
    """A record with another number of cells than there are names. record: its place among the block's
    records that are not blank, from 0."""

    record: int
    cells: int


@dataclass(frozen=True)
class Tokens:
    """A block's cells: null where nothing stands, "" where quotes with nothing between them do.

    A column is text, or of the kind that was wanted where Arrow could convert all its cells. table: the
    same in Arrow's form.
    """

    block: Block
    frame: pl.DataFrame
    ragged: tuple[Ragged, ...]
    alone: bool = False
    table: Any = None

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
    """How many cores this process may use, at most 8; one in a worker that was given one."""
    settled = os.environ.get("POLARS_MAX_THREADS", "")
    if settled.isdecimal():
        return max(1, min(int(settled), _MOST_THREADS))
    return min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2, _MOST_THREADS)


def tokenise(
    blocks: Iterable[Block],
    grammar: Grammar,
    *,
    names: Sequence[str],
    wanted: Wanted,
    guarded: bool,
) -> Iterator[Tokens]:
    """The wanted columns of every block, in the blocks' order; a few blocks are in the making at once.

    wanted: asked anew for each block, so that a reader may lose interest in a column or let Arrow convert it.
    guarded: whether blocks with digits that Arrow reads more freely than the language come as text only.
    """
    positions = {name: place for place, name in enumerate(names)}
    work = partial(_tokens, grammar=grammar, positions=positions, guarded=guarded)
    with ThreadPoolExecutor(threads(), thread_name_prefix="cauce-tokens") as pool:
        waiting: deque[Future[Tokens]] = deque()
        try:
            for block in blocks:
                waiting.append(pool.submit(work, block, wanted()))
                if len(waiting) > threads() + 1:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _tokens(
    block: Block,
    wanted: Mapping[str, Kind],
    *,
    grammar: Grammar,
    positions: dict[str, int],
    guarded: bool,
) -> Tokens:
    import pyarrow as pa

    alone = len(positions) == 1
    data = _without_trailing_lines(block) if alone else block.data
    kinds = {str(positions[name]): kind for name, kind in wanted.items()}
    native = set(kinds.values()) != {"text"} and not (guarded and has_doubtful_digits(data, grammar))
    table = None
    if native:
        # Arrow reads a subset of what the language does; where it does not, the cells come as text.
        with suppress(pa.ArrowInvalid):
            table, ragged = _table(data, grammar, len(positions), kinds)
    if table is None or not all_within(table, LARGEST_EXACT if guarded else sys.float_info.max):
        table, ragged = _table(data, grammar, len(positions), dict.fromkeys(kinds, "text"))
    table = table.rename_columns(list(wanted))
    frame = pl.DataFrame(pl.from_arrow(table))
    return Tokens(block, frame, tuple(ragged), alone, table)


def _table(data: bytes, grammar: Grammar, width: int, kinds: Mapping[str, Kind]) -> tuple[Any, list[Ragged]]:
    import pyarrow as pa
    from pyarrow import csv

    ragged: list[Ragged] = []

    def reject(row: csv.InvalidRow) -> str:
        ragged.append(Ragged(row.number - 1, row.actual_columns))
        return "skip"

    # Names given by position: any text may be a name, and blank lines are cells where there is one column.
    places = [str(position) for position in range(width)]
    table = csv.read_csv(
        pa.BufferReader(data),
        read_options=csv.ReadOptions(use_threads=False, column_names=places, block_size=len(data) + 1),
        parse_options=csv.ParseOptions(
            delimiter=grammar.delimiter,
            quote_char=grammar.quote or False,
            newlines_in_values=bool(grammar.quote),
            ignore_empty_lines=width > 1,
            invalid_row_handler=reject,
        ),
        convert_options=csv.ConvertOptions(
            include_columns=list(kinds),
            column_types={place: arrow_type(kind) for place, kind in kinds.items()},
            null_values=[""],
            check_utf8=False,  # decoded or ASCII: known to be UTF-8
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=[*TRUE_TEXTS],
            false_values=[*FALSE_TEXTS],
        ),
    )
    return table, ragged


def _without_trailing_lines(block: Block) -> bytes:
    if not block.last:
        return block.data
    return block.data.rstrip(b"\r\n") + b"\n"
