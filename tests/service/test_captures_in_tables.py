"""What a service answered is in a table once, however often it is loaded."""

from __future__ import annotations

import asyncio
import json
import mmap
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import served_models as serving
import small_models as small

import cauce
from cauce.errors import CauceError
from cauce.service import capture_segments as segments
from cauce.service.capture import CaptureLog
from cauce.service.capture_sealing import seal
from cauce.service.counters import Counters
from cauce.service.layout import NAMES
from cauce.service.messages import Scored
from cauce.service.settings import CaptureSettings


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder of these commands."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def keep(folder: Path, *requests: list[dict[str, Any]], begin: int = 1, close: bool = True) -> CaptureLog:
    """A service in this process answers these requests, called r1, r2, …, and keeps them in a segment."""
    model = serving.served()
    folder.mkdir(exist_ok=True)
    log = CaptureLog(
        CaptureSettings(folder=str(folder)), Counters(mmap.mmap(-1, Counters.size(NAMES, 1)), NAMES)
    )

    async def run() -> None:
        for number, request in enumerate(requests, begin):
            rows = [model.reader.one(json.dumps(row).encode()) for row in request]
            about = {"request": f"r{number}", "door": "/predict", "identity": model.identity}
            made = Scored(
                **about, version="small/1", rows=rows, answers=model.answers(rows), manifest=model.manifest
            )
            await serving.keep(log, made)

    asyncio.run(run())
    if close:
        log.close()
    return log


def table(folder: Path, columns: str, rest: str = "") -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / "a.db")) as connection:
        return connection.execute(f'SELECT {columns} FROM "an ""odd"" table" {rest}').fetchall()


OUT = 'sqlite:///a.db#"an ""odd"" table"'


def test_every_request_is_there_once_with_what_answered_it(here: Path) -> None:
    """Otherwise nobody can tell which model said what, or rows are counted twice."""
    keep(here / "kept", [serving.fine()], [serving.fine(distance=1.5), serving.fine(hostile="ñ")])
    first = cauce.captures("kept", out=OUT)
    assert (first.files, first.rows, first.known, first.open) == (1, 3, 0, 0)
    keep(here / "kept", [serving.fine(stops=7)], begin=3)
    again = cauce.captures("kept", out=OUT)
    assert (again.files, again.rows, again.known) == (1, 1, 1)
    assert cauce.captures("kept", out=OUT).rows == 0
    columns = '"row", request, door, input, prediction, model_version, snapshot, scored_at'
    found = table(here, columns, 'ORDER BY request, "row"')
    assert [(one[1], one[0]) for one in found] == [("r1", 1), ("r2", 1), ("r2", 2), ("r3", 1)]
    model = serving.served()
    assert json.loads(found[2][3])[small.HOSTILE] == "ñ"
    rows = [serving.fine(), serving.fine(distance=1.5), serving.fine(hostile="ñ"), serving.fine(stops=7)]
    answers = model.answers([model.reader.one(json.dumps(row).encode()) for row in rows])
    assert [one[4] for one in found] == [one["prediction"] for one in answers]
    shares = [name for name in answers[0] if name.startswith("probability_")]
    quoted = ", ".join('"' + name.replace('"', '""') + '"' for name in shares)
    assert table(here, quoted, 'ORDER BY request, "row"') == [
        tuple(a[name] for name in shares) for a in answers
    ]
    assert {one[5:7] for one in found} == {("small/1", model.manifest.snapshot)}
    moment = datetime.fromisoformat(found[0][7])
    assert timedelta() <= datetime.now(UTC) - moment < timedelta(hours=1)


def test_rows_that_were_taken_away_are_loaded_again_and_open_segments_later(here: Path) -> None:
    """Otherwise a file whose rows are not all there counts as loaded, or half a segment is."""
    keep(here / "kept", [serving.fine()], [serving.fine(stops=2)])
    cauce.captures("kept", out=OUT)
    with closing(sqlite3.connect(here / "a.db", isolation_level=None)) as connection:
        connection.execute("""DELETE FROM "an ""odd"" table" WHERE request = 'r1'""")
    writing = keep(here / "kept", [serving.fine(stops=9)], begin=3, close=False)
    found = cauce.captures("kept", out=OUT)
    assert (found.rows, found.open) == (2, 1)
    assert table(here, "request", "ORDER BY request") == [("r1",), ("r2",)]
    writing.close()
    assert cauce.captures("kept", out=OUT).rows == 1


def test_a_sealed_file_that_was_changed_is_refused(here: Path) -> None:
    """Otherwise a table holds predictions that nobody made."""
    keep(here / "kept", [serving.fine()])
    (path,) = seal(here / "kept")
    path.chmod(0o600)
    other = keep(here / "other", [serving.fine(stops=9)])
    assert other is not None
    (changed,) = seal(here / "other")
    path.write_bytes(changed.read_bytes())
    with pytest.raises(CauceError) as caught:
        cauce.captures("kept", out=OUT)
    assert caught.value.code == "E2454"
    assert segments.sealed(here / "kept") == [path]


@pytest.mark.parametrize(
    ("out", "code"),
    [("answers.csv", "E2560"), ("mysqll://h/a#b", "E2528"), (None, "E2570"), ("sqlite:///a.db", "E2507")],
)
def test_where_they_go_has_to_be_said(here: Path, out: str | None, code: str) -> None:
    """Otherwise they land where nobody looks."""
    keep(here / "kept", [serving.fine()])
    with pytest.raises(CauceError) as caught:
        cauce.captures("kept", out=out)
    assert caught.value.code == code
