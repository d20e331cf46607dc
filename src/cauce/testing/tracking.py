"""Tracking servers that misbehave, a tracker and a registry in memory, and what every registry must do."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cauce.core.bundle.opening import open_bundle
from cauce.core.promotion.history import Decision
from cauce.core.run_record import Alias, RunRecord
from cauce.errors import CauceError
from cauce.failpoints import passage
from cauce.ports.registry import (
    CHALLENGER,
    CHAMPION,
    ModelAddress,
    ModelVersion,
    Registry,
    ResolvedModel,
    Standing,
    TrackedRun,
)
from cauce.ports.tracker import Delivery


def unused_port() -> int:
    """A port of this machine on which nothing listens now."""
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def silent_server() -> Iterator[str]:
    """The address of a server that takes connections and never answers."""
    ended = threading.Event()

    class Silent(BaseHTTPRequestHandler):
        def handle(self) -> None:
            ended.wait(60)

    with _served(Silent, ended) as address:
        yield address


@contextmanager
def refusing_server(status: int = 500, *, health: int | None = None) -> Iterator[str]:
    """The address of a server that answers everything with `status`; its /health with `health` if given."""

    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(health if health is not None and self.path.endswith("/health") else status)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._answer(status)

        def _answer(self, code: int) -> None:
            self.send_response(code)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            pass

    with _served(Refusing, threading.Event()) as address:
        yield address


@contextmanager
def _served(handler: type[BaseHTTPRequestHandler], ended: threading.Event) -> Iterator[str]:
    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: object, client_address: object) -> None:
            """Clients that hang up are what this is for."""

    server = Server(("127.0.0.1", 0), handler)
    serving = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        ended.set()
        server.shutdown()
        server.server_close()
        serving.join(5)


@dataclass
class MemoryTracker:
    """A tracker that remembers what it was told."""

    records: list[RunRecord] = field(default_factory=list)

    def put(self, record: RunRecord) -> None:
        """Remember `record`."""
        self.records.append(record)

    def wait(self) -> Delivery:
        """Nothing has to be waited for."""
        return Delivery(state="delivered", where="memory")

    def close(self) -> None:
        """Nothing has to be ended."""


@dataclass
class MemoryRegistry:
    """A registry that forgets when it goes; bundles stay where they are."""

    versions: dict[tuple[str, str], tuple[ModelVersion, Path]] = field(default_factory=dict)
    aliases: dict[tuple[str, str], str] = field(default_factory=dict)
    decided: dict[str, Decision] = field(default_factory=dict)
    cards: dict[tuple[str, str], str] = field(default_factory=dict)

    def register(self, folder: Path, name: str, *, alias: Alias = "auto") -> ModelVersion:
        """Register the bundle in `folder`; the same bundle twice is one version."""
        digest = open_bundle(folder).identity
        own = {number: one for (model, number), (one, _) in self.versions.items() if model == name}
        number = next((number for number, one in own.items() if one.digest == digest), str(len(own) + 1))
        if number not in own:
            made = ModelVersion(name=name, version=number, digest=digest, created=datetime.now(UTC))
            self.versions[name, number] = (made, folder)
        held = number in (self.aliases.get((name, CHAMPION)), self.aliases.get((name, CHALLENGER)))
        if alias == "auto" and not held:
            alias = CHALLENGER if (name, CHAMPION) in self.aliases else CHAMPION  # type: ignore[assignment]
        if alias not in ("auto", "none"):
            self.aliases[name, alias] = number
        return self._shown(name, number)

    def set_alias(self, name: str, alias: str, *, version: str) -> None:
        """Give `alias` to this version, taking it from another. E1307, E1308."""
        self.aliases[name, alias] = self._number(ModelAddress(name, version=version))

    def standing(self, name: str) -> Standing:
        """The versions of `name`, and the entry its champion follows. E1307."""
        return Standing(versions=self.models(name), decided=self.decided.get(name))

    def appoint(self, name: str, *, version: str | None, by: Decision) -> bool:
        """Make this version, or nobody, the champion, as the entry `by` says. E1307, E1308."""
        self._number(ModelAddress(name, version=version or "1"))
        applied = self.decided.get(name)
        if applied is not None and applied.history == by.history and applied.number > by.number:
            return False
        if version is None:
            self.aliases.pop((name, CHAMPION), None)
        else:
            self.aliases[name, CHAMPION] = version
        if self.aliases.get((name, CHALLENGER)) == version:
            self.aliases.pop((name, CHALLENGER), None)
        passage("registry.aliased")
        self.decided[name] = by
        return True

    def card(self, name: str, *, version: str) -> str | None:
        """The card that was put into `cards`. E1307, E1308."""
        return self.cards.get((name, self._number(ModelAddress(name, version=version))))

    def resolve(self, uri: str) -> ResolvedModel:
        """The version `uri` names, and its folder. E1306 to E1308, E1310."""
        address = ModelAddress.parse(uri)
        number = self._number(address)
        version, folder = self.versions[address.name, number]
        try:
            digest = open_bundle(folder, digest=version.digest).identity
        except CauceError as error:
            raise CauceError("E1310", name=address.name, version=number, reason=error.message) from error
        return ResolvedModel(name=address.name, version=number, digest=digest, folder=folder)

    def models(self, name: str | None = None) -> tuple[ModelVersion, ...]:
        """All versions, by name, the latest first."""
        if name is not None:
            self._number(ModelAddress(name, version="1"))
        keys = [key for key in self.versions if name in (None, key[0])]
        return tuple(self._shown(*key) for key in sorted(keys, key=lambda key: (key[0], -int(key[1]))))

    def runs(self, experiment: str | None = None, *, limit: int = 100) -> tuple[TrackedRun, ...]:  # noqa: ARG002
        """No runs."""
        return ()

    def _shown(self, name: str, number: str) -> ModelVersion:
        known = tuple(sorted(a for (model, a), v in self.aliases.items() if model == name and v == number))
        return replace(self.versions[name, number][0], aliases=known)

    def _number(self, address: ModelAddress) -> str:
        names = sorted({model for model, _ in self.versions})
        if address.name not in names:
            raise CauceError("E1307", name=address.name, where="memory", near=", ".join(names) or "-")
        number = address.version
        if address.alias is not None:
            number = self.aliases.get((address.name, address.alias))
        if number is None or (address.name, number) not in self.versions:
            wanted = f"@{address.alias}" if address.alias else str(address.version)
            raise CauceError("E1308", name=address.name, wanted=wanted, near="-")
        return number


def check_registry(registry: Registry, bundles: tuple[Path, Path, Path], *, name: str) -> None:
    """Every promise of the Registry port on one that has no model `name`; AssertionError names a broken one.

    bundles: folders of three different bundles.
    """
    first, second, third = bundles
    assert _code(lambda: registry.models(name)) == "E1307", "a model nobody registered has no versions"
    made = registry.register(first, name)
    assert made.digest == open_bundle(first).identity, "a version carries its bundle's digest"
    assert made.aliases == (CHAMPION,), "the first version becomes the champion"
    assert registry.register(first, name).version == made.version, "the same bundle twice is one version"
    assert registry.register(first, name).aliases == (CHAMPION,), "and stays what it is"
    assert registry.register(second, name).aliases == (CHALLENGER,), "the next version is the challenger"
    assert registry.register(third, name).aliases == (CHALLENGER,), "the latest challenges"
    known = {one.version: one.aliases for one in registry.models(name)}
    assert list(known.values()) == [(CHALLENGER,), (), (CHAMPION,)], "versions are listed latest first"
    registry.set_alias(name, CHAMPION, version=next(iter(known)))
    assert registry.models(name)[0].aliases == (CHALLENGER, CHAMPION), "a version may have both aliases"
    assert registry.models(name)[2].aliases == (), "an alias that was given away is gone"
    found = registry.resolve(f"models:/{name}@{CHAMPION}")
    assert found.version == next(iter(known)), "an alias leads to the version it was given to"
    assert found.digest == open_bundle(third).identity, "and to its bundle"
    assert open_bundle(found.folder, digest=found.digest), "which is on this machine, whole"
    assert registry.resolve(f"models:/{name}/{made.version}").digest == made.digest, "versions resolve"
    _check_refusals(registry, name)
    _check_appointments(registry, name)


def _check_appointments(registry: Registry, name: str) -> None:
    newest, middle, oldest = (one.version for one in registry.models(name))
    ours, others = "0123456789abcdef", "fedcba9876543210"
    assert registry.standing(name).decided is None, "before any decision none is noted"
    assert registry.appoint(name, version=middle, by=Decision(ours, 2)), "an entry puts a version in charge"
    standing = registry.standing(name)
    assert standing.champion is not None, "which is then the champion"
    assert standing.champion.version == middle, "and no other"
    assert standing.decided == Decision(ours, 2), "and the registry knows by which entry"
    assert standing.holding(str(standing.champion.digest)) == standing.champion, (
        "a digest leads to its version"
    )
    assert registry.appoint(name, version=newest, by=Decision(ours, 3)), "a later entry moves it"
    assert registry.models(name)[0].aliases == (CHAMPION,), "and a champion is no challenger"
    assert not registry.appoint(name, version=oldest, by=Decision(ours, 2)), "an earlier entry comes too late"
    assert registry.models(name)[0].aliases == (CHAMPION,), "and changes nothing"
    assert registry.appoint(name, version=newest, by=Decision(ours, 3)), "the same entry again is harmless"
    assert registry.appoint(name, version=None, by=Decision(ours, 4)), "nobody may be in charge"
    assert registry.standing(name).champion is None, "then there is no champion"
    assert registry.appoint(name, version=oldest, by=Decision(others, 1)), "another history may decide"
    assert registry.standing(name).decided == Decision(others, 1), "and that it did is seen"
    missing = _code(lambda: registry.appoint(name, version="99", by=Decision(others, 2)))
    assert missing == "E1308", "a version that is not there takes no charge"
    assert registry.standing(name).decided == Decision(others, 1), "and nothing is noted of it"
    assert registry.card(name, version=oldest) is None, "a version without a card has none"
    assert _code(lambda: registry.card(name, version="99")) == "E1308", "nor has one that is not there"


def _check_refusals(registry: Registry, name: str) -> None:
    cases = {
        "E1306": (
            "models:/",
            f"models:/{name}",
            f"{name}@champion",
            f"models:/{name}/0",
            f"models:/{name}/x/y",
        ),
        "E1307": (f"models:/{name}-other@champion", f"models:/{name}-other/1"),
        "E1308": (f"models:/{name}@nobody", f"models:/{name}/99"),
    }
    for code, addresses in cases.items():
        for address in addresses:
            assert _code(lambda address=address: registry.resolve(address)) == code, f"{address} says {code}"  # type: ignore[misc]
    missing = _code(lambda: registry.set_alias(name, CHAMPION, version="99"))
    assert missing == "E1308", "an alias is not given to a version that is not there"


def _code(action: Callable[[], object]) -> str | None:
    try:
        action()
    except CauceError as error:
        return error.code
    return None
