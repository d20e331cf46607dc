"""Real tables load whole, from CSV and from Parquet alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from cauce.sources import FileSource, ReadOptions, open_source


def opened(path: Path, **options: Any) -> FileSource:
    return open_source(ReadOptions(paths=(str(path),), **options))


def table(source: FileSource) -> pl.DataFrame:
    return pl.concat(list(source.batches()))


def test_diabetes_is_the_same_from_csv_and_parquet(shared_data: Path) -> None:
    """The 130-hospitals data has one identity, whichever file a user has."""
    folder = shared_data / "diabetes130"
    text, parquet = opened(folder / "diabetic_data.csv"), opened(folder / "diabetic_data.zstd.parquet")
    assert text.schema == parquet.schema
    assert_frame_equal(table(text), table(parquet))
    assert len(text.rejected) == 0


def test_diabetes_question_marks_are_suggested_and_none_stays_a_level(shared_data: Path) -> None:
    """`?` is never taken as missing in silence, and the category None is never lost."""
    path = shared_data / "diabetes130/diabetic_data.csv"
    source = opened(path)
    suggested = {dict(notice.values)["column"] for notice in source.notices if notice.code == "W0429"}
    assert {"weight", "payer_code", "medical_specialty"} <= suggested
    assert "max_glu_serum" not in suggested
    found = table(opened(path, missing=("?",)))
    assert found["weight"].null_count() == 98_569
    assert found["medical_specialty"].null_count() == 49_949
    assert found["payer_code"].null_count() == 40_256
    assert (found["max_glu_serum"] == "None").sum() > 90_000


def test_the_same_bytes_have_the_same_fingerprint(shared_data: Path, tmp_path: Path) -> None:
    """A copied file is known to be the same input; a changed byte is not."""
    data = (shared_data / "penguins/penguins.csv").read_bytes()
    for folder, content in (("a", data), ("b", data), ("c", data + b"\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "penguins.csv").write_bytes(content)
    first, second, third = (opened(tmp_path / name).fingerprint() for name in "abc")
    assert first == second != third


@pytest.mark.parametrize(
    ("name", "rows", "columns"),
    [
        ("secop2/contratos_100k.csv", 100_000, 8),
        ("secop2/contratos_100k.parquet", 100_000, 8),
        ("secop2/contratos_obra_nacional_2019_2025.csv", 13_549, 28),
        ("secop2/contratos_obra_nacional_2019_2025.parquet", 13_549, 28),
        ("secop2/procesos_p6dx-8zbt.parquet", 5_598, 54),
        ("penguins/penguins.csv", 344, 8),
        ("wine_quality_white/winequality-white.csv", 4_898, 12),
    ],
)
def test_rows_and_columns(shared_data: Path, name: str, rows: int, columns: int) -> None:
    """No row of a real table is lost or invented."""
    source = opened(shared_data / name)
    assert sum(batch.height for batch in source.batches()) == rows
    assert len(source.schema) == columns
    assert len(source.rejected) == 0


def test_contracts_as_text_equal_their_parquet(shared_data: Path) -> None:
    """Declared as text, a column keeps exactly its characters: newlines, quotes and blanks."""
    folder = shared_data / "secop2"
    parquet = table(opened(folder / "contratos_100k.parquet"))
    text = table(opened(folder / "contratos_100k.csv", types=dict.fromkeys(parquet.columns, "text")))
    assert_frame_equal(text.fill_null(""), parquet.fill_null(""))


def test_penguins_measure_up(shared_data: Path) -> None:
    """NA in a numeric column is suggested, and declared it leaves numbers with the 19 known nulls."""
    path = shared_data / "penguins/penguins.csv"
    found = table(opened(path, missing=("NA",)))
    assert sum(found[name].null_count() for name in found.columns) == 19
    assert found["body_mass_g"].dtype in (pl.Int64, pl.Float64)
