"""Models that somebody made hostile come to a service that runs: refused with a code, and it serves on."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import test_service_swaps as swaps

import hostile_changes as hostile  # isort: skip - found through the ones before

from cauce.ports.registry import ModelAddress, ResolvedModel
from cauce.running.watching import Watch
from cauce.service.news import News, Offer
from cauce.testing.tracking import MemoryRegistry

SOME = (
    "another digest", "the manifest is a link", "a path upwards", "lists 100,000 deep",
    "a threshold beyond all numbers", "an expression 200 deep", "an ONNX file that is none",
    "numbers in another file", "scores that were never born", "a later format", "a payload is missing",
)  # fmt: skip
SECONDS = 75.0


@dataclass
class PlantedRegistry(MemoryRegistry):
    """Says of whatever folder was planted that its manifest's digest was registered."""

    planted: Path = field(default_factory=Path)

    def resolve(self, uri: str) -> ResolvedModel:
        """The planted folder."""
        address = ModelAddress.parse(uri)
        digest = digest_of(self.planted)
        return ResolvedModel(name=address.name, version="2", digest=digest, folder=self.planted)


def digest_of(folder: Path) -> str:
    """The SHA-256 of what is read as a manifest there, of its first 16 MiB."""
    with (folder / "manifest.json").open("rb") as file:
        return hashlib.sha256(file.read(1 << 24)).hexdigest()


def test_workers_refuse_hostile_models_and_serve_on(tmp_path: Path) -> None:
    """Whoever may write to the registry could end all services at once."""
    with swaps.told(tmp_path, swaps.other_bundle()) as one, swaps.load(one, 1):
        for number, name in enumerate(SOME, start=1):
            folder = hostile.make(tmp_path / str(number), name)
            offer = Offer(folder=str(folder), digest=digest_of(folder), version=f"small/{number}")
            one.tell(News(kind="model", offer=offer))
            assert swaps.until(
                lambda number=number: one.metrics()["cauce_swaps_refused_total"] == number  # type: ignore[misc]
            ), name
        assert one.metrics()["cauce_swaps_total"] == 0
    assert {status for status, _answer in one.found} == {200}
    assert {answer["model_version"] for _status, answer in one.found} == {"small/0"}


@pytest.mark.slow
@pytest.mark.parametrize("name", hostile.CHANGES)
def test_a_hostile_model_never_gets_to_the_workers(tmp_path: Path, name: str) -> None:
    """It would be tried in the processes that answer, and not in one that may die of it."""
    folder = hostile.make(tmp_path / "bundle", name)
    registry = PlantedRegistry(planted=folder)
    served = swaps.other_bundle().identity
    watching = Watch(registry, tmp_path / "kept", "models:/small@champion", served)
    began = time.monotonic()
    news = watching.ask()
    assert (news.kind, news.offer) == ("refused", None), news
    assert news.reason.startswith("E"), news
    assert time.monotonic() - began < SECONDS
    assert not any((tmp_path / "kept").glob("*"))
