"""A service that is asked for long holds no more memory, files and threads at its end than early on."""

from __future__ import annotations

import asyncio
import statistics
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
import served_models as serving
from test_service_capture_crashes import workers
from test_service_overload import Seen, offered

from cauce.running.serving import Service
from cauce.service.capture_reading import capture_files, read_capture

BAD = (b"{", b"[]", b'{"stops":"x"}', b"\xff", b'{"a":1}')
KEPT_BYTES = 8
"""Of memory, at most, that a request may leave behind: less than any object takes."""
SHARE = 0.1
"""Of requests, which are kept: all of them would be half a gigabyte."""
FREE_BYTES = 6_000_000
"""By which memory grows until some thousands of requests have been answered, and then no more."""


class Look(NamedTuple):
    """What the processes hold: bytes of memory, open files, threads."""

    memory: int
    files: int
    threads: int


def look(service: Service) -> Look:
    """What the supervisor and its workers hold now; not processes that seal, which come and go."""
    found = [_of_process(pid) for pid in (service.process.pid, *workers(service))]
    return Look(*(sum(column) for column in zip(*found, strict=True)))


def _of_process(pid: int) -> Look:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    resident, threads = (int(status.partition(f"{name}:")[2].split()[0]) for name in ("VmRSS", "Threads"))
    return Look(resident * 1024, len(list(Path(f"/proc/{pid}/fd").iterdir())), threads)


@contextmanager
def asked(url: str, rate: float, seconds: float) -> Iterator[list[Seen]]:
    """Many rows, so many times a second, by another thread."""
    found: list[Seen] = []
    thread = threading.Thread(target=lambda: found.append(asyncio.run(offered(url, rate, seconds, 16))))
    thread.start()
    try:
        yield found
    finally:
        thread.join()


def round_of_all(service: Service, turn: int) -> None:
    """One connection that comes and goes, with single rows, other shapes, refusals and pages."""
    rows, header = serving.fine(stops=turn % 7), {"content-type": "text/csv"}
    with closing(serving.connect(service.url)) as connection:
        for path, body, more, status in (
            ("/predict", rows, {}, 200),
            ("/predict", rows, {"X-Request-Id": f"long-{turn}"}, 200),
            ("/invocations", {"instances": [serving.FINE]}, {}, 200),
            ("/metrics", None, {}, 200),
            (f"/nowhere/{turn}", b"", {}, 404),
        ):
            assert serving.call(connection, path, body, more).status == status
    for body in BAD:
        with closing(serving.connect(service.url)) as connection:
            assert serving.call(connection, "/predict", body).status in (200, 400, 422)
    with closing(serving.connect(service.url)) as connection:
        assert serving.call(connection, "/invocations", b"a,b\n1,2\n", header).status == 400


def long_under_load(folder: Path, seconds: float, record: Callable[[str, object], None]) -> None:
    """Half of what can be answered, a share of it kept, for so long. The memory of the last quarter is
    compared with the second: what is first used is loaded in the first."""
    kept = {"capture": str(folder), "capture_share": SHARE}
    with serving.start(**kept, request_seconds=60.0, patience=60.0) as service:
        alone = asyncio.run(offered(service.url, None, 2.0, 4))
        rate, looks, turn = 0.5 * alone.statuses[200] / 2.0, list[tuple[float, Look]](), 0
        began = time.monotonic()
        with asked(service.url, rate, seconds) as seen:
            while (now := time.monotonic() - began) < seconds:
                round_of_all(service, turn)
                # Connections that just went are closed by then.
                time.sleep(0.1)
                looks.append((now, look(service)))
                turn += 1
        (found,) = seen
    second = [one for at, one in looks if 0.25 * seconds <= at < 0.5 * seconds]
    last = [one for at, one in looks if at >= 0.75 * seconds]
    grown = statistics.median(one.memory for one in last) - statistics.median(one.memory for one in second)
    answers = sum(found.statuses.values()) + 11 * turn
    record("minutes under load", round(seconds / 60, 1))
    record("requests answered", answers)
    record("memory grown, MB", round(grown / 1e6, 2))
    record("memory grown, MB an hour", round(grown / 1e6 * 3600 / (0.5 * seconds), 1))
    assert set(found.statuses) == {200}
    assert found.lost == 0
    assert grown <= FREE_BYTES + KEPT_BYTES * answers / 2
    assert min(one.files for one in last) <= min(one.files for one in second)
    assert max(one.threads for one in last) <= max(one.threads for one in second)
    names = [one.request for path in capture_files(folder) for one in read_capture(path).requests]
    chosen = {f"long-{k}" for k in range(turn) if zlib.crc32(f"long-{k}".encode()) < SHARE * 2**32}
    assert chosen
    assert chosen <= set(names)


def test_a_service_asked_for_some_seconds_holds_no_more_than_before(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """What a minute shows would be found out in production."""
    long_under_load(tmp_path, 6.0, record_property)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_minutes_under_half_of_the_load_that_can_be_borne_leave_no_memory_and_no_file_behind(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """A service would have to be restarted every night."""
    long_under_load(tmp_path, 300.0, record_property)
