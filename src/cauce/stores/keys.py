"""Which keys a store takes."""

from __future__ import annotations

import re

from cauce.errors import CauceError

_PART = r"[A-Za-z0-9_-](?:[A-Za-z0-9._-]{0,198}[A-Za-z0-9_-])?"
_KEY = re.compile(rf"{_PART}(?:/{_PART})*")
_PREFIX = re.compile(rf"(?:{_PART}/)*(?:[A-Za-z0-9_-][A-Za-z0-9._-]{{0,199}})?")
_LENGTH = 500


def checked_key(key: str) -> str:
    """`key`, where it can name an object: parts of ASCII letters, digits and "._-" joined by "/"; E0501."""
    if len(key) > _LENGTH or _KEY.fullmatch(key) is None:
        raise CauceError("E0501", key=key)
    return key


def checked_prefix(prefix: str) -> str:
    """`prefix`, where some key could begin with it; E0501 otherwise."""
    if len(prefix) > _LENGTH or _PREFIX.fullmatch(prefix) is None:
        raise CauceError("E0501", key=prefix)
    return prefix
