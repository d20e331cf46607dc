"""Values that one step leaves in the store and another reads."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from cauce.core.canonical import canonical_json, damaged
from cauce.planning.step import Reference
from cauce.ports.store import Store


def keep_bytes(store: Store, data: bytes, *, suffix: str) -> Reference:
    """Store `data` under its SHA-256; the same bytes are stored once."""
    key = f"objects/{hashlib.sha256(data).hexdigest()}{suffix}"
    store.put_if_absent(key, data)
    return Reference("object", key)


def keep_json(store: Store, value: Any) -> Reference:
    """Store a JSON value under the SHA-256 of its canonical form."""
    return keep_bytes(store, canonical_json(value), suffix=".json")


def read_bytes(store: Store, key: str) -> bytes:
    """The object under `key`, if it is still the one it is named after; E0502, E0507."""
    data = store.get(key)
    name = key.rpartition("/")[2].partition(".")[0]
    if hashlib.sha256(data).hexdigest() != name:
        raise damaged(key, "its bytes do not match its name")
    return data


def read_json(store: Store, key: str) -> Any:
    """The JSON value under `key`; E0502, E0507."""
    return json.loads(read_bytes(store, key))
