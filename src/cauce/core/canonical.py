"""Canonical JSON, digests of it, and the strict reading of documents a store keeps."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

from cauce.errors import CauceError

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
T = TypeVar("T")

_HEX = re.compile(r"[0-9a-f]{64}")


def canonical_json(value: Any) -> bytes:
    """`value` as the one JSON text that equal values share.

    Keys sorted, no blanks, ASCII with escapes, floats in their shortest form that reads back equal;
    1 and 1.0 differ. E0606 where the value is not JSON (NaN and infinities included).
    """
    try:
        _check_keys(value)
        return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise CauceError("E0606", reason=str(error)) from error


def _check_keys(value: Any) -> None:
    # Whether a type is a Mapping is asked of every Mapping there is, once for each type.
    if value is None or isinstance(value, str | int | float):
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"a key is {type(key).__name__}, not text")
            _check_keys(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _check_keys(item)


def digest_of(value: Any) -> str:
    """SHA-256 of the canonical JSON of `value`, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def is_digest(value: object) -> bool:
    """Whether `value` is 64 lower-case hexadecimal digits."""
    return isinstance(value, str) and _HEX.fullmatch(value) is not None


def damaged(key: str, reason: str) -> CauceError:
    """E0507 for the stored document `key`."""
    return CauceError("E0507", key=key, reason=reason)


def _distinct(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the key {name!r} occurs twice")
        found[name] = value
    return found


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def read_document(
    data: bytes, key: str, *, version: int, fields: Iterable[str], optional: Iterable[str] = ()
) -> dict[str, Any]:
    """The JSON object `data`, which must have exactly `fields` and "format", and may have `optional`.

    key: where it was stored, for messages. E0507 where it is damaged; E0508 where its format is newer
    than `version`.
    """
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_distinct, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise damaged(key, str(error)) from error
    if not isinstance(value, dict):
        raise damaged(key, "it is not a JSON object")
    found = item(value, "format", kind=int, key=key)
    if found < 1:
        raise damaged(key, "format is not a version number")
    if found > version:
        raise CauceError("E0508", key=key, version=found, known=version)
    given = set(value).intersection(optional)
    check_fields(value, {"format", *fields, *given}, key=key)
    return value


def check_fields(value: Mapping[str, Any], fields: Iterable[str], *, key: str) -> None:
    """E0507 unless the names of `value` are exactly `fields`."""
    expected = set(fields)
    if missing := sorted(expected - set(value)):
        raise damaged(key, f"{', '.join(missing)} is missing")
    if unknown := sorted(set(value) - expected):
        raise damaged(key, f"{', '.join(unknown)} is unknown")


def item(value: Any, name: str, *, kind: type[T], key: str) -> T:
    """`value[name]`, which must be of exactly this type (a boolean is no integer); E0507 otherwise."""
    found = value.get(name) if isinstance(value, dict) else None
    if type(found) is not kind:
        raise damaged(key, f"{name} is not of type {kind.__name__}")
    return found


def count(value: Any, name: str, *, key: str) -> int:
    """`value[name]`, which must be an integer of at least 0; E0507 otherwise."""
    found = item(value, name, kind=int, key=key)
    if found < 0:
        raise damaged(key, f"{name} is negative")
    return found


def hex_digest(value: Any, name: str, *, key: str) -> str:
    """`value[name]`, which must be 64 hexadecimal digits; E0507 otherwise."""
    found = item(value, name, kind=str, key=key)
    if not is_digest(found):
        raise damaged(key, f"{name} is not a SHA-256 digest")
    return found
