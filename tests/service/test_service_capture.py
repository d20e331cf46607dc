"""What is answered is kept: whole, where it was asked for, and never at the price of the service."""

from __future__ import annotations

import asyncio
import json
import math
import mmap
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import served_models as serving
import small_models as small

from cauce.errors import CauceError
from cauce.running.capturing import check_left_out
from cauce.running.serving import prepare
from cauce.service import capture
from cauce.service import capture_segments as files
from cauce.service.capture import CaptureLog, _Handed
from cauce.service.capture_care import CaptureCare
from cauce.service.capture_reading import CaptureFile, Header, Kept, capture_files, read_capture
from cauce.service.capture_sealing import seal, sealed_frame
from cauce.service.connection import Turn
from cauce.service.counters import Counters
from cauce.service.layout import NAMES
from cauce.service.messages import Answer, Request, Scored, Settle
from cauce.service.server import Server
from cauce.service.settings import CaptureSettings
from cauce.testing.disks import Disk, disk
from cauce.testing.waiting import until


def keeping(folder: Path, **changes: Any) -> CaptureLog:
    """A capture in this process."""
    counters = Counters(mmap.mmap(-1, Counters.size(NAMES, 1)), NAMES)
    return CaptureLog(replace(CaptureSettings(folder=str(folder)), **changes), counters)


def scored(**changes: Any) -> Scored:
    """One row of the small model, answered."""
    model = serving.served()
    rows = [model.reader.one(json.dumps(serving.FINE).encode())]
    about = {"request": "r1", "door": "/predict", "identity": model.identity, "version": "small/1"}
    made = Scored(**about, rows=rows, answers=model.answers(rows), manifest=model.manifest)
    return made._replace(**changes)


def kept(log: CaptureLog, *all_of: Scored) -> None:
    """Keep these one after another and close."""

    async def run() -> None:
        for one in all_of:
            await serving.keep(log, one)

    asyncio.run(run())
    log.close()


def only(folder: Path) -> CaptureFile:
    """What the one file of the folder holds."""
    (path,) = capture_files(folder)
    return read_capture(path)


def test_a_request_is_kept_with_rows_predictions_model_time_and_name(tmp_path: Path) -> None:
    """Without them a prediction can be neither explained nor repeated."""
    log, before = keeping(tmp_path), time.time_ns()
    app = serving.application(capture=log)
    reply = serving.ask(app, "/predict", serving.fine(hostile="ñ"), headers={"X-Request-Id": "mine"})
    log.close()
    found = only(tmp_path)
    (one,) = found.requests
    assert found.header is not None
    assert found.header.identity == serving.served().identity
    assert (one.request, one.door, one.version) == ("mine", "/predict", "small/1")
    assert before <= one.time <= time.time_ns()
    assert one.rows[0][small.HOSTILE] == "ñ"
    assert one.rows[0]["day"] == date(2020, 12, 31)
    assert one.rows[0]["at"] == datetime(2020, 12, 31, 10)
    assert one.rows[0]["price"] == Decimal("12.50")
    assert one.answers[0]["prediction"] == reply.json["prediction"]
    assert log.counters.captured() == (1, 0)


def test_refused_requests_and_other_doors_are_not_kept(tmp_path: Path) -> None:
    """They were never predictions."""
    log = keeping(tmp_path)
    app = serving.application(capture=log)
    for path, body in (("/predict", b"{"), ("/ping", b""), ("/predict", [])):
        serving.ask(app, path, body)
    log.close()
    with pytest.raises(CauceError, match="E2452"):
        capture_files(tmp_path)


def bits(value: Any) -> Any:
    """A value of which only the same bits are equal."""
    return value.hex() if isinstance(value, float) and not math.isnan(value) else repr(value)


def same(first: CaptureFile, second: CaptureFile) -> None:
    """The same requests, bit for bit."""
    assert second.header == first.header
    assert len(second.requests) == len(first.requests)
    for one, two in zip(first.requests, second.requests, strict=True):
        assert (one.time, one.request, one.door, one.version) == (
            two.time, two.request, two.door, two.version,
        )  # fmt: skip
        for left, right in ((one.rows, two.rows), (one.answers, two.answers)):
            flat = [
                [{name: bits(value) for name, value in row.items()} for row in rows] for rows in (left, right)
            ]
            assert flat[0] == flat[1]


def test_sealing_changes_no_bit(tmp_path: Path) -> None:
    """A prediction replayed from Parquet would differ from the one that was given."""
    one = scored()
    hard = [
        {**one.rows[0], "distance": value, "stops": stops}
        for value, stops in (
            (-0.0, 2**63 - 1),
            (math.nan, -(2**63)),
            (math.inf, None),
            (5e-324, 0),
            (None, 1),
        )
    ]
    log = keeping(tmp_path)
    many = one._replace(request="r2", rows=hard, answers=one.answers * len(hard))
    beside = [{**one.rows[0], "id": [1, {"*": None}]}]
    interval = [{**one.answers[0], "lower": -0.0, "upper": None}]
    kept(log, one, many, one, one._replace(rows=beside), one._replace(answers=interval))
    before = only(tmp_path)
    assert len(before.requests) == 5
    (path,) = seal(tmp_path)
    assert files.segments(tmp_path) == []
    assert capture_files(tmp_path) == [path]
    same(before, only(tmp_path))
    assert seal(tmp_path) == []


@pytest.mark.parametrize("name", ["*", "^a$", "", "input", "a.b", "ñ\n", "request", "\x00"])
def test_columns_of_any_name_are_sealed(name: str) -> None:
    """A column called "*" would be read as a pattern, and its values lost."""
    said = {
        "identity": "i", "name": "m", "snapshot": None, "key": [], "left_out": [],
        "columns": [{"name": name, "kind": "float"}, {"name": "other", "kind": "text"}],
    }  # fmt: skip
    header = Header.from_json(said)
    rows = [{name: 1.5, "other": "a"}, {name: None, "other": None}]
    frame = sealed_frame([Kept(1, "r", "/predict", "v", rows, [{"prediction": "x"}] * 2)], header)
    assert frame["input"].to_list() == rows


def test_what_a_client_puts_beside_never_stops_the_service(tmp_path: Path) -> None:
    """A key may hold anything: numbers of 20 digits, halves of characters, objects."""
    one, log = scored(), keeping(tmp_path)
    rows = [{**one.rows[0], "id": value} for value in (10**30, "\ud800", {"a": [10**25]}, object())]
    kept(log, one._replace(rows=rows, answers=one.answers * 4))
    seal(tmp_path)
    assert len(only(tmp_path).requests[0].rows) == 4


def test_columns_left_out_are_nowhere(tmp_path: Path) -> None:
    """A name or an address would lie on a disk where nobody looks for it."""
    log = keeping(tmp_path, left_out=("id", small.HOSTILE))
    one = scored()
    rows = [{**one.rows[0], "id": "CANARY-1", small.HOSTILE: "CANARY-2"}]
    kept(log, one._replace(rows=rows))
    assert not any(b"CANARY" in path.read_bytes() for path in tmp_path.iterdir())
    seal(tmp_path)
    assert not any(b"CANARY" in path.read_bytes() for path in tmp_path.iterdir())
    assert small.HOSTILE not in only(tmp_path).requests[0].rows[0]


def test_a_share_is_kept_and_the_same_one_each_time(tmp_path: Path) -> None:
    """A tenth that is a fifth fills the disk; a retry that falls otherwise counts twice."""
    found, one = [], scored()
    for turn in ("a", "b"):
        log = keeping(tmp_path / turn, share=0.1)
        (tmp_path / turn).mkdir()
        kept(log, *(one._replace(request=f"r{k}") for k in range(2000)))
        found.append(
            [one.request for path in capture_files(tmp_path / turn) for one in read_capture(path).requests]
        )
    assert 140 < len(found[0]) < 260
    assert found[0] == found[1]


def test_with_a_window_answers_do_not_wait_and_are_kept_at_the_end(tmp_path: Path) -> None:
    """Who chose speed must lose no more than the window, and nothing at an ordinary stop."""
    log = keeping(tmp_path, window=0.2)
    began = time.monotonic()
    kept(log, *(scored(request=f"r{k}") for k in range(50)))
    assert [one.request for one in only(tmp_path).requests] == [f"r{k}" for k in range(50)]
    assert time.monotonic() - began < 5
    assert log.counters.captured() == (50, 0)


def test_requests_that_wait_share_a_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sync for each would cost most of the throughput."""
    syncs = []
    real = os.fdatasync
    monkeypatch.setattr(os, "fdatasync", lambda one: (syncs.append(one), time.sleep(0.02), real(one)))
    log = keeping(tmp_path)

    async def run() -> None:
        await asyncio.gather(*(serving.keep(log, scored(request=f"r{k}")) for k in range(64)))

    asyncio.run(run())
    log.close()
    assert len(only(tmp_path).requests) == 64
    assert len(syncs) <= 2


class Client:
    """A connection that only hears."""

    def __init__(self) -> None:
        self.transport, self.heard = self, list[Answer]()

    def is_closing(self) -> bool:
        return False

    def send(self, _turn: Turn, answer: Answer) -> None:
        self.heard.append(answer)


def test_requests_that_come_while_the_disk_keeps_others_are_kept_together() -> None:
    """Each would be scored and synced by itself, for twice the processor time; or nobody would be answered
    while a disk hangs."""
    asked: list[str] = []
    settles: list[Settle] = []

    def keep(scored: Sequence[Scored], settle: Settle) -> None:
        asked.extend(one.request for one in scored)
        settles.append(settle)

    app = serving.application(capture=keep)
    client: Any = Client()

    def turn(name: str) -> Turn:
        request = Request("POST", "/predict", b"", {}, json.dumps(serving.FINE).encode(), name)
        return Turn(client, request, app.admit("POST", "/predict", headers={}), time.monotonic(), True)

    async def run() -> None:
        server = Server(app)
        server.answer(turn("a"))
        await asyncio.sleep(0.001)
        assert asked == ["a"]
        for name in "bcd":
            server.answer(turn(name))
            await asyncio.sleep(0)
        assert len(asked) == 1
        assert not client.heard
        settles[0]([0], None)
        for _turn in range(3):
            await asyncio.sleep(0)
        assert len(client.heard) == 1
        assert asked == list("abcd")
        assert len(settles) == 2
        server.answer(turn("e"))
        assert await asyncio.to_thread(until, lambda: len(asked) == 5)
        assert len(client.heard) == 1

    asyncio.run(run())


@pytest.fixture(params=["waited for", "told later"])
def quickness(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How the loop hears of a write: it stands still for a disk that is quick, and goes on for another."""
    monkeypatch.setattr(capture, "_MOMENT", 0.1 if request.param == "waited for" else 0.0)


def test_what_is_handed_over_is_told_once_however_late_it_is() -> None:
    """A request would wait for ever, or a connection get two answers, where a write ends just as the loop
    stops waiting for it."""

    async def run() -> list[int]:
        told = []
        for turn in range(300):
            heard: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            found: list[Exception | None] = []

            def tell(error: Exception | None, *, heard: Any = heard, found: Any = found) -> None:
                found.append(error)
                if not heard.done():
                    heard.set_result(None)

            handed = _Handed(tell)
            thread = threading.Timer(turn % 30 * 1e-4, handed.settle, [None])
            thread.start()
            handed.wait(0.0 if turn % 7 == 0 else 0.001)
            await asyncio.wait_for(heard, 10)
            thread.join()
            await asyncio.sleep(0)
            told.append(len(found))
        return told

    assert set(asyncio.run(run())) == {1}


@pytest.fixture
def ext4(tmp_path: Path) -> Iterator[Disk]:
    """A disk of its own, which can hang."""
    with ExitStack() as stack:
        try:
            made = stack.enter_context(disk(tmp_path / "ext4"))
        except OSError as error:
            pytest.skip(f"no disk can be made here: {error}")
        yield made


@pytest.mark.parametrize("full", ["refuse", "drop"])
@pytest.mark.usefixtures("quickness")
def test_a_disk_that_hangs_stops_nothing_but_what_the_policy_says(ext4: Disk, full: str) -> None:
    """One disk that does not answer would hold every client for ever, and then every connection."""
    log = keeping(ext4.folder, full=full, seconds=0.2)
    outcomes: list[str] = []

    async def ask(number: int) -> None:
        try:
            await serving.keep(log, scored(request=f"r{number}"))
            outcomes.append("answered")
        except CauceError as error:
            outcomes.append(error.code)

    async def run() -> None:
        await ask(0)
        assert outcomes == ["answered"]
        outcomes.clear()
        with ext4.hanging():
            first = asyncio.create_task(ask(1))
            await asyncio.sleep(0.05)
            await asyncio.gather(first, *(ask(k) for k in range(2, 20)))
            began = time.monotonic()
            await ask(20)
            assert time.monotonic() - began < 0.1, "nobody waits again for a disk that hangs"
            assert set(outcomes) == {"E2451" if full == "refuse" else "answered"}
        while log._hanging:
            await asyncio.sleep(0.01)
        outcomes.clear()
        await ask(21)
        assert outcomes == ["answered"]

    asyncio.run(run())
    log.close()
    assert log.counters.captured() == (2, 0 if full == "refuse" else 20)
    assert [one.request for one in only(ext4.folder).requests] == ["r0", "r1", "r21"]


@pytest.mark.parametrize("full", ["refuse", "drop"])
@pytest.mark.usefixtures("quickness")
def test_a_full_disk_stops_nothing_but_what_the_policy_says(
    mounted: Callable[[str, str], Path], full: str
) -> None:
    """A full disk would take the service down, or answer 500, or give predictions nobody kept."""
    disk = mounted("disk", "64k")
    log = keeping(disk, full=full)
    app = serving.application(capture=log)
    statuses = [
        serving.ask(app, "/predict", serving.fine(), headers={"X-Request-Id": f"r{k}"}).status
        for k in range(400)
    ]
    fit = statuses.index(503) if full == "refuse" else log.counters.captured()[0]
    assert fit > 10
    if full == "refuse":
        assert set(statuses) == {200, 503}
        reply = serving.ask(app, "/predict", serving.fine())
        assert reply.json["code"] == "E2451"
        assert reply.headers["retry-after"] == "1"
    else:
        assert set(statuses) == {200}
        assert log.counters.captured() == (fit, 400 - fit)
    assert serving.ask(app, "/health/ready").status == 200
    (path,) = capture_files(disk)
    names = [f"r{k}" for k, status in enumerate(statuses) if status == 200 and full == "refuse"]
    found = [one.request for one in read_capture(path).requests]
    assert found == names or (full == "drop" and len(found) == fit)
    assert read_capture(path).state == "whole"
    log.close()
    # There is no room for the sealed file: nothing of the segment is given up for it.
    (disk / "ballast").write_bytes(bytes(os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize))
    with pytest.raises(OSError, match="No space"):
        seal(disk)
    assert len(only(disk).requests) == len(found)
    (disk / "ballast").unlink()


@pytest.mark.usefixtures("quickness")
def test_there_is_room_again_and_the_service_goes_on(mounted: Callable[[str, str], Path]) -> None:
    """After making room somebody would have to restart it."""
    disk = mounted("disk", "256k")
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(250 * 1024))
    log = keeping(disk)
    app = serving.application(capture=log)
    assert 503 in [serving.ask(app, "/predict", serving.fine()).status for _turn in range(50)]
    ballast.unlink()
    assert serving.ask(app, "/predict", serving.fine()).status == 200
    log.close()


@pytest.mark.usefixtures("quickness")
def test_the_folders_limit_is_kept(tmp_path: Path) -> None:
    """Captured rows would fill the disk that others need."""
    log = keeping(tmp_path, most_bytes=1 << 16, segment_bytes=1 << 14)
    app = serving.application(capture=log)
    statuses = {serving.ask(app, "/predict", serving.fine()).status for _turn in range(400)}
    log.close()
    assert statuses == {200, 503}
    assert files.size(tmp_path) <= 1 << 16


def test_a_torn_tail_is_cut_and_damage_is_set_aside(tmp_path: Path) -> None:
    """After a crash the service would not start, or the evidence of a bad disk would be deleted."""
    for turn in ("torn", "damaged"):
        kept(keeping(tmp_path), scored(request=f"{turn} 1"), scored(request=f"{turn} 2"))
    torn, damaged = files.segments(tmp_path)
    torn.write_bytes(torn.read_bytes()[:-3])
    data = bytearray(damaged.read_bytes())
    data[data.index(b"damaged 1")] ^= 1
    damaged.write_bytes(data)
    seal(tmp_path)
    names = [one.request for path in capture_files(tmp_path) for one in read_capture(path).requests]
    assert names == ["torn 1", "damaged 2"]
    assert [path.name for path in tmp_path.glob("*.damaged")] == [damaged.with_suffix(".damaged").name]


def test_a_sealed_file_that_changed_is_told(tmp_path: Path) -> None:
    """What it proves would be proven of other rows."""
    kept(keeping(tmp_path), scored())
    (path,) = seal(tmp_path)
    path.chmod(0o600)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(CauceError, match="E2454"):
        read_capture(path)


def test_what_is_written_now_is_not_sealed_and_what_is_old_is_deleted(tmp_path: Path) -> None:
    """Sealing would take the file away under a worker; nothing would ever be deleted."""
    log = keeping(tmp_path)
    asyncio.run(serving.keep(log, scored()))
    assert seal(tmp_path) == []
    log.close()
    (path,) = seal(tmp_path, days=1.0)
    assert path.exists()
    os.utime(path, (0, 0))
    seal(tmp_path, days=1.0)
    assert not path.exists()


@pytest.mark.parametrize(
    ("choices", "code"),
    [
        ({"capture_share": 0.5}, "E2453"),
        ({"capture": "FILE"}, "E2450"),
        ({"capture": "kept", "capture_share": 1.5}, "E2406"),
        ({"capture": "kept", "capture_window": -1.0}, "E2406"),
        ({"capture": "kept", "capture_full": "maybe"}, "E2406"),
    ],
)
def test_settings_of_capture_that_cannot_be_are_refused(
    choices: dict[str, Any], code: str, tmp_path: Path
) -> None:
    """What somebody asked for would be done otherwise, and found out much later."""
    (tmp_path / "FILE").write_text("", encoding="ascii")
    where = {name: str(tmp_path / value) if name == "capture" else value for name, value in choices.items()}
    with pytest.raises(CauceError) as refused:
        prepare(serving.folder_of(small.bundle()), choices=where)
    assert refused.value.code == code


def test_a_column_that_is_not_to_be_kept_must_be_known() -> None:
    """A misspelt column would be kept although somebody asked for it not to be."""
    manifest = serving.served().manifest
    check_left_out(CaptureSettings(folder="", left_out=("id", "*")), manifest)
    with pytest.raises(CauceError, match="E2455"):
        check_left_out(CaptureSettings(folder="", left_out=("nothing",)), manifest)


def test_a_folder_that_hangs_holds_up_nobody_who_has_it_sealed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that does not answer would stop the process that starts workers again, and swaps models."""
    answers, looks, real = threading.Event(), list[Path](), files.segments

    def hanging(folder: Path) -> list[Path]:
        looks.append(folder)
        answers.wait(30)
        return real(folder)

    monkeypatch.setattr(files, "segments", hanging)
    kept(keeping(tmp_path), scored())
    care = CaptureCare(CaptureSettings(folder=str(tmp_path), sealer=(sys.executable, "-c", "")))
    began = time.monotonic()
    care.turn()
    care._looked = float("-inf")
    care.turn()
    assert time.monotonic() - began < 1
    care.end(0.1)
    assert time.monotonic() - began < 2
    assert len(looks) == 1
    answers.set()
    care.end(30)
    assert care._process is not None
    assert care._process.returncode == 0


def test_a_folder_that_cannot_be_read_ends_no_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A failing disk would end the process that keeps the workers alive."""

    def failing(_folder: Path) -> list[Path]:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(files, "segments", failing)
    care = CaptureCare(CaptureSettings(folder=str(tmp_path)))
    care.turn()
    care.end(30)
    assert care._process is None
    assert "Input/output error" in caplog.text
