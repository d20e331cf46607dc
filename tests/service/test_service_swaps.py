"""Models that change under load: what answers, with which version, and what a bad one does."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
import served_models as serving

import hostile_changes as hostile  # isort: skip - found through the one before
import small_models as small

from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.writing import make_bundle
from cauce.running.serving import Service, Serving, prepare
from cauce.running.watching import Watch
from cauce.service.news import News, Offer
from cauce.service.served import open_served
from cauce.testing.tracking import MemoryRegistry
from cauce.testing.waiting import until

TELLING = Path(__file__).with_name("telling_watcher.py")
MOST_SECONDS = 60.0
SETTLED, MOST_GROWN = 5, 50.0
"""Swaps after which memory is measured, and megabytes by which that of all workers may grow from there."""


@cache
def other_bundle() -> Bundle:
    """A model of the same columns that scores otherwise."""
    return make_bundle(replace(small.draft(), payload=small.payload("binary", rounds=30)))


@dataclass
class Told:
    """A service whose watcher says what a test wants."""

    file: Path
    service: Service
    found: list[Any] = field(default_factory=list)

    def tell(self, news: News) -> None:
        """Say it."""
        with self.file.open("ab") as file:
            file.write(news.line())

    def offer(self, bundle: Bundle, version: str, folder: Path | None = None) -> None:
        """Say that this model is to be served."""
        place = str(folder or serving.folder_of(bundle))
        offer = Offer(folder=place, digest=bundle.identity, version=version)
        self.tell(News(kind="model", offer=offer))

    def version(self) -> str:
        """The version that answers now."""
        with closing(serving.connect(self.service.url)) as connection:
            return str(serving.call(connection, "/predict", serving.FINE).json["model_version"])

    def metrics(self) -> dict[str, float]:
        """What /metrics says without labels."""
        with closing(serving.connect(self.service.url)) as connection:
            lines = serving.call(connection, "/metrics").body.decode().splitlines()
        pairs = (line.split() for line in lines if not line.startswith("#") and "{" not in line)
        return {name: float(value) for name, value in pairs}


@contextmanager
def told(folder: Path, first: Bundle | None = None, **choices: Any) -> Iterator[Told]:
    """A service of the small model, or of `first`, as version small/0."""
    file = folder / "news"
    file.touch()
    bundle = first or small.bundle()
    prepared = prepare(
        serving.folder_of(bundle), digest=bundle.identity, choices={"port": 0, "patience": 30.0, **choices}
    )
    watcher = (sys.executable, str(TELLING), str(file))
    settings = replace(prepared.settings, version="small/0", watcher=watcher)
    with Serving(settings).start() as service:
        yield Told(file, service)


@contextmanager
def load(one: Told, clients: int) -> Iterator[None]:
    """Clients that ask one row after the other over connections that they keep."""
    stopped = threading.Event()

    def client() -> None:
        with closing(serving.connect(one.service.url, timeout=30.0)) as connection:
            while not stopped.wait(0.002):
                try:
                    reply = serving.call(connection, "/predict", serving.FINE)
                    one.found.append((reply.status, reply.json))
                except (OSError, HTTPException) as error:
                    one.found.append((0, type(error).__name__))
                    return

    threads = [threading.Thread(target=client) for _number in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopped.set()
        for thread in threads:
            thread.join()


def resident(service: Service) -> int:
    """Bytes of memory that the processes behind a service hold."""
    pid, found = service.process.pid, 0
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split():
        text = Path(f"/proc/{child}/status").read_text(encoding="ascii")
        found += int(text.partition("VmRSS:")[2].split()[0]) * 1024
    return found


def _expected(bundle: Bundle) -> float:
    model = open_served(serving.folder_of(bundle), digest=bundle.identity)
    answer = serving.ask(serving.application(model), "/predict", serving.FINE).json
    return float(answer[_probability(answer)])


def _probability(answer: dict[str, Any]) -> str:
    return next(name for name in sorted(answer) if name.startswith("probability_"))


def _swap_under_load(folder: Path, *, swaps: int, workers: int) -> dict[str, object]:
    """Swap so often; figures of it."""
    bundles = (small.bundle(), other_bundle())
    expected = [_expected(bundle) for bundle in bundles]
    assert abs(expected[0] - expected[1]) > 1e-3
    with told(folder, workers=workers) as one, load(one, 3):
        for number in range(1, swaps + 1):
            one.offer(bundles[number % 2], f"small/{number}")
            assert until(lambda number=number: one.metrics()["cauce_swaps_total"] == number)  # type: ignore[misc]
            if number == SETTLED:
                before = resident(one.service)
        assert until(lambda: one.version() == f"small/{swaps}")
        grown = resident(one.service) - before
    wrong = [found for found in one.found if found[0] != 200]
    assert wrong == []
    versions = set()
    for _status, answer in one.found:
        number = int(answer["model_version"].partition("/")[2])
        versions.add(number)
        assert abs(answer[_probability(answer)] - expected[number % 2]) < 1e-6
    assert len(versions) > swaps / 2
    return {"swaps": swaps, "answers": len(one.found), "failed": 0, "memory grown, MB": round(grown / 1e6, 1)}


def test_twenty_swaps_under_load_fail_no_request_and_every_answer_is_of_the_version_it_states(
    tmp_path: Path,
) -> None:
    """Each promotion would cost errors, or scores written down beside the wrong version."""
    _swap_under_load(tmp_path, swaps=20, workers=2)


def test_a_bad_model_is_refused_once_and_the_old_one_serves_on(tmp_path: Path) -> None:
    """A broken download would end a service that was fine."""
    broken = hostile.make(tmp_path / "broken", "")
    with (broken / "model.onnx").open("ab") as file:
        file.write(b"x")
    with told(tmp_path, workers=2) as one, load(one, 1):
        one.offer(other_bundle(), "small/1", broken)
        assert until(lambda: one.metrics()["cauce_swaps_refused_total"] == 1)
        one.tell(News(kind="away", version="small", reason="nobody there"))
        assert until(lambda: one.metrics()["cauce_registry_failures_total"] == 1)
        assert one.version() == "small/0"
        one.tell(News(kind="same"))
        one.offer(other_bundle(), "small/2")
        assert until(lambda: one.version() == "small/2")
        found = one.metrics()
        assert (found["cauce_swaps_total"], found["cauce_swaps_refused_total"]) == (1, 1)
        assert time.time() - found["cauce_registry_answered_seconds"] < MOST_SECONDS
    assert {status for status, _answer in one.found} == {200}


def test_a_worker_that_is_killed_after_a_swap_comes_back_with_the_new_model(
    tmp_path: Path,
) -> None:
    """Half the answers would be the old model's, for weeks."""
    with told(tmp_path) as one:
        one.offer(other_bundle(), "small/1")
        assert until(lambda: one.version() == "small/1")
        pid = one.service.process.pid
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        for child in listed:
            if "cauce.service.worker" in Path(f"/proc/{child}/cmdline").read_text(encoding="utf-8"):
                os.kill(int(child), signal.SIGKILL)
        assert until(lambda: _version_or_none(one) == "small/1")


def _version_or_none(one: Told) -> str | None:
    try:
        return one.version()
    except (OSError, HTTPException):
        return None


def test_an_alias_is_asked_for_once_for_each_model(tmp_path: Path) -> None:
    """A model that was refused would be tried again four times a minute; one that moved would be missed."""
    registry, first = MemoryRegistry(), small.bundle()
    registry.register(serving.folder_of(first), "small", alias="champion")
    watching = Watch(registry, tmp_path, "models:/small@champion", first.identity)
    assert watching.ask().kind == "same"
    registry.register(serving.folder_of(other_bundle()), "small")
    registry.set_alias("small", "champion", version="2")
    news = watching.ask()
    assert news.offer is not None
    assert (news.kind, news.offer.version, news.offer.digest) == ("model", "small/2", other_bundle().identity)
    assert open_served(news.offer.folder, digest=other_bundle().identity).identity == other_bundle().identity
    assert watching.ask().kind == "same"
    registry.set_alias("small", "champion", version="1")
    assert watching.ask().kind == "model"


def test_a_registry_that_holds_something_hostile_is_told_of_once(tmp_path: Path) -> None:
    """Its digest is right, and still it would take the service down."""
    registry, first = MemoryRegistry(), small.bundle()
    registry.register(serving.folder_of(first), "small", alias="champion")
    bad = hostile.make(tmp_path / "bad", "an operation of an unknown domain")
    registry.register(bad, "small")
    registry.set_alias("small", "champion", version="2")
    watching = Watch(registry, tmp_path / "kept", "models:/small@champion", first.identity)
    assert watching.ask().kind == "refused"
    assert [watching.ask().kind for _again in range(3)] == ["same"] * 3
    registry.set_alias("small", "champion", version="1")
    assert watching.ask().kind == "model"
    registry.set_alias("small", "gone", version="1")
    lost = Watch(registry, tmp_path, "models:/small@nobody", first.identity)
    assert [lost.ask().kind for _again in range(2)] == ["refused", "same"]


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_hundred_swaps_under_load_fail_no_request(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """The same for a service that lives for months, whose memory must not grow with each model."""
    found = _swap_under_load(tmp_path, swaps=100, workers=2)
    for name, value in found.items():
        record_property(name, value)
    assert float(str(found["memory grown, MB"])) <= MOST_GROWN
