"""What is written is read back, in any dialect; and every way of reading gives the same table."""

from __future__ import annotations

import csv
import io
import math
import tempfile
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cauce.core.reading.formats import Format
from cauce.core.reading.records import Grammar
from cauce.expr.nodes import Column
from cauce.expr.row import to_row
from cauce.expr.schema import Field, Schema
from cauce.sources import FileSource, ReadOptions, decoding, open_source, spill, text_table, tokens
from cauce.sources import blocks as blocks_module
from cauce.sources.native import all_within, has_doubtful_digits

CELLS = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00\r\n", exclude_categories=("Cs",)), max_size=8
)
TROUBLE = st.sampled_from(["", " ", '"', '""', ",", ";", "\t", "a,b", 'say "x"', "'", "1", "1,5", "\\", "#"])


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    width = draw(st.integers(2, 5))
    cell = st.one_of(CELLS, TROUBLE)
    rows = draw(st.lists(st.lists(cell, min_size=width, max_size=width), min_size=1, max_size=12))
    return [[f"name {place}" for place in range(width)], *rows]


def written(rows: list[list[str]], **dialect: Any) -> str:
    stream = io.StringIO(newline="")
    csv.writer(stream, **dialect).writerows(rows)
    return stream.getvalue()


def opened(data: bytes, **options: Any) -> tuple[FileSource, pl.DataFrame]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "table.csv")
        path.write_bytes(data)
        source = open_source(ReadOptions(paths=(str(path),), **options))
        empty = pl.DataFrame(schema=source.schema.dtypes)
        return source, pl.concat([empty, *source.batches()])


@given(
    rows=tables(),
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
@settings(max_examples=120)
def test_what_pythons_csv_module_writes_is_read_back(
    rows: list[list[str]], delimiter: str, quoting: int, end: str, encoding: str
) -> None:
    """No cell of a well-formed file changes: texts are read back character by character."""
    data = written(rows, delimiter=delimiter, quoting=quoting, lineterminator=end).encode(encoding)
    names = rows[0]
    declared = None if encoding != "utf-8" else "utf-8"
    source, found = opened(
        data, delimiter=delimiter, types=dict.fromkeys(names, "text"), header=True, encoding=declared
    )
    assert list(source.rejected) == []
    assert [list(row) for row in found.fill_null("").iter_rows()] == rows[1:]


@given(rows=tables(), size=st.integers(1, 40))
@settings(max_examples=25)
def test_block_borders_change_nothing(rows: list[list[str]], size: int) -> None:
    """A file larger than a block is the same table: no record is cut, doubled or lost at a border."""
    quoted = [[cell.replace(" ", "\r\n") for cell in row] for row in rows[1:]]
    data = written([rows[0], *quoted], quoting=csv.QUOTE_ALL).encode()
    _, whole = opened(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decoding, "CHUNK", size)
        patch.setattr(blocks_module, "CHUNK", size)
        source, cut = opened(data, delimiter=",", header=True)
    _, whole = opened(data, delimiter=",", header=True)
    assert_frame_equal(cut, whole)
    assert len(source.rejected) == 0


NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70).map(str),
    st.floats().map(repr),
    st.text("0123456789+-.eExX_ infNA\t", max_size=8),
    st.sampled_from(
        ["007", "-0", "0x1F", "1_000", "inf", "nan", "1e309", "9007199254740993", " 5 ", "+5", "٣"]
    ),
)


@given(texts=st.lists(NUMBERS, min_size=1, max_size=6), kind=st.sampled_from(["integer", "float", "boolean"]))
@settings(max_examples=400)
def test_cells_that_arrow_converts_mean_what_the_language_says(texts: list[str], kind: Any) -> None:
    """The fast path is never the one that decides what 007, 0x1F or inf means."""
    texts = [text if text.strip() else "1" for text in texts]
    data = "".join(f"{text},x\n" for text in texts).encode()
    grammar = Grammar(",", '"')
    if has_doubtful_digits(data, grammar):
        return
    try:
        table, ragged = tokens._table(data, grammar, 2, {"0": kind})
    except pa.ArrowInvalid:
        return
    if not all_within(table, 2**53):
        return
    assert ragged == []
    read = to_row(Format(kind).expression(Column("x")), Schema((Field("x", "text"),)))
    for text, value in zip(texts, table["0"].to_pylist(), strict=True):
        meant = read({"x": text})
        assert meant == value, text
        assert math.copysign(1, meant) == math.copysign(1, value)


COLUMNS = st.lists(
    st.one_of(
        st.integers(-(2**64), 2**64).map(str),
        st.floats(allow_nan=False, allow_infinity=False).map(repr),
        st.sampled_from(
            ["", "007", "NA", "true", "False", "2024-02-29", "31/12/2024", "1.234,5", "$1,000", "x"]
        ),
    ),
    min_size=1,
    max_size=30,
)


@given(column=COLUMNS, size=st.integers(8, 60))
@settings(max_examples=50)
def test_inference_loses_nothing_and_no_route_differs(column: list[str], size: int) -> None:
    """Kept blocks, a second reading, small blocks, large blocks: one schema, one table; and no filled cell
    of an undeclared column becomes missing."""
    data = written([["a", "b"], *([cell, "w"] for cell in column)]).encode()
    options = {"delimiter": ",", "header": True}
    source, whole = opened(data, **options)
    filled = [bool(cell) for cell in column]
    assert whole["a"].is_not_null().to_list() == filled
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decoding, "CHUNK", size)
        patch.setattr(blocks_module, "CHUNK", size)
        patch.setattr(spill, "_MEMORY_BYTES", 100)
        cut_source, cut = opened(data, **options)
        patch.setattr(text_table, "new_spill", lambda size: None)
        again_source, again = opened(data, **options)
    assert source.schema == cut_source.schema == again_source.schema
    assert_frame_equal(whole, cut)
    assert_frame_equal(whole, again)
    kind = source.schema["a"].kind
    if kind == "text":
        assert whole["a"].fill_null("").to_list() == column
    elif kind == "integer" and all(cell.lstrip("-").isdigit() for cell in column if cell):
        assert whole["a"].to_list() == [int(cell) if cell else None for cell in column]


@given(
    data=st.lists(
        st.sampled_from([b'"', b"a", b",", b"\n", b"\r\n", b"\r", b'""', b'"x\n"']), max_size=30
    ).map(b"".join)
)
@settings(max_examples=400)
def test_the_slow_grammar_means_what_the_fast_tokeniser_means(data: bytes) -> None:
    """A rejected row's line and text belong to that row, whatever quotes stand where."""
    grammar = Grammar(",", '"')
    if grammar.open_quote(data) is not None or not data.strip(b"\r\n"):
        return
    records = [data[start:end] for start, end, _ in grammar.records(data) if end > start]
    cells = [grammar.cells(record) for record in records]
    table, ragged = tokens._table(data, grammar, 2, {"0": "text", "1": "text"})
    assert {item.record: item.cells for item in ragged} == {
        place: len(found) for place, found in enumerate(cells) if len(found) != 2
    }
    rows = [[cell or b"" for cell in found] for found in cells if len(found) == 2]
    fast = [[(cell or "").encode() for cell in row.values()] for row in table.to_pylist()]
    assert fast == rows


@given(
    data=st.lists(st.sampled_from([b'"', b"a", b",", b"\n", b"\r\n", b'""', b'"x\n",']), max_size=40).map(
        b"".join
    )
)
@settings(max_examples=400)
def test_a_cut_is_a_record_border(data: bytes) -> None:
    """A block never ends inside a quoted cell."""
    grammar = Grammar(",", '"')
    cut = grammar.cut(data)
    ends = [end for _, _, end in grammar.records(data)]
    assert cut == 0 or cut in ends
