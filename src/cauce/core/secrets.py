"""Secrets: found by reference when they are used, and never shown."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cauce.errors import CauceError
from cauce.spec.addresses import SECRET_WORDS, reference_parts

MASK = "***"
SECRET_NAME = rf"{SECRET_WORDS}|credential|private|(access|account|api|session)[._-]?key"
"""What is in the name of a setting whose value others must not see: more than a project is refused for. A
pattern in lower case, for Python and for Java."""
SECRET_VALUE = r"://[^/?#:@\s]*:[^@/\s]+@"  # noqa: S105 - a pattern, no secret
"""An address with a password in it, as a pattern for both."""
_MOST_BYTES = 1 << 16
_SHORTEST = 4
_revealed: set[str] = set()


@dataclass(frozen=True)
class Secret:
    """A text that shows itself as ***."""

    _text: str = field(repr=False)

    def reveal(self) -> str:
        """The text itself, for whoever it is meant for."""
        return self._text

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a secret stays in the process that found it")


def resolve_secret(reference: str) -> Secret:
    """The secret that `env:NAME`, `keyring:SERVICE` (with `/USER` where there are several) or `file:/path`
    names. E2502 for another reference, E2503 where nothing is there, E2504 where keyring is not installed."""
    kind, name = reference_parts(reference)
    text = _FOUND[kind](name)
    if not text:
        raise CauceError("E2503", reference=reference)
    _revealed.add(text)
    return Secret(text)


def redacted(text: str) -> str:
    """`text` without any secret that this process has looked up; those of under 4 characters stay."""
    for secret in sorted((one for one in _revealed if len(one) >= _SHORTEST), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def _of_environment(name: str) -> str | None:
    return os.environ.get(name)


def _of_file(name: str) -> str | None:
    try:
        with Path(name).expanduser().open("rb") as file:
            return file.read(_MOST_BYTES).decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError, ValueError):
        return None


def _of_keyring(name: str) -> str | None:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        raise CauceError("E2504", reference=f"keyring:{name}") from None
    service, _, user = name.rpartition("/") if "/" in name else (name, "", "")
    try:
        if user:
            return keyring.get_password(service, user)
        found = keyring.get_credential(service, None)
    except KeyringError:
        return None
    return None if found is None else found.password


_FOUND: Mapping[str, Callable[[str], str | None]] = {
    "env": _of_environment,
    "keyring": _of_keyring,
    "file": _of_file,
}
