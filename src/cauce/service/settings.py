"""How a service is set up, as a value that goes to its workers on their command line: no secret is in it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Literal, get_args

from cauce.errors import CauceError

SECONDS_TO_DRAIN = 20
Extra = Literal["ignore", "refuse"]
Full = Literal["refuse", "drop"]
FULLS: tuple[Full, ...] = get_args(Full)
EXTRAS: tuple[Extra, ...] = get_args(Extra)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """body_bytes, rows: of a request. request_seconds: until it has arrived, and until its answer is taken.

    patience: seconds that a request may wait, beyond which it is refused at once. connections: of a worker.
    """

    body_bytes: int = 10 << 20
    rows: int = 10_000
    request_seconds: float = 10.0
    patience: float = 0.1
    connections: int = 2000


@dataclass(frozen=True, kw_only=True)
class CaptureSettings:
    """folder: where what was answered is kept. share: of requests, by their id. window: seconds after the
    answer in which it is kept; 0 for before it. full: what happens to requests that cannot be kept, and to
    those that are not kept within `seconds`.

    left_out: columns that are not kept. most_bytes: of the folder. days: after which what is sealed is
    deleted. segment_bytes, segment_seconds: beyond which a segment is closed. sealer: the command that seals
    the folder, of which it and the days are the last arguments; none for the service's own.
    """

    folder: str
    share: float = 1.0
    window: float = 0.0
    full: Full = "refuse"
    seconds: float = 5.0
    left_out: tuple[str, ...] = ()
    most_bytes: int | None = None
    days: float | None = None
    segment_bytes: int = 16 << 20
    segment_seconds: float = 300.0
    sealer: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ServiceSettings:
    """folder, digest, version: of the bundle. tokens: the file of tokens; None where nobody is asked for one.

    extra: what happens to fields that are no columns. docs: whether there is a page about the doors.
    language: of messages to clients that ask for none. watcher: the command that tells of other models to
    serve (`news.News`); none where the model stays. explainer: the command that says what each column adds to
    predictions, none where nobody may ask; explain_at: the Unix socket where the supervisor has it listen.
    """

    folder: str
    digest: str
    version: str
    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    tokens: str | None = None
    extra: Extra = "ignore"
    docs: bool = False
    language: str = "en"
    capture: CaptureSettings | None = None
    watcher: tuple[str, ...] = ()
    explainer: tuple[str, ...] = ()
    explain_at: str = ""
    limits: Limits = field(default_factory=Limits)

    def to_text(self) -> str:
        """A line that `from_text` reads back."""
        import msgspec

        return msgspec.json.encode(self).decode()

    @staticmethod
    def from_text(text: str) -> ServiceSettings:
        """What `to_text` wrote."""
        import msgspec

        return msgspec.json.decode(text, type=ServiceSettings)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_address(host: str, *, tokens: str | None) -> None:
    """E2401 for an address that others reach where nobody is asked for a token."""
    if tokens is None and not is_loopback(host):
        raise CauceError("E2401", host=host)
