"""Commands that are given an address in place of a file: its rows are brought, and all is as for a file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
from brought_files import file_server

import cauce


@pytest.fixture
def database(tmp_path: Path) -> str:
    """A table of a database, of numbers and a class."""
    file = tmp_path / "shop.db"
    with sqlite3.connect(file) as connection:
        connection.execute("create table orders (id integer, amount real, late text)")
        rows = [(n, n * 37 % 101 + 0.5, "yes" if (n * 7 + n // 9) % 10 < 4 else "no") for n in range(300)]
        connection.executemany("insert into orders values (?, ?, ?)", rows)
    connection.close()
    return f"sqlite:///{file}#orders"


def test_init_looks_at_what_an_address_gives_and_the_run_does_not_fetch_it_again(
    penguins: Path, tmp_path: Path
) -> None:
    seen: list[str] = []
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir(), there.mkdir()
    with file_server(penguins.parent, seen) as url:
        address = f"{url}/penguins.csv#private=allow"
        remote = cauce.init(address, project=there, target="species", yes=True)
        local = cauce.init(str(penguins), project=here, target="species", yes=True)
        assert remote.project.data.source == (address,)
        assert {n: g.value for n, g in remote.guesses.items()} == {
            n: g.value for n, g in local.guesses.items()
        }
        cauce.plan(there)
    assert seen == ["200", "304"], "the plan asks whether it changed, and fetches nothing"


def test_a_project_is_called_as_the_table_or_the_file_behind_the_address(
    database: str, penguins: Path, tmp_path: Path
) -> None:
    (tmp_path / "a").mkdir()
    made = cauce.init(database, project=tmp_path / "a", target="late", positive="yes", yes=True)
    assert made.project.name == "orders"
    assert made.project.data.key == ("id",)
    with file_server(penguins.parent, []) as url:
        address = f"{url}/penguins.csv?version=2#private=allow"
        made = cauce.init(address, project=tmp_path / "b.toml", target="species", yes=True)
    assert made.project.name == "penguins"


def test_the_profile_of_an_address_is_the_files_and_leaves_nothing(
    penguins: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    with file_server(penguins.parent, []) as url:
        address = f"{url}/penguins.csv#private=allow"
        remote = cauce.profile(address)
    assert remote.profile.to_json() == cauce.profile(penguins).profile.to_json()
    assert remote.source == (address,)
    assert list(empty.iterdir()) == []


def test_try_takes_an_address_to_a_model_and_fetches_it_once(penguins: Path, tmp_path: Path) -> None:
    """The leak gate has it run again without a column: a table of millions would be fetched each time."""
    seen: list[str] = []
    with file_server(penguins.parent, seen) as url:
        address = f"{url}/penguins.csv#private=allow"
        made = cauce.try_(address, project=tmp_path / "p.toml", target="species", save=True)
    assert seen == ["200"]
    assert made.saved is not None
    assert made.project.data.source == (address,)


def test_rows_behind_an_address_are_scored_as_those_of_a_file(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    monkeypatch.chdir(folder)
    cauce.init(database, project=folder, target="late", positive="yes", yes=True)
    cauce.run(folder)
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
        frame = pl.read_database("select * from orders", connection)
    frame.write_parquet(tmp_path / "rows.parquet")
    there = cauce.predict(database, out=tmp_path / "there.parquet", project=folder)
    here = cauce.predict(tmp_path / "rows.parquet", out=tmp_path / "here.parquet", project=folder)
    assert there.rows == here.rows == 300
    drop = ["scored_at"]
    expected = pl.read_parquet(tmp_path / "here.parquet").drop(drop)
    assert pl.read_parquet(tmp_path / "there.parquet").drop(drop).equals(expected)
    for _ in range(2):
        cauce.predict(database, out=f"sqlite:///{tmp_path / 'out.db'}#scores", project=folder)
    with closing(sqlite3.connect(tmp_path / "out.db")) as connection:
        assert connection.execute("select count(*) from scores").fetchone() == (300,), "every row once"


def test_a_project_with_rows_elsewhere_judges_other_rows_without_fetching_its_own(
    penguins: Path, tmp_path: Path
) -> None:
    folder, seen = tmp_path / "p", []
    folder.mkdir()
    with file_server(penguins.parent, seen) as url:
        text = (
            f'name = "p"\n[data]\nsource = "{url}/penguins.csv#private=allow"\n[target]\ncolumn = "species"\n'
        )
        (folder / "cauce.toml").write_text(text + "[validate.columns.species]\nnulls = 0.0\n")
        assert cauce.profile(penguins, project=folder).profile.rows == 344
        assert cauce.validate(penguins, project=folder).holds
    assert seen == []
