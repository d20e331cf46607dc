"""The columns a model reads, and how texts become their values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cauce.expr.codec import decode, encode
from cauce.expr.kinds import field_of
from cauce.expr.nodes import Expression
from cauce.expr.schema import Field, Schema


@dataclass(frozen=True)
class InputColumn:
    """A column of the raw table. text: how a text cell becomes its value (the reading of the training file,
    markers of missing values included), over a column of texts of the same name; None where that was not
    needed: then a text is no value of another kind.
    """

    field: Field
    text: Expression | None = None

    @property
    def name(self) -> str:
        """The column's name."""
        return self.field.name

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        (field,) = Schema((self.field,)).to_json()
        return {"field": field, "text": None if self.text is None else encode(self.text)}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> InputColumn:
        """What `to_json` gave; ValueError where a text would become another kind."""
        (field,) = Schema.from_json([value["field"]])
        if value["text"] is None:
            return InputColumn(field)
        text = decode(value["text"])
        found = field_of(text, Schema((Field(field.name, "text"),)), name=field.name)
        if found != field:
            raise ValueError(f"texts become {found.kind} in place of {field.kind}")
        return InputColumn(field, text)


def schema_of(columns: Iterable[InputColumn]) -> Schema:
    """The columns as a schema."""
    return Schema(tuple(column.field for column in columns))
