"""Tokens: what each may do, kept as SHA-256 of 256 random bits, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from cauce.errors import CauceError
from cauce.language import gettext_noop as _
from cauce.language import translate

Scope = Literal["predict", "explain", "operate"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_MOST = 1 << 20


@dataclass(frozen=True)
class Token:
    """A token's name, what it may do, and the SHA-256 of it in hexadecimal digits."""

    name: str
    scopes: frozenset[str]
    sha256: str


def read_tokens(path: str | Path) -> tuple[Token, ...]:
    """The tokens in a file; E2402."""
    try:
        with Path(path).open("rb") as file:
            found = json.loads(file.read(_MOST + 1).decode("utf-8"))
        tokens = tuple(map(_token, found["tokens"]))
    except OSError as error:
        raise CauceError("E2402", file=path, reason=error.strerror or type(error).__name__) from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise CauceError("E2402", file=path, reason=translate(_("it is not in their form"))) from None
    if len({one.name for one in tokens}) < len(tokens):
        raise CauceError("E2402", file=path, reason=translate(_("a name occurs twice")))
    return tokens


def _token(value: Any) -> Token:
    if set(value) != {"name", "scopes", "sha256"} or not isinstance(value["scopes"], list):
        raise ValueError
    name, scopes, digest = value["name"], frozenset(value["scopes"]), value["sha256"]
    if not _NAME.fullmatch(name) or not scopes <= set(SCOPES) or not _DIGEST.fullmatch(digest):
        raise ValueError
    return Token(name, scopes, digest)


def make_token(path: str | Path, name: str, *, scopes: Sequence[str] = ("predict",)) -> str:
    """A new token, whose digest is put into the file (made where there is none, for its owner alone).

    E2402, E2405; E2406 for a name or a scope that cannot be.
    """
    for scope in scopes:
        if scope not in SCOPES:
            raise CauceError("E2406", option="--scope", expected=", ".join(SCOPES), value=scope)
    if not _NAME.fullmatch(name):
        raise CauceError("E2406", option="NAME", expected="A-Z a-z 0-9 . _ -", value=name)
    target = Path(path)
    known = read_tokens(target) if target.exists() else ()
    if any(one.name == name for one in known):
        raise CauceError("E2405", file=target, name=name)
    secret = secrets.token_urlsafe(32)
    made = Token(name, frozenset(scopes), _digest(secret.encode("ascii")))
    _write(target, (*known, made))
    return secret


def _write(path: Path, tokens: Sequence[Token]) -> None:
    listed = [{"name": one.name, "scopes": sorted(one.scopes), "sha256": one.sha256} for one in tokens]
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({"tokens": listed}, file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise CauceError("E2402", file=path, reason=error.strerror or type(error).__name__) from None


def scopes_of(authorization: bytes, tokens: Sequence[Token]) -> frozenset[str] | None:
    """What the token in an Authorization header may do; None where there is none that is known.

    Every token is compared, in time that does not depend on where they differ.
    """
    kind, _space, secret = authorization.partition(b" ")
    given = _digest(secret.strip()) if kind.lower() == b"bearer" else ""
    found: frozenset[str] | None = None
    for one in tokens:
        if hmac.compare_digest(one.sha256, given):
            found = one.scopes
    return found


def _digest(secret: bytes) -> str:
    return hashlib.sha256(secret).hexdigest()
