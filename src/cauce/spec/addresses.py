"""Addresses of rows somewhere else: scheme://user@host:port/path?options#fragment, without secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

from cauce.errors import CauceError
from cauce.spec.settings import EMPTY, FrozenMap

DATABASES = frozenset(("mysql", "mariadb", "postgresql", "postgres", "sqlite"))
"""Schemes of databases that rows can be read from and written to."""
WEB = frozenset(("http", "https"))
"""Schemes whose path is kept as it was written, with its query: what stands after "?" is for the server, and
the options for Cauce stand after "#", as in https://host/file.csv#sha256=…"""
BROUGHT = DATABASES | WEB | {"socrata", "s3"}
"""Schemes whose rows Cauce brings here before it reads them."""

_OTHERS = {
    **dict.fromkeys(("pg", "pgsql", "psql", "postgre"), "postgresql"),
    **dict.fromkeys(("mssql", "sqlserver"), "mssql+pyodbc"),
    "oracle": "oracle+oracledb",
}
"""What other programs call a kind of address."""
_OF_ENGINES = re.compile("abfss?|adl|cosn?|dbfs|file|gs|hdfs|o3fs|obs|ofs|oss|s3[an]|s?webhdfs|viewfs|wasbs?")

SECRET_WORDS = "password|passphrase|passwd|secret|token"  # noqa: S105 - names, no secret
"""Words in the name of a setting that holds a secret, as a pattern in lower case."""
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+._-]*)://")
_SECRET_NAME = re.compile(
    r"(^|[_-])(password|passwd|pwd|passphrase|token|secret|key|apikey|signature|sig|credentials?)$",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"(env|keyring|file):(.+)", re.DOTALL)
_PLACE = re.compile("[^/?]*")
_MOST_PORT = 65_535


@dataclass(frozen=True)
class Address:
    """An address, taken apart, every part unescaped (but the path of a web address).

    user, fragment: "" for none; port: None for the scheme's own. path: without the slash that ends the host,
    so that sqlite:///a.db has "a.db" and sqlite:////a.db has "/a.db". options: what stands after "?" (of a
    web address after "#"). A secret is never in it, only the reference to one.
    """

    scheme: str
    user: str = ""
    host: str = ""
    port: int | None = None
    path: str = ""
    options: FrozenMap[str] = EMPTY
    fragment: str = ""

    def __str__(self) -> str:
        return text_of(self)


def scheme_of(text: str) -> str:
    """The scheme of an address in small letters, "" for a path."""
    found = _SCHEME.match(text)
    return found[1].lower() if found else ""


def is_brought(text: str) -> bool:
    """Whether it is an address whose rows are brought here before they are read."""
    return scheme_of(text) in BROUGHT or is_for_sqlalchemy(scheme_of(text))


def slip_in(text: str) -> CauceError | None:
    """E2528 for a scheme that nobody has but that is nearly one of ours, E2500 for an address without one;
    None for others, and for what is no address."""
    scheme = scheme_of(text)
    if not scheme and "://" in text:
        return CauceError("E2500", address=_bare(text), part="scheme")
    if not scheme or is_brought(text) or _OF_ENGINES.fullmatch(scheme):
        return None
    from cauce.spec.nearest import nearest

    near = _OTHERS.get(scheme) or nearest(scheme, BROUGHT)
    return CauceError("E2528", scheme=scheme, near=near) if near else None


def without_user(text: str) -> str:
    """An address as it may be shown where it was not taken apart: nobody knows what stands before @ or in
    its options."""
    found = _SCHEME.match(text)
    rest = text[found.end() :] if found else text
    return f"{found[0] if found else ''}{rest.partition('?')[0].rpartition('@')[2]}"


def is_for_sqlalchemy(scheme: str) -> bool:
    """Whether a scheme names a dialect of SQLAlchemy and its driver, such as mssql+pyodbc."""
    return "+" in scheme


def is_database(text: str) -> bool:
    """Whether it is the address of a database from which rows can be read."""
    return scheme_of(text) in DATABASES or is_for_sqlalchemy(scheme_of(text))


def parse_address(text: str) -> Address:
    """The parts of an address. E2500 where it is none, E2501 where it holds a secret, E2502 where a secret
    is referred to by something else than env:, keyring: or file:."""
    found = _SCHEME.match(text)
    if found is None:
        raise CauceError("E2500", address=_bare(text), part="scheme")
    scheme = found[1].lower()
    rest, _, fragment = text[found.end() :].partition("#")
    if scheme in WEB:
        query, fragment = fragment, ""
        _options(rest.partition("?")[2], scheme=scheme, address=text, repeated=True)
    else:
        rest, _, query = rest.partition("?")
    place = _PLACE.match(rest)[0]  # type: ignore[index]
    path = rest[len(place) :].removeprefix("/")
    user, _, where = place.rpartition("@")
    if ":" in user:
        raise CauceError("E2501", scheme=scheme, option="password")
    host, port = _host(where, text)
    return Address(
        scheme,
        unquote(user),
        host,
        port,
        path if scheme in WEB else unquote(path),
        _options(query, scheme=scheme, address=text),
        unquote(fragment),
    )


def text_of(address: Address) -> str:
    """The address as one would write it; it holds no secret, as no address does."""
    user = f"{quote(address.user, safe='')}@" if address.user else ""
    host = f"[{address.host}]" if ":" in address.host else address.host
    port = "" if address.port is None else f":{address.port}"
    path = address.path if address.scheme in WEB else quote(address.path, safe="/*,=:+ ")
    options = "&".join(f"{quote(name)}={quote(value, safe='/:,')}" for name, value in address.options.items())
    fragment = f"#{quote(address.fragment, safe='. ')}" if address.fragment else ""
    slash, mark = "/" if path or not host else "", "#" if address.scheme in WEB else "?"
    return f"{address.scheme}://{user}{host}{port}{slash}{path}{mark if options else ''}{options}{fragment}"


def is_secret_name(name: str) -> bool:
    """Whether an option of this name holds a secret, so that only a reference may stand there."""
    return _SECRET_NAME.search(name) is not None


def reference_parts(reference: str) -> tuple[str, str]:
    """What kind of place a secret is in (env, keyring, file) and which. E2502 for anything else."""
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        raise CauceError("E2502", option="", scheme="")
    return found[1], found[2]


def _bare(text: str) -> str:
    """What may be shown of a text that may be an address with a secret."""
    return f"{scheme_of(text)}://…" if scheme_of(text) else text.partition("?")[0].rpartition("@")[2]


def _host(where: str, text: str) -> tuple[str, int | None]:
    host, port = where, ""
    if where.startswith("["):
        host, closed, port = where[1:].partition("]")
        if not closed:
            raise CauceError("E2500", address=_bare(text), part="host")
        port = port.removeprefix(":")
    elif ":" in where:
        host, _, port = where.rpartition(":")
    if port and not (port.isascii() and port.isdigit() and 0 < int(port) <= _MOST_PORT):
        raise CauceError("E2500", address=_bare(text), part="port")
    return unquote(host), int(port) if port else None


def _options(query: str, *, scheme: str, address: str, repeated: bool = False) -> FrozenMap[str]:
    options: dict[str, str] = {}
    for name, value in _pairs(query):
        if is_secret_name(name) and _REFERENCE.fullmatch(value) is None:
            code = "E2502" if value.partition(":")[0] in ("env", "keyring", "file") else "E2501"
            raise CauceError(code, scheme=scheme, option=name)
        if name in options and not repeated:
            raise CauceError("E2500", address=_bare(address), part="option")
        options[name] = value
    return FrozenMap(options)


def _pairs(query: str) -> Iterator[tuple[str, str]]:
    for part in query.split("&") if query else ():
        name, _, value = part.partition("=")
        yield unquote(name), unquote(value)


def options_beside(address: Address, known: Mapping[str, object]) -> tuple[str, ...]:
    """Options of the address that nobody knows."""
    return tuple(name for name in address.options if name not in known)
