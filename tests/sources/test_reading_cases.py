"""Cases a user meets: compression, several files, declared kinds, markers, hostile input."""

from __future__ import annotations

import gzip
import io
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cauce.errors import CauceError
from cauce.expr.schema import Field
from cauce.sources import FileSource, ReadOptions, open_source

PLAIN = b"a,b\n1,x\n2,y\n"


def source_of(path: Path | str, **options: Any) -> FileSource:
    return open_source(ReadOptions(paths=(str(path),), **options))


def table(source: FileSource) -> pl.DataFrame:
    return pl.concat([pl.DataFrame(schema=source.schema.dtypes), *source.batches()])


def read(folder: Path, data: bytes | str, **options: Any) -> tuple[FileSource, pl.DataFrame]:
    path = folder / "table.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    source = source_of(path, **options)
    return source, table(source)


def refused(folder: Path, data: bytes | str, **options: Any) -> CauceError:
    with pytest.raises(CauceError) as caught:
        read(folder, data, **options)
    assert caught.value.message
    return caught.value


def codes(source: FileSource) -> list[str]:
    return [notice.code for notice in source.notices]


def _zip(*members: tuple[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return stream.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(PLAIN),
        gzip.compress(PLAIN[:5]) + gzip.compress(PLAIN[5:]),
        _zip(("t.csv", PLAIN), ("__MACOSX/._t.csv", b"x")),
        pa.compress(PLAIN, codec="zstd", asbytes=True),
    ],
    ids=["gzip", "gzip members", "zip", "zstd"],
)
def test_compressed_files_load_whatever_their_name(tmp_path: Path, data: bytes) -> None:
    """A user need not unpack a file, nor rename it."""
    assert read(tmp_path, data)[1].rows() == [(1, "x"), (2, "y")]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (gzip.compress(PLAIN)[:-6], "E0414"),
        (gzip.compress(PLAIN * 50)[:25], "E0414"),
        (pa.compress(PLAIN * 50, codec="zstd", asbytes=True)[:-4], "E0414"),
        (_zip(("a.csv", PLAIN), ("b.csv", PLAIN)), "E0413"),
        (_zip(), "E0413"),
        (_zip(("xl/workbook.xml", b"<x/>")), "E0403"),
        (b"%PDF-1.7 ...", "E0403"),
        (b"PARE....PARE", "E0421"),
        (b"a,b\n1,\xff\xfe\x81\n", "E0407"),
        (b"", "E0405"),
        (b"\xef\xbb\xbf", "E0405"),
        (b"\r\n\r\n", "E0405"),
        (b"a,b\n", "E0406"),
        (b'a,b\n1,"x\n2,y\n', "E0410"),
        (b"a,b\n1,\x00\n", "E0409"),
        ("a,b\n1,é\n".encode("utf-16-le"), "E0409"),
    ],
    ids=lambda value: value if isinstance(value, str) else "bytes",
)
def test_what_cannot_be_read_has_a_code(tmp_path: Path, data: bytes, code: str) -> None:
    """Damaged and foreign files end in a message, never in a traceback or half a table."""
    error = refused(tmp_path, data)
    assert error.code == code
    assert error.place is not None
    assert error.place.file == "table.csv"


def test_a_decompression_bomb_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file that grows without end does not fill the disk."""
    monkeypatch.setattr("cauce.sources.unpacking._FREE_BYTES", 1 << 16)
    assert refused(tmp_path, gzip.compress(b"a,b\n" + b"1,2\n" * 500_000)).code == "E0412"


def test_a_record_without_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stray quote does not draw the rest of a large file into memory."""
    monkeypatch.setattr("cauce.sources.decoding.CHUNK", 1 << 10)
    monkeypatch.setattr("cauce.sources.blocks.CHUNK", 1 << 10)
    data = b'a,b\n1,2\n3,"x' + b"y,\n" * 20_000
    error = refused(tmp_path, data, record_limit=10_000)
    assert error.code == "E0411"
    assert error.place is not None
    assert error.place.line == 3


def test_declared_kinds_reject_rows_with_line_column_and_reason(tmp_path: Path) -> None:
    """A cell that is not what was declared never becomes a null in silence."""
    data = 'n,t\n1,x\n\nzwölf,"two\nlines"\n3,z\n,empty\n5,y,extra\n6x,w\n'
    source, found = read(tmp_path, data, types={"n": "integer"})
    assert found.rows() == [(1, "x"), (3, "z"), (None, "empty")]
    assert [(item.line, item.column, item.text) for item in source.rejected] == [
        (4, "n", 'zwölf,"two\nlines"'),
        (8, None, "5,y,extra"),
        (9, "n", "6x,w"),
    ]
    assert "zwölf" not in next(iter(source.rejected)).reason


def test_rejected_rows_are_the_same_whatever_columns_are_read(tmp_path: Path) -> None:
    """Two scans of one table never see different rows."""
    source, _ = read(tmp_path, "n,t\n1,x\nbad,y\n3,z\n", types={"n": "integer"})
    found = pl.concat(list(source.batches(["t"])))
    assert found.rows() == [("x",), ("z",)]
    assert [item.line for item in source.rejected] == [3]


def test_markers_are_missing_where_declared_only(tmp_path: Path) -> None:
    """`?` means missing when the user says so; ND only in the column it was declared for."""
    data = "a,b\n1,?\n?,ND\nND,3\n"
    source, found = read(tmp_path, data, missing=("?",), missing_in={"a": ("ND",)})
    assert found.rows() == [(1, None), (None, "ND"), (None, "3")]
    assert codes(source) == ["W0410"]


def test_empty_and_quoted_empty(tmp_path: Path) -> None:
    """Nothing at all is missing; two quotes are an empty text, and missing where numbers stand."""
    source, found = read(tmp_path, 'a,b\n1,x\n"",""\n3,\n')
    assert found.rows() == [(1, "x"), (None, ""), (3, None)]
    assert codes(source) == ["W0416"]


@pytest.mark.parametrize(
    ("cells", "kind", "first", "code"),
    [
        (["1.234.567,50", "2,5"], "float", 1234567.5, "W0414"),
        (["$1.234.567,50", "$2,50"], "float", 1234567.5, "W0414"),
        (["1,234.5", "2"], "float", 1234.5, "W0414"),
        (["$1,234,567", "$2"], "integer", 1234567, "W0414"),
        (["1 234,5", "2,5"], "float", 1234.5, "W0414"),
        (["1.234", "2.345"], "float", 1.234, "W0415"),
        (["1e3", "-.5", "5."], "float", 1000.0, None),
        (["9223372036854775807", "-9223372036854775808"], "integer", 2**63 - 1, None),
        (["9223372036854775808", "1"], "text", "9223372036854775808", "W0409"),
        (["9007199254740993", "1"], "integer", 2**53 + 1, None),
        (["9007199254740993", "1.5"], "text", "9007199254740993", "W0409"),
        (["3.14159265358979323846", "1.5"], "float", 3.141592653589793, "W0418"),
        (["007", "12"], "text", "007", "W0408"),
        (["-05", "12"], "text", "-05", "W0408"),
        (["0", "0.5"], "float", 0.0, None),
        (["TRUE", "false"], "boolean", True, None),
        (["Verdadero", "FALSO"], "boolean", True, None),
        (["Sí", "No"], "text", "Sí", "W0428"),
        (["0", "1"], "integer", 0, None),
        (["2024-02-29", "0001-01-01"], "date", date(2024, 2, 29), None),
        (["29/02/2024", "01/02/2024"], "date", date(2024, 2, 29), "W0412"),
        (["02/29/2024", "01/02/2024"], "date", date(2024, 2, 29), "W0412"),
        (["01/02/2024", "03/04/2024"], "text", "01/02/2024", "W0411"),
        (["2024-02-30", "2024-02-28"], "text", "2024-02-30", "W0413"),
        (["2024-01-31 10:00:00", "2024-01-31 10:00:01"], "datetime", datetime(2024, 1, 31, 10), None),
        (["2024-01-31T10:00:00.25", "2024-01-31T10:00:01.5"], "datetime",
         datetime(2024, 1, 31, 10, 0, 0, 250000), None),
        (["2024-01-31 10:00:00-05:00", "2024-01-31 10:00:01Z"], "datetime", datetime(2024, 1, 31, 15), None),
        (["NaN", "1.5"], "text", "NaN", "W0410"),
        (["inf", "1.5"], "text", "inf", "W0413"),
        (["1e309", "1.5"], "text", "1e309", "W0413"),
    ],
)  # fmt: skip
def test_kinds_found(tmp_path: Path, cells: list[str], kind: str, first: object, code: str | None) -> None:
    """Each way of writing gives the kind and value a careful reader would give."""
    source, found = read(tmp_path, "\n".join(["v;w", *(f"{cell};w" for cell in cells)]) + "\n", delimiter=";")
    assert source.schema["v"].kind == kind
    assert found["v"][0] == first
    assert codes(source) == ([code] if code else [])


def test_answers_followed_late_by_words_are_not_called_numbers(tmp_path: Path) -> None:
    """A user would look for numbers in a column of No, Steady and Up that has none."""
    cells = ["No"] * 50_000 + ["Steady", "Up"]
    source, found = read(tmp_path, "\n".join(["v;w", *(f"{cell};w" for cell in cells)]) + "\n", delimiter=";")
    assert found["v"].n_unique() == 3
    assert codes(source) == []


def test_zones_become_utc(tmp_path: Path) -> None:
    """Moments with an offset are instants: their field says UTC."""
    source, _ = read(tmp_path, "v,w\n2024-01-31 10:00:00-05:00,w\n")
    assert source.schema["v"] == Field("v", "datetime", zone="UTC")


def test_other_columns_decide_what_one_leaves_open(tmp_path: Path) -> None:
    """A file with 1,5 in one column means 1.234 as twelve hundred in another, and days come first."""
    source, found = read(tmp_path, "a;b;c\n1,5;1.234;01/02/2024\n2,5;2.345;03/04/2024\n")
    assert found.row(0) == (1.5, 1234, date(2024, 2, 1))
    assert source.schema["b"].kind == "integer"


def test_declared_dates_that_may_be_read_two_ways_are_refused(tmp_path: Path) -> None:
    """Day and month are never swapped by a guess."""
    data = "d,w\n01/02/2024,w\n03/04/2024,w\n"
    assert refused(tmp_path, data, types={"d": "date"}).code == "E0427"
    _, found = read(tmp_path, data, types={"d": "date"}, date_formats=("%d/%m/%Y",))
    assert found["d"][0] == date(2024, 2, 1)


def test_declared_numbers_follow_the_declared_marks(tmp_path: Path) -> None:
    """decimal, thousands and currency settle what 1.234 means."""
    data = "v;w\n$1.234;w\n$2,5;w\n"
    _, found = read(tmp_path, data, decimal=",", thousands=".", currency=("$",), types={"v": "float"})
    assert found["v"].to_list() == [1234.0, 2.5]


def test_one_column_keeps_blank_lines_as_missing(tmp_path: Path) -> None:
    """In a file of one column a blank line is a row without value, except at the end."""
    _, found = read(tmp_path, "v\n1\n\n3\n\n\n")
    assert found["v"].to_list() == [1, None, 3]


def test_files_of_one_table_may_differ_in_order_encoding_and_delimiter(tmp_path: Path) -> None:
    """Monthly exports that changed their settings are still one table; kinds hold for all of them."""
    (tmp_path / "1.csv").write_bytes("a,b\n1,é\n".encode())
    (tmp_path / "2.csv").write_bytes("b;a\nñ;2,5\n".encode("cp1252"))
    (tmp_path / "_hidden.csv").write_bytes(b"no")
    source = source_of(tmp_path)
    assert table(source).rows() == [(1.0, "é"), (2.5, "ñ")]
    assert [file.name for file in source.files] == ["1.csv", "2.csv"]
    assert codes(source) == ["W0401", "W0402", "W0414"]


def test_files_that_are_not_one_table_are_refused(tmp_path: Path) -> None:
    """A stray file in a folder is named, with the columns that differ."""
    (tmp_path / "1.csv").write_bytes(PLAIN)
    (tmp_path / "2.csv").write_bytes(b"a,c\n1,x\n")
    with pytest.raises(CauceError) as caught:
        source_of(tmp_path)
    assert caught.value.code == "E0416"
    assert "2.csv" in caught.value.message
    with pytest.raises(CauceError) as caught:
        source_of(tmp_path / "nothing-*.csv")
    assert caught.value.code == "E0401"
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "3.parquet")
    with pytest.raises(CauceError) as caught:
        source_of(tmp_path)
    assert caught.value.code == "E0404"


@pytest.mark.parametrize(
    "option", [{"types": {"x": "integer"}}, {"drop": ("x",)}, {"missing_in": {"x": ("?",)}}]
)
def test_settings_for_unknown_columns_are_refused(tmp_path: Path, option: dict[str, Any]) -> None:
    """A misspelt name in the project file is not passed over."""
    assert refused(tmp_path, PLAIN, **option).code == "E0418"


@pytest.mark.parametrize("option", [{"encoding": "klingon"}, {"encoding": "rot13"}])
def test_unknown_encodings_are_refused(tmp_path: Path, option: dict[str, Any]) -> None:
    """An encoding that does not exist is said so."""
    assert refused(tmp_path, PLAIN, **option).code == "E0415"


def test_a_declared_encoding_that_does_not_fit_names_the_line(tmp_path: Path) -> None:
    """The line of the first wrong byte is given, in small and in later blocks."""
    error = refused(tmp_path, b"a,b\n" + b"1,x\n" * 10 + b"2,\xe9\n", encoding="utf-8")
    assert error.code == "E0407"
    assert error.place is not None
    assert error.place.line == 12


@pytest.mark.parametrize(("tail", "code"), [(b"2,\xe9\n", None), (b"2,\xe9\n3,\xc3\xa9\n", "E0408")])
def test_encodings_are_found_far_from_the_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tail: bytes, code: str | None
) -> None:
    """One accented letter at the end of a large file is read right, or refused with its line."""
    monkeypatch.setattr("cauce.sources.decoding.CHUNK", 16)
    monkeypatch.setattr("cauce.sources.blocks.CHUNK", 16)
    data = b"a,b\n" + b"1,x\n" * 50 + tail
    if code is None:
        source, found = read(tmp_path, data)
        assert found["b"][-1] == "é"
        assert codes(source) == ["W0401"]
    else:
        error = refused(tmp_path, data)
        assert error.code == code
        assert error.place is not None
        assert error.place.line == 52


def test_the_worked_file_of_the_docs(tmp_path: Path) -> None:
    """What docs/ingest.md says about its example is what happens."""
    data = "fecha;valor;nit\n29/02/2024;$1.234.567,50;007\n01/03/2024;$2,50;012\n03/03/2024;$3,00\n"
    source, found = read(tmp_path, data)
    assert found.rows() == [(date(2024, 2, 29), 1234567.5, "007"), (date(2024, 3, 1), 2.5, "012")]
    assert codes(source) == ["W0402", "W0412", "W0414", "W0408"]
    assert "$1.234,5" in source.notices[2].message
    assert [(item.line, item.text) for item in source.rejected] == [(4, "03/03/2024;$3,00")]


def test_a_file_that_changes_is_noticed(tmp_path: Path) -> None:
    """Kinds decided on other bytes are never applied to new ones."""
    source, _ = read(tmp_path, PLAIN, types={"a": "integer"})
    (tmp_path / "table.csv").write_bytes(PLAIN + b"zzz,y\n")
    with pytest.raises(CauceError) as caught:
        list(source.batches())
    assert caught.value.code == "E0417"


def test_hostile_column_names_are_only_names(tmp_path: Path) -> None:
    """Patterns, SQL and markup in headers select nothing but their own column."""
    names = ["*", "^.*$", "a b", "x;DROP TABLE t;--", "<script>", "__proto__", "{column}", "%s", "ñandú"]
    data = (
        ",".join(names) + "\n" + "\n".join(",".join(str(k + i) for i in range(len(names))) for k in range(3))
    )
    source, found = read(tmp_path, data)
    assert found.columns == names
    assert pl.concat(list(source.batches(["^.*$", "*"]))).rows() == [(1, 0), (2, 1), (3, 2)]
    assert source.notices == ()


def test_parquet_types_are_widened_exactly(tmp_path: Path) -> None:
    """Unsigned, half, decimal, zoned, nanosecond, dictionary and binary columns keep their values."""
    moment = datetime(2024, 1, 31, 10, 0, 0, 123456)
    columns = {
        "u8": pa.array([1, None, 255], pa.uint8()),
        "small64": pa.array([1, None, 2**63 - 1], pa.uint64()),
        "big64": pa.array([1, None, 2**64 - 1], pa.uint64()),
        "half": pa.array([0.5, None, -2.0], pa.float16()),
        "money": pa.array([Decimal("1.25"), None, Decimal("-3.50")], pa.decimal128(5, 2)),
        "day": pa.array([date(2024, 2, 29), None, date(1, 1, 1)], pa.date64()),
        "local": pa.array([moment.replace(microsecond=123000), None, None], pa.timestamp("ms")),
        "zoned": pa.array([moment, None, moment], pa.timestamp("us", "America/Bogota")),
        "fine": pa.array([-1, None, 1999], pa.timestamp("ns")),
        "clock": pa.array([1, None, 86_399], pa.time32("s")),
        "level": pa.array(["x", None, "y"]).dictionary_encode(),
        "bytes": pa.array([b"caf\xc3\xa9", None, b""], pa.binary()),
        "nothing": pa.nulls(3),
    }
    pq.write_table(pa.table(columns), tmp_path / "t.parquet", store_schema=True)
    source = source_of(tmp_path / "t.parquet")
    found = table(source)
    assert dict(found.schema) == dict(source.schema.dtypes)
    assert found["small64"].to_list() == [1, None, 2**63 - 1]
    assert found["big64"].to_list() == [1, None, Decimal(2**64 - 1)]
    assert found["half"].to_list() == [0.5, None, -2.0]
    assert found["money"].to_list() == [Decimal("1.25"), None, Decimal("-3.50")]
    assert found["day"].to_list() == [date(2024, 2, 29), None, date(1, 1, 1)]
    assert found["zoned"][0] == moment
    assert found["local"][0] == moment.replace(microsecond=123000)
    assert source.schema["zoned"].zone == "UTC"
    assert found["fine"].cast(pl.Int64).to_list() == [-1, None, 1]
    assert found["clock"].to_list() == [1_000_000, None, 86_399_000_000]
    assert found["level"].to_list() == ["x", None, "y"]
    assert found["bytes"].to_list() == ["café", None, ""]
    assert found["nothing"].null_count() == 3
    assert set(codes(source)) == {"W0417", "W0419", "W0421", "W0422", "W0423"}
    assert source.parquet_paths() is None


def test_parquet_of_exactly_these_types_is_given_to_native_readers(tmp_path: Path) -> None:
    """A plain Parquet file is not copied through batches, and a changed reading is never passed over."""
    frame = pl.DataFrame({"a": [1, None], "b": [0.5, 2.0], "c": ["x", "y"], "d": [date(2024, 1, 1), None]})
    frame.write_parquet(tmp_path / "t.parquet")
    path = tmp_path / "t.parquet"
    assert source_of(path).parquet_paths() == (str(path),)
    assert source_of(path, missing=("x",)).parquet_paths() is None
    assert source_of(path, drop=("a",)).parquet_paths() is None
    assert table(source_of(path, missing=("x",)))["c"].to_list() == [None, "y"]


def test_parquet_texts_with_a_declared_kind_reject_rows(tmp_path: Path) -> None:
    """Numbers that a Parquet file holds as text are read like those of a CSV file."""
    frame = pl.DataFrame({"v": ["1.234,5", "bad", "2,5", None], "n": [1, 2, 3, 4]})
    frame.write_parquet(tmp_path / "t.parquet")
    source = source_of(tmp_path / "t.parquet", types={"v": "float", "n": "text"})
    assert table(source).rows() == [(1234.5, "1"), (2.5, "3"), (None, "4")]
    assert [(item.line, item.column) for item in source.rejected] == [(2, "v")]
    with pytest.raises(CauceError) as caught:
        source_of(tmp_path / "t.parquet", types={"n": "date"})
    assert caught.value.code == "E0428"


def test_parquet_files_that_disagree_are_refused(tmp_path: Path) -> None:
    """A column that changes its kind between files is named, not converted."""
    pl.DataFrame({"a": [1], "b": [1]}).write_parquet(tmp_path / "1.parquet")
    pl.DataFrame({"b": [2], "a": [2]}).write_parquet(tmp_path / "2.parquet")
    assert table(source_of(tmp_path)).rows() == [(1, 1), (2, 2)]
    pl.DataFrame({"a": [1.5], "b": [1]}).write_parquet(tmp_path / "3.parquet")
    with pytest.raises(CauceError) as caught:
        source_of(tmp_path)
    assert (caught.value.code, caught.value.values["column"]) == ("E0425", "a")


def test_folder_names_with_values_are_said(tmp_path: Path) -> None:
    """Columns that live in folder names are not lost in silence."""
    (tmp_path / "year=2024").mkdir()
    (tmp_path / "year=2024" / "t.csv").write_bytes(PLAIN)
    assert codes(source_of(tmp_path)) == ["W0424"]
