"""Where runs are tracked, and how to speak of it without its secrets."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote

_USER = re.compile(r"(?<=://)[^\s/?#'\"]*@")
_SQLITE = re.compile(r"(?P<scheme>sqlite(?:\+\w+)?:///)(?P<path>[^?]*)(?P<rest>.*)", re.DOTALL)
_SECRETS = ("MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN")
_MASK = "***"


@dataclass(frozen=True)
class Destination:
    """A tracking server or database. artifacts: the folder of a local database's artifacts, else None.

    uri is not shown: it may hold a user and a password.
    """

    uri: str = field(repr=False)
    artifacts: str | None = None

    @property
    def where(self) -> str:
        """The URI without user, password and query."""
        return self.redact(self.uri)

    @property
    def identity(self) -> str:
        """Tells destinations apart without naming them."""
        return sha256(self.where.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    @property
    def local(self) -> bool:
        """Whether it is a database file on this machine."""
        return self.uri.startswith("sqlite:") or self.uri.startswith("sqlite+")

    @property
    def file(self) -> Path | None:
        """The database file, where it is one."""
        found = _SQLITE.fullmatch(self.uri)
        named = found is not None and found["path"] not in ("", ":memory:")
        return Path(found["path"]) if found is not None and named else None

    def at(self, file: Path) -> Destination:
        """The same with another database file."""
        found = _SQLITE.fullmatch(self.uri)
        assert found is not None
        return replace(self, uri=f"{found['scheme']}{file}{found['rest']}")

    def redact(self, text: str) -> str:
        """`text` without this destination's user, password and query, nor those of any other URI."""
        if not self.local:
            for secret in _secrets(self.uri):
                text = text.replace(secret, _MASK)
        return redacted(text)

    def to_json(self) -> dict[str, str | None]:
        """A JSON value, secrets included: for a pipe, never for a file."""
        return {"uri": self.uri, "artifacts": self.artifacts}


def redacted(text: str) -> str:
    """`text` without the users and passwords of URIs, and without those of the environment."""
    for name in _SECRETS:
        if secret := os.environ.get(name):
            text = text.replace(secret, _MASK)
    return _USER.sub(f"{_MASK}@", text)


def _secrets(uri: str) -> list[str]:
    """What must not be shown of `uri`, longest first."""
    _, mark, rest = uri.partition("://")
    found = []
    if mark and "@" in rest:
        user = rest.rpartition("@")[0]
        name, _, password = user.partition(":")
        found += [user, password, unquote(password)] if password else [name]
    if mark and "?" in rest:
        found.append(rest.partition("?")[2])
    return sorted({one for one in found if one}, key=len, reverse=True)


def destination_for(
    uri: str | None, folder: Path, *, home: Path, environment: Mapping[str, str] | None = None
) -> Destination:
    """Where a project tracks: `uri`, else MLFLOW_TRACKING_URI, else the file `mlflow.db` in `home`.

    folder: the project's; a relative database file is relative to it. home: its folder for Cauce's own.
    """
    known = os.environ if environment is None else environment
    chosen = uri or known.get("MLFLOW_TRACKING_URI") or f"sqlite:///{home.resolve() / 'mlflow.db'}"
    found = _SQLITE.fullmatch(chosen)
    if found is None or not found["path"] or found["path"] == ":memory:":
        return Destination(chosen)
    path = (folder / found["path"]).resolve()
    artifacts = path.parent / "mlartifacts"
    return Destination(f"{found['scheme']}{path}{found['rest']}", str(artifacts))
