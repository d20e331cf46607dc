"""JSON and ORC files: every value as it is written, one kind a column, or a refusal that says where."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import orc

from cauce.errors import CauceError, CauceErrors
from cauce.sources import FileSource, ReadOptions, open_source


def opened(*paths: Path, **options: Any) -> FileSource:
    return open_source(ReadOptions(paths=tuple(str(path) for path in paths), **options))


def table(source: FileSource) -> pl.DataFrame:
    return pl.concat([pl.DataFrame(schema=source.schema.dtypes), *source.batches()])


def written(folder: Path, text: str | bytes, name: str = "rows.json") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refused(path: Path, **options: Any) -> list[str]:
    with pytest.raises(CauceError) as caught:
        opened(path, **options)
    errors = caught.value.errors if isinstance(caught.value, CauceErrors) else [caught.value]
    return [f"{one.code} {one.place}" for one in errors]


def test_lines_are_read_and_what_cannot_be_is_kept_aside(tmp_path: Path) -> None:
    """A broken line costs that row, said with its line, and no other row moves."""
    lines = [
        '{"x": 1, "s": "á", "b": true, "n": null}',
        "",
        '{"s": "b", "x": 2.5}\r',
        '{"x": 1, "x": 2}',
        "nope",
        '{"x": NaN}',
        "[1]",
        '{"x": 1e999}',
        '{"s": "\\ud800"}',
        '{"b": false, "x": -3}',
    ]
    source = opened(written(tmp_path, "\n".join(lines)))
    assert table(source).rows() == [
        (1.0, "á", True, None),
        (2.5, "b", None, None),
        (-3.0, None, False, None),
    ]
    assert [(one.line, one.code) for one in source.rejected] == [
        (4, "E0436"),
        (5, "E0435"),
        (6, "E0435"),
        (7, "E0435"),
        (8, "E0435"),
        (9, "E0435"),
    ]
    assert [notice.code for notice in source.notices] == ["W0417"]


@pytest.mark.parametrize("name", ["rows.json", "rows.json.gz"])
def test_an_array_is_read_as_its_objects(name: str, tmp_path: Path) -> None:
    """Brackets, braces and quotes inside of texts end no object."""
    rows = [{"x": k, "s": text} for k, text in enumerate(['"]}', "a\\", "{[", "\n", "\u2028é", "😀"] * 3000)]
    data = json.dumps(rows, indent=1).encode()
    path = written(tmp_path, gzip.compress(data) if name.endswith("gz") else data, name)
    assert table(opened(path)).to_dicts() == rows


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
KINDS = [
    TEXTS,
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
]


@given(data=st.data(), indent=st.sampled_from([None, 2]), array=st.booleans())
def test_what_python_writes_comes_back(
    data: Any, indent: int | None, array: bool, tmp_path_factory: Any
) -> None:
    """Any name and any value of a table survive, in lines and in arrays."""
    names = data.draw(st.lists(TEXTS, min_size=1, max_size=4, unique=True))
    kinds = {name: data.draw(st.sampled_from(KINDS)) for name in names}
    row = st.fixed_dictionaries({name: st.none() | kind for name, kind in kinds.items()})
    rows = data.draw(st.lists(row, min_size=1, max_size=6))
    text = json.dumps(rows, indent=indent) if array else "\n".join(json.dumps(one) for one in rows)
    source = opened(written(tmp_path_factory.mktemp("json"), text), format="json")
    assert table(source).to_dicts() == rows
    assert not len(source.rejected)


def test_the_kind_of_a_column_follows_from_all_files(tmp_path: Path) -> None:
    """The last line of the last file may hold the one number with a fraction, or the one beyond 64 bits."""
    written(tmp_path, '{"a": 1, "big": 3, "f": 9007199254740993}', "a.json")
    written(tmp_path, '{"f": 0.5, "big": 18446744073709551615, "a": "NA", "late": 1}', "b.json")
    source = opened(tmp_path, missing=("NA",))
    kinds = {one.name: one.kind for one in source.schema}
    assert kinds == {"a": "integer", "big": "decimal", "f": "float", "late": "integer"}
    assert table(source)["big"].to_list() == [Decimal(3), Decimal(2**64 - 1)]
    assert table(source)["a"].to_list() == [1, None]
    assert [(notice.code, dict(notice.values)["column"]) for notice in source.notices] == [
        ("W0430", "big"),
        ("W0418", "f"),
    ]


def test_a_declared_kind_reads_texts_of_json(tmp_path: Path) -> None:
    """JSON has no dates: where a column is declared one, a text that is none rejects its row."""
    path = written(tmp_path, '{"d": "31/01/2020"}\n{"d": "x"}\n{"d": "02/02/2020"}\n{"d": "29/12/2020"}')
    source = opened(path, types={"d": "date"})
    assert [str(one) for one in table(source)["d"]] == ["2020-01-31", "2020-02-02", "2020-12-29"]
    assert [(one.line, one.code) for one in source.rejected] == [(2, "E0431")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"x": 1}\n{"x": {"y": 1}, "z": [1]}', ["E0422 rows.json:2"] * 2),
        ('{"x": 1}\n{"x": "a"}', ["E0432 rows.json:2"]),
        ('{"x": true}\n\n{"x": 1.5}', ["E0432 rows.json:3"]),
        ('{"x": 1}\n{"x": ' + "9" * 39 + "}", ["E0424 rows.json:2"]),
        ('[{"x": 1}, {"x": 2}', ["E0434 rows.json"]),
        ('[{"x": 1}, 3]', ["E0434 rows.json"]),
        ('[{"x": 1}, {"x": "no end]', ["E0434 rows.json"]),
        ("{}\n{}", ["E0745 rows.json"]),
        (b'{"x": "\xe9"}\n', ["E0407 rows.json"]),
    ],
)
def test_what_makes_no_table_is_refused_with_its_place(
    text: str | bytes, said: list[str], tmp_path: Path
) -> None:
    """A user who must mend a file of a million lines is told which."""
    assert refused(written(tmp_path, text)) == said


def test_a_declared_format_decides_where_content_leaves_doubt(tmp_path: Path) -> None:
    """A CSV whose first name looks like an object stays one where it is said to be."""
    path = written(tmp_path, '{"a":1},x\n1,2\n', "rows.csv")
    assert opened(path, format="csv").schema.names == ('{"a":1}', "x")
    assert refused(written(tmp_path, "a,b\n1,2\n"), format="json") == ["E0433 rows.json"]


def test_kinds_of_files_are_not_mixed(tmp_path: Path) -> None:
    """A folder with an export in two formats has every row twice."""
    written(tmp_path, '{"x": 1}\n')
    written(tmp_path, "x\n1\n", "rows.csv")
    assert refused(tmp_path) == ["E0404 None"]


def test_orc_is_read_as_its_writer_wrote_it(tmp_path: Path) -> None:
    """Narrow numbers, decimals, dates, moments and hostile names come out of ORC whole."""
    moments = pa.array([0, 1_600_000_000_123_456, None], pa.timestamp("us"))
    rows = pa.table(
        {
            "a.b": pa.array([1, None, 3], pa.int8()),
            "*": pa.array(["x", None, "ñ"]),
            "m": pa.array([Decimal("1.25"), None, Decimal("-3.00")], pa.decimal128(10, 2)),
            "d": pa.array([0, None, 20_000], pa.date32()),
            "t": moments,
            "f": pa.array([1.5, None, float("inf")], pa.float32()),
        }
    )
    orc.write_table(rows, tmp_path / "rows.orc")
    source = opened(tmp_path / "rows.orc")
    found = table(source)
    for name, column in zip(rows.column_names, rows.columns, strict=True):
        assert found[name].to_list() == column.to_pylist()
    assert [one.kind for one in source.schema] == ["integer", "text", "decimal", "date", "datetime", "float"]
    assert source.parquet_paths() is None


def test_an_orc_file_can_be_read_in_parts(tmp_path: Path) -> None:
    """A large file is shared among workers: each row comes once, with its own number where it is rejected."""
    texts = [str(k) if k % 7000 else "none" for k in range(60_000)]
    rows = pa.table({"x": texts, "y": np.random.default_rng(1).normal(size=60_000)})
    orc.write_table(
        rows, tmp_path / "rows.orc", stripe_size=1 << 16, batch_size=1024, compression="uncompressed"
    )
    source = opened(tmp_path / "rows.orc", types={"x": "integer"})
    whole, lines = table(source), [one.line for one in source.rejected]
    assert lines == [k + 1 for k in range(0, 60_000, 7000)]
    assert whole.height == 60_000 - len(lines)
    cut = source._table.files.parts(10_000)  # type: ignore[union-attr]
    assert len(cut) > 2
    assert sum(part.rows for part in cut) == 60_000
    assert [part.row for part in cut] == [1 + sum(one.rows for one in cut[:k]) for k in range(len(cut))]


def test_a_damaged_orc_file_is_refused(tmp_path: Path) -> None:
    """A download that broke off is not a smaller table."""
    orc.write_table(pa.table({"x": list(range(1000))}), tmp_path / "rows.orc")
    data = (tmp_path / "rows.orc").read_bytes()
    assert refused(written(tmp_path, data[: len(data) // 2], "half.orc")) == ["E0420 half.orc"]
    orc.write_table(pa.table({"x": [[1]]}), tmp_path / "nested.orc")
    assert refused(tmp_path / "nested.orc") == ["E0422 nested.orc"]
