"""Where runs are tracked, and how to speak of it without its secrets."""

from __future__ import annotations

import os
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from cauce.errors import CauceError

_USER = re.compile(r"(?<=://)[^\s/?#'\"]*@")
_SQLITE = re.compile(r"(?P<scheme>sqlite(?:\+\w+)?:///)(?P<path>[^?]*)(?P<rest>.*)", re.DOTALL)
_USERNAME, _PASSWORD, _TOKEN = (f"MLFLOW_TRACKING_{name}" for name in ("USERNAME", "PASSWORD", "TOKEN"))
_SECRETS = (_PASSWORD, _TOKEN)
_REFERRED = re.compile(r"(?P<before>[?&])password=(?P<reference>(?:env|keyring|file):[^&#]*)(?P<after>&?)")
_OPTIONS = dict.fromkeys(("password", "token"))
_MASK = "***"


@dataclass(frozen=True)
class Login:
    """Who asks a server: a user with a password, or the bearer of a token. None of it is shown."""

    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    @property
    def variables(self) -> dict[str, str | None]:
        """What MLflow's client is told by its environment; None for what must not be there."""
        return {
            _USERNAME: None if self.token else self.user,
            _PASSWORD: None if self.token else self.password,
            _TOKEN: self.token or None,
        }

    @property
    def secrets(self) -> Iterator[str]:
        """What must not be shown, in each form in which it crosses the net."""
        for secret in filter(None, (self.password, self.token)):
            yield from (secret, quote(secret, safe=""))
        if self.password:
            yield b64encode(f"{self.user}:{self.password}".encode()).decode()


@dataclass(frozen=True)
class Destination:
    """A tracking server or database. artifacts: the folder of a local database's artifacts, else None.
    login: who asks, where the project says so; else MLflow's own variables of the environment do.

    uri is not shown: it may hold a user and a password.
    """

    uri: str = field(repr=False)
    artifacts: str | None = None
    login: Login | None = None

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
        known = () if self.local else _secrets(self.uri)
        own = () if self.login is None else self.login.secrets
        for secret in sorted({*known, *own}, key=len, reverse=True):
            text = text.replace(secret, _MASK)
        return redacted(text)

    def to_json(self) -> dict[str, object]:
        """A JSON value, secrets included: for a pipe, never for a file."""
        return asdict(self)

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Destination:
        """What `to_json` gave."""
        login = value["login"]
        return Destination(value["uri"], value["artifacts"], None if login is None else Login(**login))


def redacted(text: str) -> str:
    """`text` without the users and passwords of URIs, and without those of the environment."""
    for name in _SECRETS:
        if secret := os.environ.get(name):
            text = text.replace(secret, _MASK)
    return _USER.sub(f"{_MASK}@", text)


def _secrets(uri: str) -> set[str]:
    """What must not be shown of `uri`."""
    _, mark, rest = uri.partition("://")
    found = []
    if mark and "@" in rest:
        user = rest.rpartition("@")[0]
        name, _, password = user.partition(":")
        found += [user, password, unquote(password)] if password else [name]
    if mark and "?" in rest:
        found.append(rest.partition("?")[2])
    return {one for one in found if one}


def destination_for(
    uri: str | None, folder: Path, *, home: Path, environment: Mapping[str, str] | None = None
) -> Destination:
    """Where a project tracks: `uri`, else MLFLOW_TRACKING_URI, else the file `mlflow.db` in `home`.

    folder: the project's; a relative database file is relative to it. home: its folder for Cauce's own.
    E2503 and E2504 where a secret that the address refers to cannot be found.
    """
    known = os.environ if environment is None else environment
    chosen = uri or known.get("MLFLOW_TRACKING_URI") or f"sqlite:///{home.resolve() / 'mlflow.db'}"
    found = _SQLITE.fullmatch(chosen)
    if found is None:
        return _remote(chosen)
    if found["path"] in ("", ":memory:"):
        return Destination(chosen)
    path = (folder / found["path"]).resolve()
    artifacts = path.parent / "mlartifacts"
    return Destination(f"{found['scheme']}{path}{found['rest']}", str(artifacts))


def _remote(uri: str) -> Destination:
    """A server or a database elsewhere, with the secrets that its address refers to."""
    # A project with a database of its own loads none of this.
    from cauce.core.secrets import resolve_secret
    from cauce.spec.addresses import WEB, scheme_of

    if scheme_of(uri) in WEB:
        return _server(uri)
    found = _REFERRED.search(uri)
    if found is None:
        return Destination(uri)
    password = quote(resolve_secret(unquote(found["reference"])).reveal(), safe="")
    rest = uri[: found.start()] + (found["before"] if found["after"] else "") + uri[found.end() :]
    scheme, _, place = rest.partition("://")
    user, _, host = place.rpartition("@")
    return Destination(f"{scheme}://{user}:{password}@{host}")


def _server(uri: str) -> Destination:
    from cauce.core.secrets import resolve_secret
    from cauce.spec.addresses import options_beside, parse_address

    plain, mark, _ = uri.partition("#")
    if not mark:
        return Destination(uri)
    address = parse_address(uri)
    for name in options_beside(address, _OPTIONS):
        raise CauceError("E1313", option=name)
    given = {name: resolve_secret(reference).reveal() for name, reference in address.options.items()}
    scheme, _, place = plain.partition("://")
    login = Login(address.user, given.get("password", ""), given.get("token", ""))
    return Destination(f"{scheme}://{place.rpartition('@')[2]}", login=login)
