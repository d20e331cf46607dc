"""The border where PyMySQL's errors become ours; none repeats a cell or a secret."""

from __future__ import annotations

import ssl
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cauce.core.secrets import redacted
from cauce.errors import CauceError, raise_alone
from cauce.sources.sql.reader import Lost
from cauce.sources.sql.wording import Asked
from cauce.spec.addresses import Address

_NO_TLS = 2026
_OF_CLIENT = range(2000, 3000)
_UNREACHED = frozenset((1040, 1129, 1130, 1203, 2002, 2003, 2005))
_LOST = frozenset(
    (0, 1053, 1077, 1079, 1080, 1152, 1158, 1159, 1160, 1161, 1205, 1213, 1927, 2006, 2013, 2055, 4031)
)
_CODES = {
    **dict.fromkeys((1045, 1698, 1862, 2059, 3118, 4151), "E2511"),
    1046: "E2525",
    1049: "E2512",
    **dict.fromkeys((1146, 1109, 1051), "E2513"),
    **dict.fromkeys((1044, 1142, 1143, 1227, 1370, 1410), "E2514"),
    **dict.fromkeys((1290, 1792, 1295, 1336), "E2515"),
    **dict.fromkeys((1054, 1052, 1064, 1111, 1055, 1140, 1305, 1327), "E2516"),
    1060: "E2521",
}
_QUOTING = frozenset(("E2516",))


@contextmanager
def translated_by(address: Address, asked: Asked | None = None) -> Iterator[None]:
    """Turn PyMySQL's errors into E2510 to E2526, and a connection that ended into `Lost`."""
    import pymysql

    try:
        yield
    except (pymysql.MySQLError, struct.error, ssl.SSLError) as error:
        raise_alone(_failure(error, address, asked))
    except (ConnectionError, TimeoutError):
        raise Lost from None


def _failure(error: Exception, address: Address, asked: Asked | None) -> Exception:
    number, text = _parts(error)
    untrusted = error if isinstance(error, ssl.SSLError) else getattr(error, "original_exception", None)
    if number == _NO_TLS or isinstance(untrusted, ssl.SSLError):
        return CauceError("E2526", address=address, reason=getattr(untrusted, "reason", None) or text)
    name = address.path if asked is None else asked.name
    if number in _UNREACHED:
        return CauceError("E2510", address=address, reason=_reason(error, number))
    if number in _LOST:
        return (
            Lost()
            if asked is not None
            else CauceError("E2510", address=address, reason=_reason(error, number))
        )
    code = _CODES.get(number)
    if code == "E2521":
        return CauceError(code, column=_named(text))
    if code is None:
        return CauceError("E2517", address=address, number=number)
    told = redacted(text.partition("the right syntax to use ")[2] or text) if code in _QUOTING else ""
    return CauceError(code, address=address, name=name, database=address.path, user=address.user, reason=told)


def _parts(error: Exception) -> tuple[int, str]:
    found: tuple[Any, ...] = error.args
    number = found[0] if found and isinstance(found[0], int) else -1
    return number, str(found[1]) if len(found) > 1 else ""


def _reason(error: Exception, number: int) -> str:
    """The operating system's reason, PyMySQL's own, or the server's number: its words are not repeated."""
    inner = getattr(error, "original_exception", None)
    told = _parts(error)[1] if number in _OF_CLIENT else ""
    return getattr(inner, "strerror", None) or (type(inner).__name__ if inner else told or str(number))


def _named(text: str) -> str:
    parts = text.split("'")
    return parts[1] if len(parts) > 1 else ""
