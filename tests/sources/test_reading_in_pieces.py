"""Files read in pieces by workers mean what they mean when one process reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import orc
from pyspark import cloudpickle

from cauce.core.reading.notices import Notice
from cauce.errors import CauceError
from cauce.ports.pieces import Question
from cauce.sources import FileSource, ReadOptions, Rejection, Rejections, open_source
from cauce.stats import Identity

Seen = tuple[Any, tuple[Notice, ...], str, list[Rejection]]


def sent(value: Any) -> Any:
    """A value as another process gets it: Spark sends functions so."""
    return cloudpickle.loads(cloudpickle.dumps(value))


def asked_elsewhere(questions: Sequence[Question]) -> Iterator[Any]:
    """The answers of workers that know nothing but the question, as plain JSON."""
    return (json.loads(json.dumps(sent(question)())) for question in questions)


def identity(source: FileSource, batches: Iterator[pl.DataFrame]) -> str:
    summary = Identity(source.schema)
    state = summary.start()
    for batch in batches:
        state = summary.update(state, batch)
    return summary.result(state).identity


def seen_here(options: ReadOptions) -> Seen:
    source = open_source(options)
    found = identity(source, source.batches())
    return source.schema, source.notices, found, list(source.rejected)


def seen_in_pieces(options: ReadOptions) -> Seen:
    source = open_source(options, ask=asked_elsewhere)
    rejections = Rejections()
    batches = (batch for piece in source.pieces for batch in sent(piece).batches(None, rejections))
    found = identity(source, batches)
    return source.schema, source.notices, found, list(rejections)


def told(look: Any, options: ReadOptions) -> Any:
    try:
        return look(options)
    except CauceError as error:
        return str(error)


def check(*paths: Path, **options: Any) -> Any:
    asked = ReadOptions(paths=tuple(str(path) for path in paths), **options)
    expected = told(seen_here, asked)
    assert told(seen_in_pieces, asked) == expected
    return expected


@pytest.mark.parametrize("folder", ["dirty_csv", "parquet_other_writers"])
def test_every_difficult_file_is_the_same_table(folder: str, shared_data: Path) -> None:
    """A file that a laptop reads, refuses or reads in part would become another table on a cluster."""
    files = [path for path in sorted((shared_data / folder).rglob("*")) if path.is_file()]
    assert len(files) > 20
    for path in files:
        if path.name == "wide_5000_columns.csv":  # slow, and its columns are all of one kind
            continue
        check(path)


NUMBERS = ["1", "12", "0", "-3", "007", "1.5", "1,5", "1.234", "1e3", str(2**53 + 1), f"0.{'123456789' * 3}"]
TIMES = ["2020-01-31", "31/01/2020", "01/02/2020", "2020-01-31T10:00:00", "2020-01-31T10:00:00.1234567"]
MARKERS = ["", "", "?", "NA", "N/A", "No Definido", " ", '""']
WORDS = ["yes", "no", "true", "false", "palabra", "$ 1.000"]
CELLS = st.sampled_from([*NUMBERS, *TIMES, *MARKERS, *WORDS])
COLUMN = st.lists(CELLS, min_size=1, max_size=6)


@settings(max_examples=40)
@given(files=st.lists(st.tuples(COLUMN, COLUMN), min_size=2, max_size=4), data=st.data())
def test_a_folder_is_decided_as_if_read_in_order(
    files: list[tuple[list[str], list[str]]], data: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What a column is must not depend on which file a worker happens to look at."""
    folder = tmp_path_factory.mktemp("files")
    for number, (left, right) in enumerate(files):
        rows = [f"{a};{b}" for a, b in zip(left, right, strict=False)]
        ragged = ["x;y;z"] if data.draw(st.booleans()) else []
        (folder / f"{number}.csv").write_text("\n".join(["a;b", *rows, *ragged]) + "\n", "utf-8")
    check(folder, delimiter=";")
    kind = data.draw(st.sampled_from(["integer", "float", "date", "boolean", "text"]))
    check(folder, delimiter=";", types={"a": kind}, missing=("?",))


def test_json_and_orc_are_the_same_table(tmp_path: Path) -> None:
    """A worker that sees one file of three must not take its numbers for whole ones."""
    lines = ['{"a": 1, "b": "x"}', '{"b": "y", "a": 2.5, "late": true}\nbroken\n', '[{"a": null}, {"a": 3}]']
    for number, text in enumerate(lines):
        (tmp_path / f"{number}.json").write_text(text, "utf-8")
    schema, notices, _, rejected = check(tmp_path, types={"b": "text"})
    assert {one.name: one.kind for one in schema} == {"a": "float", "b": "text", "late": "boolean"}
    assert [(one.file, one.line) for one in rejected] == [("1.json", 2)]
    assert notices == ()
    for number in range(2):
        cells = [str(k) if k % 9000 else "none" for k in range(20_000)]
        orc.write_table(
            pa.table({"x": cells}), tmp_path / f"{number}.orc", stripe_size=1 << 16, batch_size=1024
        )
    assert len(check(tmp_path / "*.orc", types={"x": "integer"})[3]) == 6
