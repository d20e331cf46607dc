"""Frozen values as plain mappings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any


def plain(value: Any) -> Any:
    """`value` as dicts, lists and scalars; settings that are None are left out."""
    if is_dataclass(value):
        pairs = ((item.metadata.get("alias", item.name), getattr(value, item.name)) for item in fields(value))
        return {name: plain(part) for name, part in pairs if part is not None}
    if isinstance(value, Mapping):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return value
