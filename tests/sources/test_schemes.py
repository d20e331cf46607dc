"""Sources that look like addresses and are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from cauce.engines.local.engine import LocalEngine
from cauce.errors import CauceError
from cauce.running.held_rows import open_held
from cauce.sources.files import find_files
from cauce.sources.options import ReadOptions
from cauce.spec import Data


@pytest.mark.parametrize(
    ("source", "near"),
    [
        ("postgress://db/shop#t", "postgres"),
        ("postgresq://db/shop#t", "postgresql"),
        ("mysqll://db/shop#t", "mysql"),
        ("Mysq://db/shop#t", "mysql"),
        ("sqllite:///a.db#t", "sqlite"),
        ("htps://example.org/a.csv", "https"),
        ("sokrata://example.org/aaaa-bbbb", "socrata"),
        ("pgsql://db/shop#t", "postgresql"),
        ("mssql://db/shop#t", "mssql+pyodbc"),
    ],
)
def test_a_slip_in_the_kind_of_an_address_is_told(source: str, near: str) -> None:
    """Who writes postgress:// would be told to install Spark."""
    with pytest.raises(CauceError) as refused:
        find_files((source,))
    assert (refused.value.code, refused.value.values["near"]) == ("E2528", near)


@pytest.mark.parametrize(
    "source", ["hdfs://n/a.parquet", "s3a://b/a", "gs://b/a", "abfss://c@a/b", "foo://b"]
)
def test_what_spark_may_reach_is_left_to_spark(source: str) -> None:
    """Files of a cluster would be taken for a slip."""
    with pytest.raises(CauceError, match="E0743"):
        find_files((source,))


@pytest.mark.parametrize(
    "source",
    [
        "postgress://ana:hunter2@db/shop#t",
        "redshift://ana:hunter2@db/shop#t",
        "s3a://key:hunter2@bucket/a.parquet",
        "hdfs://n/a?password=hunter2",
        "jdbc:mysql://db/shop?user=ana&password=hunter2",
        "jdbc:mysql://ana:hunter2@db/shop",
    ],
)
def test_a_password_in_an_address_that_nobody_knows_is_not_repeated(source: str) -> None:
    """It would stand in the log of a scheduled job."""
    refusals = []
    with pytest.raises(CauceError) as refused:
        find_files((source,))
    refusals.append(refused.value)
    if not source.startswith("jdbc:"):
        options = ReadOptions(paths=(source,))
        with pytest.raises(CauceError) as refused:
            open_held(LocalEngine(), None, data=Data(source=(source,)), options=options)
        refusals.append(refused.value)
    assert not any("hunter2" in f"{one} {one.values}" for one in refusals)


def test_a_file_with_an_odd_name_is_a_file(tmp_path: Path) -> None:
    """A folder whose name ends in a colon is allowed on most systems."""
    (tmp_path / "a:").mkdir()
    (tmp_path / "a:" / "b.csv").write_text("a\n1\n")
    assert [file.path.name for file in find_files((f"{tmp_path}/a://b.csv",))] == ["b.csv"]
