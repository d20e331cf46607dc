"""The kinds of values a table holds, and a table's schema."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

import polars as pl

from cauce.errors import CauceError

Kind = Literal["boolean", "integer", "float", "decimal", "text", "date", "datetime"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Field:
    """A named column of one kind; every column may hold nulls.

    integer is 64-bit signed, float is IEEE 754 binary64, decimal has 38 digits of which `scale` follow
    the mark, datetime counts microseconds and is an instant in UTC where `zone` is "UTC", else wall time.
    """

    name: str
    kind: Kind
    scale: int | None = None
    zone: Literal["UTC"] | None = None

    @property
    def dtype(self) -> pl.DataType:
        """The Polars type that carries this field in a batch (zones live in the schema, not in batches)."""
        if self.kind == "decimal":
            return pl.Decimal(38, self.scale or 0)
        if self.kind == "datetime":
            return pl.Datetime("us")
        return _DTYPES[self.kind]


_DTYPES: dict[str, pl.DataType] = {
    "boolean": pl.Boolean(),
    "integer": pl.Int64(),
    "float": pl.Float64(),
    "text": pl.String(),
    "date": pl.Date(),
}


@dataclass(frozen=True)
class Schema:
    """The fields of a table, in order, with distinct names."""

    fields: tuple[Field, ...]

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def __contains__(self, name: str) -> bool:
        return any(field.name == name for field in self.fields)

    def __getitem__(self, name: str) -> Field:
        for field in self.fields:
            if field.name == name:
                return field
        raise CauceError("E0101", column=name, columns=", ".join(self.names))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.fields)

    @property
    def dtypes(self) -> dict[str, pl.DataType]:
        """Polars types by name, for `pl.DataFrame(schema=...)`."""
        return {field.name: field.dtype for field in self.fields}

    def select(self, names: list[str] | tuple[str, ...]) -> Schema:
        """The schema of these columns, in the order given."""
        known = {field.name: field for field in self.fields}
        return Schema(tuple(known.get(name) or self[name] for name in names))

    def to_json(self) -> list[dict[str, Any]]:
        """A JSON value that `from_json` reads back; keys that are None are left out."""
        return [
            {key: value for key, value in vars(field).items() if value is not None} for field in self.fields
        ]

    @staticmethod
    def from_json(value: list[dict[str, Any]]) -> Schema:
        return Schema(tuple(Field(**item) for item in value))
