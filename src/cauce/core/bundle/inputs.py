"""The columns a model reads, and how what a caller has becomes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cauce.errors import CauceError
from cauce.expr import nodes as n
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
        found = field_of(text, Schema((Field(field.name, "text"),)), field.name)
        if found != field:
            raise ValueError(f"texts become {found.kind} in place of {field.kind}")
        return InputColumn(field, text)


def schema_of(columns: Iterable[InputColumn]) -> Schema:
    """The columns as a schema."""
    return Schema(tuple(column.field for column in columns))


def conversion(column: InputColumn, found: Field) -> Expression | None:
    """What makes a column that is there as `found` into the one wanted, or None where nothing honest does.

    Texts by the training file's own reading; whole floats and decimals become integers, integers and
    decimals floats, integers decimals; a cell that has no such value becomes null (`lost_by` tells it).
    """
    source, wanted = n.Column(found.name), column.field
    if found.kind == wanted.kind:
        same = found.scale == wanted.scale and found.zone == wanted.zone
        return source if same else None
    if found.kind == "text":
        return column.text
    made = _CONVERSIONS.get((found.kind, wanted.kind))
    return None if made is None else made(source)


def _whole(source: Expression) -> Expression:
    whole = n.Cast(source, "integer")
    same = n.Compare(n.Cast(whole, "float"), n.Cast(source, "float"), "==")
    return n.IfElse(same, whole, n.Literal(None, "integer"))


_CONVERSIONS: dict[tuple[str, str], Callable[[Expression], Expression]] = {
    ("integer", "float"): lambda source: n.Cast(source, "float"),
    ("decimal", "float"): lambda source: n.Cast(source, "float"),
    ("float", "integer"): _whole,
    ("decimal", "integer"): _whole,
}


@dataclass(frozen=True)
class Mismatch:
    """What keeps a table from being scored: columns it lacks, and columns of a kind that does not fit."""

    missing: tuple[str, ...] = ()
    wrong: tuple[tuple[str, str, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.missing or self.wrong)

    def error(self) -> CauceError:
        """E1209, naming every column at once."""
        wrong = "; ".join(f"{name}: {found} ≠ {wanted}" for name, found, wanted in self.wrong)
        return CauceError("E1209", missing=", ".join(self.missing) or "-", wrong=wrong or "-")


def described(field: Field) -> str:
    """A field's kind with its scale or zone."""
    parts = (field.kind, field.scale, field.zone)
    return " ".join(str(part) for part in parts if part is not None)
