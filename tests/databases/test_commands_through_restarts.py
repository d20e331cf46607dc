"""Commands whose database is restarted under them end as if it had not been: every row, once, as it is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from brought_rows import brought_from

import cauce
from cauce.testing.databases import PASSWORD, Server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400)]
ROWS = 250_000
TIMES = 10
_LONG = 240.0
_PAUSES = (0.0, 0.05, 0.1)
"""Seconds between the first sight of rows on their way and the restart."""
_UNDER_WAY = {
    "mariadb": "SELECT COUNT(*) FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND info LIKE"
    " '{statement}%' AND info NOT LIKE '%LIMIT 0' AND info NOT LIKE '%information_schema%'"
    " AND info NOT LIKE 'SELECT @%'",
    "postgresql": "SELECT COUNT(*) FROM pg_stat_progress_copy WHERE command = '{command}'",
}
_READING = {"statement": "SELECT", "command": "COPY TO"}
_WRITING = {"statement": "LOAD DATA", "command": "COPY FROM"}
_KEPT = ("id", "prediction", "probability_no", "probability_yes", "model_version", "snapshot")


@dataclass(frozen=True)
class Project:
    """A project on a table of the server, with its model, that no restart has troubled."""

    folder: Path
    server: Server
    text: str
    told: dict[str, Any]

    def command(self, *arguments: str, folder: Path | None = None) -> subprocess.Popen[str]:
        """A command of the project, under way."""
        return subprocess.Popen(
            [sys.executable, "-m", "cauce", *arguments, "--json"],
            cwd=folder or self.folder,
            env={**os.environ, "CAUCE_TEST_PASSWORD": PASSWORD},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture
def project(server: Server, tmp_path: Path) -> Project:
    source = (
        f"seq_0_to_{ROWS - 1}" if server.kind == "mariadb" else f"generate_series(0, {ROWS - 1}) AS t(seq)"
    )
    late = "CASE WHEN MOD(seq * 7 + seq / 9, 10) < 4 THEN 'yes' ELSE 'no' END"
    text = "CONCAT(MD5(CAST(seq AS char(9))), REPEAT('x', 40))"
    server.run(
        "DROP TABLE IF EXISTS visits",
        "CREATE TABLE visits (id int PRIMARY KEY, hour int, late varchar(3), note varchar(90))",
        f"INSERT INTO visits SELECT seq, MOD(seq, 24), {late}, {text} FROM {source}",
    )
    settings = (
        f'name = "visits"\n[data]\nsource = "{server.address("visits")}"\nkey = "id"\n'
        '[target]\ncolumn = "late"\n[features]\ninclude = ["hour"]\n[[models]]\nlearner = "logistic"\n'
        "[tracking]\nenabled = false\n"
    )
    (tmp_path / "cauce.toml").write_text(settings)
    done = cauce.run(tmp_path)
    told = {"rows": done.rows, "snapshot": done.snapshot, "bundle": done.bundle}
    assert told["rows"] == ROWS
    return Project(tmp_path, server, settings, told)


def struck(
    project: Project, child: subprocess.Popen[str], seen: dict[str, str], *, how: int, pause: float
) -> Any:
    """What the command said in the end, whose server was restarted once while such rows were on their way."""
    server, end = project.server, time.monotonic() + _LONG
    with server.connection() as connection, connection.cursor() as cursor:
        while child.poll() is None and time.monotonic() < end:
            cursor.execute(_UNDER_WAY[server.kind].format(**seen))
            if cursor.fetchone()[0]:
                break
            time.sleep(0.002)
    time.sleep(pause)
    server.restart(how)
    out, said = child.communicate(timeout=_LONG)
    assert child.returncode == 0, said[-2000:]
    assert said.count("W2521") == 1, f"it was struck once while rows were on their way: {said[-2000:]}"
    return json.loads(out)


def through_restarts(one: Callable[[int, float], None]) -> None:
    """Do one thing so many times, the server restarted at one moment or another of it."""
    for turn in range(TIMES):
        one(turn, _PAUSES[turn % len(_PAUSES)])


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_whose_database_restarts_while_rows_are_brought_makes_the_same_model(
    project: Project, how: int, record_property: Callable[[str, object], None]
) -> None:
    """Otherwise a server under maintenance makes another snapshot of the same table, and another model."""

    def one(turn: int, pause: float) -> None:
        folder = project.folder / f"again{turn}"
        folder.mkdir()
        (folder / "cauce.toml").write_text(project.text)
        child = project.command("run", folder=folder)
        told = struck(project, child, _READING, how=how, pause=pause)
        assert {name: told[name] for name in project.told} == project.told

    through_restarts(one)
    record_property(f"restarts of {project.server.kind} while a command reads it, all exact", TIMES)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_predictions_whose_database_restarts_while_they_go_in_are_all_there_once(
    project: Project, how: int, record_property: Callable[[str, object], None]
) -> None:
    """Otherwise a table has half of a night's predictions, or some of them twice."""
    new = project.folder / "new.parquet"
    pl.DataFrame({"id": range(ROWS), "hour": [number * 5 % 24 for number in range(ROWS)]}).write_parquet(new)
    file = cauce.predict(new, out=project.folder / "scored.parquet", project=project.folder).path
    wanted = pl.read_parquet(file).select(_KEPT).sort("id")
    out = project.server.address("predictions")
    project.server.run("DROP TABLE IF EXISTS predictions")

    def one(turn: int, pause: float) -> None:
        # What is there already is replaced in the same transaction; where it is not, the table is made first.
        if turn % 2 == 0:
            project.server.run("DROP TABLE IF EXISTS predictions")
        child = project.command("predict", str(new), "--out", out)
        assert struck(project, child, _WRITING, how=how, pause=pause)["rows"] == ROWS
        counted = project.server.run("SELECT COUNT(*), COUNT(DISTINCT id), SUM(id) FROM predictions")
        assert [tuple(map(int, row)) for row in counted] == [(ROWS, ROWS, ROWS * (ROWS - 1) // 2)]
        _, found = brought_from(out, project.folder)
        assert found.select(_KEPT).sort("id").equals(wanted)

    through_restarts(one)
    record_property(f"restarts of {project.server.kind} while predictions go in, all exact", TIMES)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_rows_scored_from_a_table_into_a_table_survive_a_restart_of_each_part(
    project: Project, how: int
) -> None:
    """Otherwise only files can be scored while a server is under maintenance."""
    project.server.run("DROP TABLE IF EXISTS predictions")
    out = project.server.address("predictions")
    child = project.command("predict", project.server.address("visits"), "--out", out)
    assert struck(project, child, _READING, how=how, pause=0.0)["rows"] == ROWS
    child = project.command("predict", project.server.address("visits"), "--out", out)
    assert struck(project, child, _WRITING, how=how, pause=0.0)["rows"] == ROWS
    counted = project.server.run("SELECT COUNT(*), COUNT(DISTINCT id), SUM(id) FROM predictions")
    assert [tuple(map(int, row)) for row in counted] == [(ROWS, ROWS, ROWS * (ROWS - 1) // 2)]
