"""The types of values, and the bookkeeping that finds each node's type once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from typing import Literal as OneOf

from cauce.errors import CauceError
from cauce.expr.describe import describe
from cauce.expr.nodes import Expression
from cauce.expr.schema import Kind, Schema
from cauce.expr.tree import children, walk
from cauce.language import translate

INTEGER_MIN, INTEGER_MAX = -(2**63), 2**63 - 1


@dataclass(frozen=True)
class ValueType:
    """A kind with a decimal's scale and a datetime's zone."""

    kind: Kind
    scale: int | None = None
    zone: OneOf["UTC"] | None = None


BOOLEAN, INTEGER, FLOAT = ValueType("boolean"), ValueType("integer"), ValueType("float")
TEXT, DATE, DATETIME = ValueType("text"), ValueType("date"), ValueType("datetime")
NUMBERS = ("integer", "float", "decimal")
MOMENTS = ("date", "datetime")
LEVELS = ("text", "integer", "boolean", "date")


class Types:
    """The types of the nodes of expressions over one schema, each found once."""

    def __init__(self, schema: Schema, rules: Mapping[type, Callable[[Any, Types], ValueType]]) -> None:
        self._rules = rules
        self._fields = {field.name: field for field in schema}
        self._schema = schema
        self._found: dict[int, tuple[Expression, ValueType]] = {}

    def of(self, expression: Expression) -> ValueType:
        known = self._found.get(id(expression))
        if known is None:
            for _ in walk(expression):
                pass
            return self._checked(expression)
        return known[1]

    def _checked(self, expression: Expression) -> ValueType:
        known = self._found.get(id(expression))
        if known is not None:
            return known[1]
        for child in children(expression):
            self._checked(child)
        rule = self._rules.get(type(expression))
        if rule is None:
            raise TypeError(f"not a node of the language: {type(expression).__name__}")
        found = rule(expression, self)
        self._found[id(expression)] = (expression, found)
        return found

    def column(self, name: str) -> ValueType:
        field = self._fields.get(name) or self._schema[name]
        return ValueType(field.kind, field.scale if field.kind == "decimal" else None, field.zone)

    def need(self, parent: Expression, child: Expression, *kinds: str) -> ValueType:
        """The type of `child`; E0102 where its kind is none of `kinds`."""
        found = self.of(child)
        if found.kind not in kinds:
            raise CauceError(
                "E0102",
                node=node_name(parent),
                part=describe(child),
                kind=found.kind,
                expected=", ".join(kinds),
            )
        return found

    def unified(self, parent: Expression, parts: tuple[Expression, ...]) -> ValueType:
        """The one type of several operands: equal types, else float where all are numbers; E0103 else."""
        require_some(parent, parts)
        found = [self.of(part) for part in parts]
        if all(item == found[0] for item in found):
            return found[0]
        if all(item.kind in NUMBERS for item in found):
            return FLOAT
        odd = next(k for k, item in enumerate(found) if item != found[0])
        raise CauceError(
            "E0103",
            node=node_name(parent),
            first=describe(parts[0]),
            first_kind=_shown(found[0]),
            second=describe(parts[odd]),
            second_kind=_shown(found[odd]),
        )


def node_name(node: Expression) -> str:
    """The node's name in the language: its class in snake case."""
    text = type(node).__name__
    return "".join(f"_{c.lower()}" if c.isupper() and k else c.lower() for k, c in enumerate(text))


def _shown(found: ValueType) -> str:
    details = [str(item) for item in (found.scale, found.zone) if item is not None]
    return f"{found.kind}({', '.join(details)})" if details else found.kind


def require(holds: bool, node: Expression, *, setting: str, value: Any, rule: str) -> None:
    """E0104 where a setting of a node breaks its rule."""
    if not holds:
        raise CauceError("E0104", node=node_name(node), setting=setting, value=value, rule=rule)


def require_some(node: Expression, parts: tuple[Expression, ...]) -> None:
    """E0104 where a node of many operands has none."""
    require(bool(parts), node, setting="operands", value="()", rule=translate("at least one is needed"))
