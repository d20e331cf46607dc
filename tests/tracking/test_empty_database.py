"""The empty database that is kept for the next project, made by MLflow itself and by nobody else."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import pytest

from cauce.tracking.database import make_database
from cauce.tracking.destination import Destination, destination_for
from cauce.tracking.empty_database import copy_empty, keep_empty

pytestmark = [pytest.mark.mlflow, pytest.mark.usefixtures("quiet")]


@pytest.fixture
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder of caches, empty."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    return tmp_path / "caches" / "cauce"


def made(folder: Path) -> Destination:
    """A new project's database, with its tables."""
    folder.mkdir()
    found = destination_for(None, folder, home=folder, environment={})
    make_database(found)
    return found


def tables(file: Path) -> list[tuple[str, str, str]]:
    """Everything that a database is made of but its rows."""
    with closing(sqlite3.connect(file)) as opened:
        return sorted(opened.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_master"))


def experiments(file: Path) -> list[tuple[int, str]]:
    """Number and name of each experiment."""
    with closing(sqlite3.connect(file)) as opened:
        return list(opened.execute("SELECT experiment_id, name FROM experiments"))


def test_the_next_project_gets_the_database_that_mlflow_would_make(
    caches: Path, database: Path, tmp_path: Path
) -> None:
    """A database with other tables is refused by MLflow, with all the runs in it."""
    keep_empty(database)
    first, second = (made(tmp_path / name).file for name in ("first", "second"))
    assert first is not None
    assert second is not None
    assert tables(first) == tables(second) == tables(database)
    assert experiments(first) == experiments(second) == experiments(database) == [(0, "Default")]
    (kept,) = caches.iterdir()
    assert experiments(kept) == []


def test_a_kept_database_that_is_damaged_costs_no_run(caches: Path, tmp_path: Path) -> None:
    """A disk that was full once must not end the tracking of every project to come."""
    caches.mkdir(parents=True, mode=0o700)
    kept = caches / f"mlflow-{version('mlflow')}.db"
    kept.write_bytes(b"SQLite format 3\0" + b"\1" * 5000)
    kept.chmod(0o600)
    file = made(tmp_path / "project").file
    assert file is not None
    assert experiments(file) == [(0, "Default")]
    assert tables(kept) == tables(file)
    assert [one.name for one in file.parent.iterdir()] == ["mlflow.db"]


def test_a_database_that_others_may_have_written_is_not_taken(
    caches: Path, database: Path, tmp_path: Path
) -> None:
    """Another user of the machine could put a trigger into every project's database."""
    keep_empty(database)
    (kept,) = caches.iterdir()
    assert copy_empty(tmp_path / "own.db")
    kept.chmod(0o666)
    assert not copy_empty(tmp_path / "theirs.db")


def test_a_database_with_runs_is_not_kept(caches: Path, database: Path, tmp_path: Path) -> None:
    """Somebody's runs would appear in every project to come."""
    used = tmp_path / "used.db"
    used.write_bytes(database.read_bytes())
    with closing(sqlite3.connect(used)) as opened:
        opened.execute("INSERT INTO registered_models (name, workspace) VALUES ('theirs', 'default')")
        opened.commit()
    keep_empty(used)
    assert list(caches.iterdir()) == []
