"""A long text file that several workers read side by side means what it means when one process reads it."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_reading_in_pieces import CELLS, asked_elsewhere, check

from cauce.sources import ReadOptions, blocks, decoding, open_source, stretches


@contextmanager
def in_stretches(size: int, block: int) -> Iterator[None]:
    """Stretches and blocks of so many bytes, inside."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stretches, "LONG", size)
        patch.setattr(blocks, "CHUNK", block)
        patch.setattr(decoding, "CHUNK", block)
        yield


@pytest.fixture
def short() -> Iterator[Any]:
    """Sets how many bytes a stretch has."""
    with ExitStack() as stack:
        yield lambda size: stack.enter_context(in_stretches(size, size // 2))


def pieces(*paths: Path, **options: Any) -> int:
    asked = ReadOptions(paths=tuple(map(str, paths)), **options)
    return len(open_source(asked, ask=asked_elsewhere).pieces)


@settings(max_examples=20)
@given(
    rows=st.lists(
        st.tuples(CELLS, st.sampled_from(["a", "", "b\nc", 'd"e', "f;g", "ñ", "\r"])), min_size=1, max_size=40
    ),
    end=st.sampled_from(["\n", "\r\n"]),
    size=st.integers(2, 3),
    block=st.sampled_from([48, 64, 80]),
    mark=st.booleans(),
)
def test_cut_anywhere_a_file_is_the_same_table(
    rows: list[tuple[str, str]],
    end: str,
    size: int,
    block: int,
    mark: bool,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Workers that take a line within a quoted cell for a row make other rows, and a model of them."""
    path = tmp_path_factory.mktemp("long") / "rows.csv"
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator=end).writerows([("a", "b"), *rows])
    path.write_bytes(text.getvalue().encode("utf-8-sig" if mark else "utf-8"))
    with in_stretches(size * block, block):
        check(path, delimiter=";")
        check(path, delimiter=";", types={"a": "integer"}, quote="")


def test_every_difficult_file_may_be_cut(short: Any, shared_data: Path) -> None:
    """What exporters get wrong (quotes, ragged lines, two encodings) comes out as on a laptop."""
    short(2000)
    for path in sorted((shared_data / "dirty_csv").rglob("*")):
        if path.is_file() and path.stat().st_size < 200_000 and path.name != "wide_5000_columns.csv":
            check(path)


def test_rejected_rows_have_the_lines_of_the_whole_file(short: Any, tmp_path: Path) -> None:
    """A user looks for the row that was left out at the line that is named."""
    draw = random.Random(4)
    lines = ["id,town,y", *(f'{k},"t\n{draw.random()}",{k % 2}' for k in range(400))]
    lines[200], lines[390] = "7,too,many,cells", 'x,"","no number"'
    path = tmp_path / "rows.csv"
    path.write_text("\r\n".join(lines), "utf-8", newline="")
    short(512)
    options = {"types": {"id": "integer"}}
    *_, rejected = check(path, **options)
    assert pieces(path, **options) > 10
    # Every record before has two lines, but for the header.
    assert [(one.line, one.code) for one in rejected] == [(400, "E0430"), (779, "E0431")]


def test_files_that_do_not_tell_where_a_record_begins_stay_whole(short: Any, tmp_path: Path) -> None:
    """A wrong guess would be worse than a slow file."""
    short(256)
    rows = "".join(f"{k},word {k}\n" for k in range(300))
    written = {
        "plain": ("a,b\n" + rows).encode(),
        "western": ("a,b\n" + rows.replace("word", "añó")).encode("cp1252"),
        "wide letters": ("a,b\n" + rows).encode("utf-16"),
        "quote in a bare cell": ("a,b\n" + rows + '7,5" disk\n' + rows).encode(),
        "returns": ("a,b\n" + rows).replace("\n", "\r").encode(),
        "one column": ("b\n" + rows.replace(",", " ")).encode(),
    }
    counts = {}
    for name, data in written.items():
        path = tmp_path / f"{name}.csv"
        path.write_bytes(data)
        check(path, delimiter=",")
        counts[name] = pieces(path, delimiter=",")
    assert {name for name, count in counts.items() if count > 5} == {"plain", "western"}
    assert {counts[name] for name in ("wide letters", "quote in a bare cell", "returns", "one column")} == {1}


def test_stretches_are_about_as_long_as_is_asked(short: Any, tmp_path: Path) -> None:
    """One worker with nearly all rows is as slow as one worker."""
    short(4096)
    frame = pl.DataFrame({"a": range(20_000), "b": [f"w {k}" for k in range(20_000)]})
    frame.write_csv(tmp_path / "a.csv")
    frame.head(100).write_csv(tmp_path / "b.csv")
    asked = ReadOptions(paths=(str(tmp_path),))
    source = open_source(asked, ask=asked_elsewhere)
    heights = [sum(batch.height for batch in piece.batches()) for piece in source.pieces]
    assert sum(heights) == 20_100
    size = (tmp_path / "a.csv").stat().st_size
    assert len(heights) == size // 4096 + 1
    assert max(heights) < 3 * 20_000 * 4096 / size
