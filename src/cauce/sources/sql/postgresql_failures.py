"""The border where psycopg's errors become ours; none repeats a cell or a secret."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cauce.core.secrets import redacted
from cauce.errors import CauceError, raise_alone
from cauce.sources.sql.reader import Lost
from cauce.sources.sql.wording import Asked
from cauce.spec.addresses import Address

_CODES = {
    "28000": "E2511",
    "28P01": "E2511",
    "3D000": "E2512",
    "42P01": "E2513",
    "3F000": "E2513",
    "42501": "E2514",
    "25006": "E2515",
    "0A000": "E2515",
    "42702": "E2521",
    "42701": "E2521",
}
_LOST = ("08", "57P", "40001", "25P03", "25P04")
_BUSY = ("53",)


@contextmanager
def translated_by(address: Address, asked: Asked | None = None) -> Iterator[None]:
    """Turn psycopg's errors into E2510 to E2526, and a connection that ended into `Lost`."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        raise_alone(_failure(error, address, asked))


def _failure(error: Exception, address: Address, asked: Asked | None) -> Exception:
    import psycopg

    state = getattr(error, "sqlstate", None) or ""
    text = str(error)
    if asked is None:
        return _unconnected(state, text, address)
    if state.startswith(_LOST) or (not state and isinstance(error, psycopg.OperationalError)):
        return Lost()
    if state == "42601" and "multiple commands" in text:
        return CauceError("E2515")
    code = _CODES.get(state) or ("E2516" if state.startswith("42") else "E2517")
    return CauceError(
        code,
        address=address,
        name=asked.name,
        database=address.path,
        user=address.user,
        number=state,
        **_quoted(code, text.splitlines()[0] if text else state),
    )


def _quoted(code: str, told: str) -> dict[str, Any]:
    """What an error repeats of the server's words: those about a query or a column's name, never a cell."""
    if code == "E2516":
        return {"reason": redacted(told)}
    if code == "E2521":
        return {"column": told.split('"')[1] if told.count('"') > 1 else ""}
    return {}


def _unconnected(state: str, text: str, address: Address) -> CauceError:
    """libpq gives no state for a login that failed, only the server's sentence."""
    told = {
        "password authentication failed": "E2511",
        "no password supplied": "E2511",
        "no pg_hba.conf entry": "E2511",
        'role "': "E2511",
        "SSL was required": "E2526",
        "SSL error": "E2526",
        "root certificate file": "E2526",
        "server certificate": "E2526",
        'database "': "E2512",
        "permission denied for database": "E2514",
    }
    code = _CODES.get(state) or next((code for part, code in told.items() if part in text), "E2510")
    return CauceError(
        code,
        address=address,
        database=address.path or address.user,
        user=address.user,
        name=address.path,
        reason=_last(text) if code == "E2526" else _reason(text),
    )


def _reason(text: str) -> str:
    for reason in (
        "Connection refused",
        "timeout expired",
        "No route to host",
        "starting up",
        "shutting down",
        "received invalid response",
        "Name or service not known",
        "Temporary failure in name resolution",
    ):
        if reason.lower() in text.lower():
            return reason
    return "could not translate host name" if "host name" in text or "resolve host" in text else "refused"


def _last(text: str) -> str:
    """What libpq says of its own, after where it tried."""
    return text.splitlines()[0].rpartition(" failed: ")[2]
