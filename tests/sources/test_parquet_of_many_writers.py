"""Parquet files of many writers: rows and columns as their collection says, or refused with a code."""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from cauce.errors import CauceError, CauceErrors
from cauce.sources import ReadOptions, open_source

NESTED = {
    "datapage_v2.snappy": ["e"],
    "large_string_map.brotli": ["arr"],
    "list_columns": ["int64_list", "utf8_list"],
    "map_no_value": ["my_map", "my_map_no_v", "my_list"],
    "nested_lists.snappy": ["a"],
    "nested_maps.snappy": ["a"],
    "nested_structs.rust": None,
    "nonnullable.impala": ["Int_Array", "int_array_array", "Int_Map", "int_map_array", "nested_Struct"],
    "null_list": ["emptylist"],
    "nullable.impala": ["int_array", "int_array_Array", "int_map", "int_Map_Array", "nested_struct"],
    "nulls.snappy": ["b_struct"],
    "old_list_structure": ["a"],
    "repeated_no_annotation": ["phoneNumbers"],
    "repeated_primitive_no_list": ["Int32_list", "String_list", "group_of_lists"],
    "spark_ml_vector_struct": None,
}
REFUSED = {
    "binary_truncated_min_max": "E0423",
    "datapage_v1-corrupt-checksum": "E0420",
    "fixed_length_byte_array": "E0423",
    "incorrect_map_schema": "E0420",
    "rle-dict-uncompressed-corrupt-checksum": "E0420",
}
ENCRYPTED = ".parquet.encrypted"


def _collection(shared_data: Path) -> list[dict[str, str]]:
    path = shared_data / "parquet_other_writers/EXPECTATIONS.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_file_loads_as_listed_or_is_refused(shared_data: Path) -> None:
    """A file that another writer made gives all its rows and columns, or says why not."""
    folder, seen = shared_data / "parquet_other_writers", 0
    for row in _collection(shared_data):
        path = folder / row["file"]
        if not path.exists():
            continue
        seen += 1
        name = path.name.removesuffix(".parquet")
        options = ReadOptions(paths=(str(path),))
        if path.name.endswith(ENCRYPTED) or name in REFUSED or name in NESTED:
            with pytest.raises(CauceError) as caught:
                sum(batch.height for batch in open_source(options).batches())
            expected = "E0422" if name in NESTED else REFUSED.get(name, "E0421")
            assert caught.value.code == expected, name
            assert caught.value.place is not None
            continue
        _, rows, columns = row["pyarrow 26.0.1"].split()
        source = open_source(options)
        found = pl.concat([pl.DataFrame(schema=source.schema.dtypes), *source.batches()])
        assert found.shape == (int(rows), int(columns)), name
    assert seen >= 60


@pytest.mark.parametrize("name", [name for name, columns in NESTED.items() if columns])
def test_nested_columns_are_named_and_the_rest_loads_without_them(shared_data: Path, name: str) -> None:
    """Nested columns are all named at once, and dropping them leaves a table that loads."""
    path = shared_data / "parquet_other_writers/data" / f"{name}.parquet"
    with pytest.raises(CauceError) as caught:
        open_source(ReadOptions(paths=(str(path),)))
    errors = caught.value.errors if isinstance(caught.value, CauceErrors) else (caught.value,)
    assert [error.values["column"] for error in errors] == NESTED[name]
    rest = set(pl.read_parquet_schema(path)) - set(NESTED[name] or ()) if name != "map_no_value" else set()
    if rest:
        source = open_source(ReadOptions(paths=(str(path),), drop=tuple(NESTED[name] or ())))
        assert set(source.schema.names) == rest
        assert sum(batch.height for batch in source.batches()) > 0


def test_values_of_spark_impala_and_others(shared_data: Path) -> None:
    """Old encodings give the values their writers meant."""
    folder = shared_data / "parquet_other_writers/data"

    def read(name: str) -> pl.DataFrame:
        source = open_source(ReadOptions(paths=(str(folder / name),)))
        return pl.concat(list(source.batches()))

    plain = read("alltypes_plain.parquet")
    assert plain["string_col"].to_list() == ["0", "1"] * 4
    assert plain["date_string_col"][0] == "03/01/09"
    assert plain["double_col"].to_list() == [0.0, 10.1] * 4
    decimals = read("byte_array_decimal.parquet")
    assert decimals.to_series().dtype == pl.Decimal(38, 2)
    assert [float(value) for value in decimals.to_series()[:3]] == [1.0, 2.0, 3.0]
    # The collection's page says what Spark wrote; dates beyond nanoseconds are right too.
    moments = read("int96_from_spark.parquet").to_series().cast(pl.String).to_list()
    assert moments[0] == "2024-01-01 20:34:56.123456"
    assert moments[1] == "2024-01-01 01:00:00.000000"
    assert moments[2] == "9999-12-31 03:00:00.000000"
    assert moments[3] == "2024-12-30 23:00:00.000000"
    assert moments[4] is None
    assert read("float16_nonzeros_and_nans.parquet").to_series().to_list()[1:3] == [1.0, -2.0]


@pytest.mark.parametrize("name", ["delta_binary_packed", "delta_byte_array"])
def test_values_equal_the_collections_own_csv(shared_data: Path, name: str) -> None:
    """Delta encodings decode to the values listed beside the files."""
    folder = shared_data / "parquet_other_writers/data"
    source = open_source(ReadOptions(paths=(str(folder / f"{name}.parquet"),)))
    found = pl.concat(list(source.batches()))
    kinds = {field.name: field.kind for field in source.schema}
    listed = open_source(ReadOptions(paths=(str(folder / f"{name}_expect.csv"),), types=kinds))
    expected = pl.concat(list(listed.batches()))
    assert len(listed.rejected) == 0
    texts = [column for column in found.columns if kinds[column] == "text"]
    assert_frame_equal(
        found.with_columns(pl.col(texts).fill_null("")), expected.with_columns(pl.col(texts).fill_null(""))
    )
