"""An immutable dataset version as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cauce.core.canonical import (
    canonical_json,
    check_fields,
    count,
    damaged,
    hex_digest,
    item,
    read_document,
)
from cauce.expr.schema import KINDS, Field, Schema

FORMAT = 1


def snapshot_key(identity: str) -> str:
    """Where the manifest of the snapshot `identity` (64 hexadecimal digits) is stored."""
    return f"snapshots/{identity}.json"


def part_key(sha256: str) -> str:
    """Where the part with this digest is stored."""
    return f"parts/{sha256}.parquet"


@dataclass(frozen=True)
class Part:
    """One Parquet file of a snapshot: its key in the store, its rows, its size in bytes, its SHA-256."""

    key: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a snapshot is: its declared schema, row count, identity and parts, in order.

    identity: 64 hexadecimal digits made of the schema, the count and an order-independent sum of row
    hashes; parts with other cuts, or rows in another order, have the same identity.
    """

    schema: Schema
    rows: int
    identity: str
    parts: tuple[Part, ...]
    format: int = FORMAT

    @property
    def key(self) -> str:
        """Where this manifest is stored."""
        return snapshot_key(self.identity)

    def to_bytes(self) -> bytes:
        """Canonical JSON that `from_bytes` reads back equal."""
        return canonical_json(
            {
                "format": self.format,
                "schema": self.schema.to_json(),
                "rows": self.rows,
                "identity": self.identity,
                "parts": [vars(part) for part in self.parts],
            }
        )

    @staticmethod
    def from_bytes(data: bytes, key: str) -> Manifest:
        """The manifest stored under `key`. E0507 where it is damaged, E0508 where its format is newer."""
        fields = ("schema", "rows", "identity", "parts")
        value = read_document(data, key, version=FORMAT, fields=fields)
        parts = tuple(_part(one, key) for one in item(value, "parts", kind=list, key=key))
        identity = hex_digest(value, "identity", key=key)
        rows = count(value, "rows", key=key)
        if rows != sum(part.rows for part in parts):
            raise damaged(key, "the rows of its parts do not add up")
        if key != snapshot_key(identity):
            raise damaged(key, "it is stored under another snapshot's name")
        return Manifest(_schema(item(value, "schema", kind=list, key=key), key), rows, identity, parts)


def _part(value: Any, key: str) -> Part:
    if not isinstance(value, dict):
        raise damaged(key, "a part is not an object")
    check_fields(value, ("key", "rows", "bytes", "sha256"), key=key)
    sha256 = hex_digest(value, "sha256", key=key)
    if item(value, "key", kind=str, key=key) != part_key(sha256):
        raise damaged(key, "a part's key does not match its digest")
    return Part(part_key(sha256), count(value, "rows", key=key), count(value, "bytes", key=key), sha256)


def _schema(value: list[Any], key: str) -> Schema:
    fields = tuple(_field(one, key) for one in value)
    if len({field.name for field in fields}) != len(fields):
        raise damaged(key, "two columns have one name")
    return Schema(fields)


def _field(value: Any, key: str) -> Field:
    item(value, "name", kind=str, key=key)
    kind = item(value, "kind", kind=str, key=key)
    if kind not in KINDS:
        raise damaged(key, f"kind {kind} is unknown")
    optional = {"scale"} if kind == "decimal" else {"zone"} if kind == "datetime" else set()
    check_fields(value, {"name", "kind", *(optional & set(value))}, key=key)
    if "zone" in value and value["zone"] != "UTC":
        raise damaged(key, "a zone is not UTC")
    if "scale" in value and not 0 <= count(value, "scale", key=key) <= 38:
        raise damaged(key, "a scale is above 38")
    return Field(**value)
