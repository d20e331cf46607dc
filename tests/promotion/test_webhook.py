"""Who is told when another takes charge: signed, at least once, and never at the cost of the promotion."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from histories import workspace

from cauce.core.promotion.history import Held
from cauce.errors import CauceWarning
from cauce.running.charge import past_of
from cauce.running.promotion_history import Deed, history_of, write
from cauce.running.webhook import MOST_ROUNDS, tell_webhook
from cauce.running.workspace import Workspace
from cauce.spec.gate import is_safe
from cauce.testing.tracking import MemoryRegistry, silent_server, unused_port

SECRET = "correct horse"


@dataclass
class Receiver:
    """What a server heard, and how it answers: a status for each request, the last for all further ones."""

    answers: list[int] = field(default_factory=lambda: [204])
    heard: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    address: str = ""


@contextmanager
def receiver(*answers: int, location: str = "") -> Iterator[Receiver]:
    """A real HTTP server on this machine."""
    found = Receiver(list(answers) or [204])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.heard.append((self.path, dict(self.headers), body))
            status = found.answers[min(len(found.heard), len(found.answers)) - 1]
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    serving.start()
    try:
        found.address = f"http://127.0.0.1:{server.server_port}/hooks/T0K3N?x=1"
        yield found
    finally:
        server.shutdown()
        server.server_close()
        serving.join(5)


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    monkeypatch.setattr("cauce.running.webhook.PAUSES", (0.01, 0.01))


def hooked(folder: Path, url: str, **more: Any) -> Workspace:
    """A project that tells `url`."""
    return workspace(folder, webhook={"url": url, "secret": "env:HOOK_SECRET", **more})


def promoted(work: Workspace, name: str = "a") -> None:
    entries = history_of(work).entries()
    write(work, entries, deed=Deed("promote", Held(hashlib.sha256(name.encode()).hexdigest(), "3"), why="ñ"))


def tell(work: Workspace) -> list[str]:
    """Tell what waits; the codes and texts of what is warned of."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        tell_webhook(work, history_of(work).entries())
    return [str(one.message) for one in heard]


def states(work: Workspace) -> dict[int, str]:
    """Whether the webhook knows, by entry."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return dict(past_of(work, registry=MemoryRegistry()).told)


def test_a_change_is_told_once_and_signed(tmp_path: Path) -> None:
    """A receiver that cannot check who speaks must not deploy anything."""
    with receiver() as server:
        work = hooked(tmp_path, server.address)
        promoted(work, "a")
        promoted(work, "b")
        assert tell(work) == tell(work) == []
    assert [path for path, _, _ in server.heard] == ["/hooks/T0K3N?x=1"] * 2
    entries = history_of(work).entries()
    for (_, headers, body), entry in zip(server.heard, entries, strict=True):
        expected = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        assert headers["Cauce-Signature"] == f"sha256={expected}"
        assert headers["Idempotency-Key"] == hashlib.sha256(entry.to_bytes()).hexdigest()
        told = json.loads(body)
        assert told["key"] == headers["Idempotency-Key"]
        assert (told["event"], told["model"], told["why"]) == ("promote", "m", "ñ")
        assert told["to"] == {"digest": told["digest"], "version": "3"}
        assert told["when"] == entry.when.isoformat()
    assert json.loads(server.heard[1][2])["from"] == json.loads(server.heard[0][2])["to"]
    assert set(states(work).values()) == {"told"}


def test_a_refusal_tells_nobody(tmp_path: Path) -> None:
    with receiver() as server:
        work = hooked(tmp_path, server.address)
        write(work, (), deed=Deed("refuse", Held("a" * 64)))
        tell(work)
    assert server.heard == []


def test_a_webhook_declared_later_is_not_told_of_the_past(tmp_path: Path) -> None:
    """Years of history would reach a channel in one minute."""
    promoted(workspace(tmp_path))
    with receiver() as server:
        tell(hooked(tmp_path, server.address))
    assert server.heard == []


def test_failures_are_repeated_a_few_times_then_with_the_next_command(tmp_path: Path) -> None:
    """A receiver that restarts misses nothing, and each repetition says that it is one."""
    with receiver(500, 503, 500, 500, 204) as server:
        work = hooked(tmp_path, server.address)
        promoted(work)
        (said,) = tell(work)
        assert said == "W2013 The webhook at 127.0.0.1 was not told of entry 1 of m: HTTP 500."
        assert len(server.heard) == 3
        assert states(work) == {1: "waiting"}
        assert tell(work) == []
        assert len(server.heard) == 5
        assert len({(headers["Idempotency-Key"], body) for _, headers, body in server.heard}) == 1
        assert tell(work) == []
        assert len(server.heard) == 5, "what was delivered is not sent again"


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 404])
def test_redirects_are_not_followed_and_refusals_not_repeated(tmp_path: Path, status: int) -> None:
    """A redirect would carry the message to whoever the receiver names."""
    with receiver() as elsewhere, receiver(status, location=elsewhere.address) as server:
        work = hooked(tmp_path, server.address)
        promoted(work)
        assert f"HTTP {status}" in tell(work)[0]
        assert (len(server.heard), elsewhere.heard) == (1, [])


def test_a_silent_webhook_costs_two_seconds_a_try(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cauce.running.webhook.PAUSES", ())
    with silent_server() as address:
        work = hooked(tmp_path, address)
        promoted(work)
        began = time.monotonic()
        (said,) = tell(work)
        assert time.monotonic() - began < 4
        assert "no answer within two seconds" in said


def test_a_dead_webhook_is_given_up_after_a_while_and_blocks_nothing(tmp_path: Path) -> None:
    """Every later command would otherwise wait for a server that was taken down years ago."""
    work = hooked(tmp_path, f"http://127.0.0.1:{unused_port()}/")
    promoted(work)
    said = [tell(work) for _ in range(MOST_ROUNDS)]
    assert all(one[0].startswith("W2013") for one in said[:-1])
    assert said[-1] == [
        f"W2015 The webhook at 127.0.0.1 was never told of entry 1 of m, in {MOST_ROUNDS} tries."
    ]
    assert tell(work) == []
    assert states(work) == {1: "given up"}


def test_no_secret_reaches_a_message_or_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths of webhooks are passwords as well."""
    with receiver(500) as server:
        monkeypatch.setenv("HOOK_URL", server.address)
        work = hooked(tmp_path, "env:HOOK_URL")
        promoted(work)
        said = " ".join(tell(work))
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for secret in (SECRET, "T0K3N"):
        assert secret not in said
        assert secret.encode() not in kept


def test_without_its_secret_nothing_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unsigned message where a signed one is declared would teach receivers to take unsigned ones."""
    monkeypatch.delenv("HOOK_SECRET")
    with receiver() as server:
        work = hooked(tmp_path, server.address)
        promoted(work)
        assert "the environment variable HOOK_SECRET is not set" in tell(work)[0]
    assert server.heard == []


def test_an_address_from_the_environment_has_the_same_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_URL", "http://192.0.2.1/")
    work = hooked(tmp_path, "env:HOOK_URL")
    promoted(work)
    assert "neither https nor on this machine" in tell(work)[0]


@pytest.mark.parametrize(
    ("url", "safe", "allowed"),
    [
        ("https://example.org/x", True, True),
        ("http://example.org/x", False, True),
        ("http://localhost:8000", True, True),
        ("http://127.0.0.1", True, True),
        ("http://127.8.8.8", True, True),
        ("http://[::1]:80/", True, True),
        ("http://127.0.0.1.example.org", False, True),
        ("http://localhost@example.org", False, False),
        ("https://me:secret@example.org", False, False),
        ("file:///etc/passwd", False, False),
        ("ftp://localhost", False, False),
        ("https://", False, False),
        ("https://example.org:99999/", False, False),
        ("https://example.org/ x", False, False),
        ("https://example.org/\nHost: x", False, False),
        ("http://[::1", False, False),
        ("", False, False),
    ],
)
def test_where_a_message_may_go(url: str, safe: bool, allowed: bool) -> None:
    assert is_safe(url, allow_http=False) is safe
    assert is_safe(url, allow_http=True) is allowed


def test_the_warning_is_one_of_ours(tmp_path: Path) -> None:
    """Whoever turns warnings into errors in a test does so by our codes."""
    work = hooked(tmp_path, f"http://127.0.0.1:{unused_port()}/")
    promoted(work)
    with pytest.warns(CauceWarning, match="W2013"):
        tell_webhook(work, history_of(work).entries())
