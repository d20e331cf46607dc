"""Every hand-made dirty file loads as expected, or is refused with code, place and hint."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cauce.errors import CauceError
from cauce.sources import FileSource, ReadOptions, open_source


def opened(path: Path, **options: Any) -> FileSource:
    return open_source(ReadOptions(paths=(str(path),), **options))


def table(source: FileSource) -> pl.DataFrame:
    empty = pl.DataFrame(schema=source.schema.dtypes)
    return pl.concat([empty, *source.batches()])


@dataclass(frozen=True)
class Loads:
    """rows × columns, kinds of some columns, cells by (row, column), notice codes, rejected lines."""

    rows: int
    columns: int
    kinds: dict[str, str] = field(default_factory=dict)
    cells: dict[tuple[int, str], object] = field(default_factory=dict)
    says: tuple[str, ...] = ()
    rejected: tuple[int, ...] = ()


@dataclass(frozen=True)
class Refused:
    code: str
    line: int | None = None


_CONTRACTS = {"nombre_entidad": "text", "fecha_de_firma": "date", "valor_del_contrato": "integer"}
_FIRST = {
    (0, "sector"): "Transporte",
    (0, "modalidad_de_contratacion"): "Licitación pública Obra Publica",
    (0, "valor_del_contrato"): 3233890570,
}
_RAGGED = tuple(range(18, 302, 17))

EXPECTED: dict[str, Loads | Refused] = {
    "latin1.csv": Loads(500, 7, _CONTRACTS, _FIRST, ("W0401",)),
    "cp1252_punctuation.csv": Loads(50, 2, {}, {(0, "objeto"): "Construcción – fase “0” €000"}, ("W0401",)),
    "utf8_bom.csv": Loads(500, 7, _CONTRACTS, _FIRST),
    "utf16le_bom.csv": Loads(500, 7, _CONTRACTS, _FIRST, ("W0401",)),
    "mixed_utf8_latin1.csv": Refused("E0408", 178),
    "semicolon_decimal_comma.csv": Loads(
        500,
        7,
        {"fecha_de_firma": "date", "valor_del_contrato": "float"},
        {(0, "valor_del_contrato"): 3233890570.5, (0, "fecha_de_firma"): "2019-10-02"},
        ("W0402", "W0412", "W0414"),
    ),
    "portal_export_style.csv": Loads(
        500,
        7,
        {"Fecha de Firma": "date", "Valor del Contrato": "integer"},
        {(0, "Valor del Contrato"): 3233890570, (0, "Fecha de Firma"): "2019-10-02"},
        ("W0412", "W0414"),
    ),
    "empty.csv": Refused("E0405"),
    "only_newlines.csv": Refused("E0405"),
    "header_only.csv": Refused("E0406"),
    "one_row.csv": Loads(1, 3, {"a": "integer", "target": "text"}, {(0, "target"): "yes"}, ("W0428",)),
    "no_header_numeric.csv": Loads(
        100, 3, {"column_1": "integer"}, {(0, "column_1"): 0, (99, "column_2"): 198}, ("W0403",)
    ),
    "duplicate_headers.csv": Loads(
        60, 4, {"value": "integer", "value_2": "integer"}, {(1, "value_2"): 3}, ("W0405",)
    ),
    "blank_header_name.csv": Loads(60, 3, {"column_2": "integer"}, {(1, "column_2"): 1}, ("W0406",)),
    "case_dup_headers.csv": Loads(
        60, 4, {"ID": "integer", "id": "integer", "Id ": "integer"}, {}, ("W0407",)
    ),
    "reserved_and_hostile_headers.csv": Loads(
        60, 8, {"select": "integer", "<script>alert(1)</script>": "integer", "=cmd|'/c calc'!A1": "integer"}
    ),
    "formula_cells.csv": Loads(60, 3, {"txt": "text"}, {(0, "txt"): "=1+0"}),
    "ragged.csv": Loads(299 - 17, 4, {"c": "integer"}, {}, (), _RAGGED),
    "quoted_newlines_crlf.csv": Loads(200, 3, {"txt": "text"}, {(0, "txt"): 'line one\r\nline "two", 0'}),
    "mixed_line_endings.csv": Loads(200, 3, {"b": "integer"}, {(199, "a"): 199}),
    "cr_only.csv": Loads(200, 3, {"b": "integer"}, {(199, "a"): 199}),
    "unterminated_quote.csv": Refused("E0410", 52),
    "nul_bytes.csv": Refused("E0409", 2),
    "huge_ints.csv": Loads(
        100,
        3,
        {"big": "text"},
        {(1, "big"): "10000000000000000001", (99, "big"): "10000000000000000099"},
        ("W0409",),
    ),
    "leading_zeros_ids.csv": Loads(
        100, 3, {"nit": "text", "zip": "text"}, {(1, "nit"): "000000001"}, ("W0408", "W0408")
    ),
    "na_variants.csv": Loads(204, 3, {"b": "text"}, {(0, "b"): "?"}, ("W0410",)),
    "inf_and_exp.csv": Loads(180, 3, {"b": "text"}, {(0, "b"): "inf", (6, "b"): "0x1F"}, ("W0413",)),
    "constant_and_all_null.csv": Loads(
        200, 4, {"const": "integer", "allnull": "text"}, {(0, "allnull"): None}, ("W0417",)
    ),
    "target_missing_values.csv": Loads(
        200, 2, {"target": "integer"}, {(0, "target"): None, (1, "target"): 1}
    ),
    "single_class_target.csv": Loads(200, 2, {"target": "integer"}),
    "class_with_one_member.csv": Loads(200, 2, {"target": "text"}, {(3, "target"): "rare"}),
    "high_cardinality_text.csv": Loads(5000, 3, {"txt": "text"}),
    "wide_5000_columns.csv": Loads(60, 5001, {"c0": "integer"}),
    "long_line_1MB_cell.csv": Loads(101, 3, {"txt": "text"}, {(0, "txt"): "x" * 1_000_000}),
    "booleans_mixed.csv": Loads(
        100,
        4,
        {"b1": "boolean", "b2": "text", "b3": "text"},
        {(0, "b1"): True, (1, "b1"): False, (0, "b3"): "Sí"},
        ("W0428", "W0428"),
    ),
    "dates_mixed.csv": Loads(180, 2, {"d": "text"}, {(8, "d"): "2024-02-30"}, ("W0413",)),
    "not_a_csv.csv": Refused("E0420"),
    "gzip_named_csv.csv": Loads(500, 7, _CONTRACTS, _FIRST),
}


def test_every_file_of_the_collection_has_an_expectation(shared_data: Path) -> None:
    """A file added to the collection and never loaded by a test is noticed."""
    text = (shared_data / "dirty_csv/handmade/EXPECTATIONS.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    assert {row["file"] for row in rows} == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_dirty_file(shared_data: Path, name: str) -> None:
    """A dirty file gives exactly its rows, kinds and values, or one coded refusal."""
    path, expected = shared_data / "dirty_csv/handmade" / name, EXPECTED[name]
    if isinstance(expected, Refused):
        with pytest.raises(CauceError) as caught:
            opened(path)
        assert caught.value.code == expected.code
        assert caught.value.place is not None
        assert caught.value.place.file == name
        assert caught.value.place.line == expected.line
        assert caught.value.hint
        return
    source = opened(path)
    found = table(source)
    assert found.shape == (expected.rows, expected.columns)
    assert dict(found.schema) == dict(source.schema.dtypes)
    assert {column: source.schema[column].kind for column in expected.kinds} == expected.kinds
    for (row, column), value in expected.cells.items():
        cell = found[row, column]
        assert (str(cell) if isinstance(value, str) else cell) == value
    assert tuple(notice.code for notice in source.notices) == expected.says
    assert tuple(rejection.line for rejection in source.rejected) == expected.rejected
    assert all(notice.message and notice.hint for notice in source.notices)


@pytest.mark.parametrize(
    "name",
    [
        "comma_in_quotes", "empty", "empty_crlf", "escaped_quotes", "json", "newlines", "newlines_crlf",
        "quotes_and_newlines", "simple", "simple_crlf", "utf8",
    ],
)  # fmt: skip
def test_csv_spectrum(shared_data: Path, name: str) -> None:
    """Quotes, newlines and letters come out as the collection's JSON says, cell by cell."""
    folder = shared_data / "dirty_csv/csv_spectrum"
    expected = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    texts = dict.fromkeys(expected[0], "text")
    assert table(opened(folder / f"{name}.csv", types=texts)).to_dicts() == expected


def test_csv_spectrum_quotes_inside_bare_cells(shared_data: Path) -> None:
    """Coordinates such as 37°36'37.8"N keep their quotes (the collection's JSON has another phone number)."""
    folder = shared_data / "dirty_csv/csv_spectrum"
    expected = json.loads((folder / "location_coordinates.json").read_text(encoding="utf-8"))
    found = table(opened(folder / "location_coordinates.csv")).to_dicts()
    assert [{**found[0], "Contact Phone Number": "1234567890"}] == [expected]


def test_ragged_rows_keep_line_reason_and_text(shared_data: Path) -> None:
    """A rejected row can be found and corrected in the file, and no reason shows its data."""
    source = opened(shared_data / "dirty_csv/handmade/ragged.csv")
    assert sum(batch.height for batch in source.batches()) + len(source.rejected) == 299
    first, second = list(source.rejected)[:2]
    assert (first.line, first.text, first.column) == (18, "17,17", None)
    assert (second.line, second.text) == (35, "34,34,34,0,extra")
    assert "17,17" not in first.reason
    assert "2" in first.reason
    assert "4" in first.reason
