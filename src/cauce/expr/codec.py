"""Expressions as JSON values and back, strictly."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import MISSING, fields
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from cauce.errors import CauceError
from cauce.expr import choices
from cauce.expr import nodes as n
from cauce.expr.nodes import Expression
from cauce.expr.schema import KINDS
from cauce.expr.tree import MAX_DEPTH, MAX_NODES, walk
from cauce.expr.value_types import INTEGER_MAX, INTEGER_MIN, node_name
from cauce.language import translate

VERSION = 1
MAX_ITEMS = 10_000_000
_BY_NAME: dict[str, type] = {
    "".join(f"_{c.lower()}" if c.isupper() and k else c.lower() for k, c in enumerate(node.__name__)): node
    for node in n.NODES
}


def encode(expression: Expression) -> dict[str, Any]:
    """`expression` as a JSON value with a version; NaN and infinities are the texts "nan", "inf", "-inf"."""
    for _ in walk(expression):
        pass
    return {"version": VERSION, "expression": _encoded(expression)}


def decode(value: object) -> Expression:
    """The expression that `encode` wrote; E0105 to E0107 for anything else.

    Only its form is checked here; what its settings mean is checked where it meets a schema (`kind_of`).
    """
    if not isinstance(value, dict) or value.keys() != {"version", "expression"}:
        raise _refused("$", translate("it is not an object of version and expression"))
    version = value["version"]
    if type(version) is not int or version < 1:
        raise _refused("$.version", translate("it is not a version number"))
    if version > VERSION:
        raise CauceError("E0107", version=version, known=VERSION)
    return _Reader().expression(value["expression"], "$.expression", depth=1)


def _encoded(node: Expression) -> dict[str, Any]:
    made: dict[str, Any] = {"node": node_name(node)}
    for item in fields(node):
        made[item.name] = _WRITERS.get(str(item.type), _same)(getattr(node, item.name))
    return made


def _same(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _float_out(value: float | None) -> float | str | None:
    if value is None or math.isfinite(value):
        return value
    return "nan" if value != value else "inf" if value > 0 else "-inf"


def _value_out(value: choices.Value) -> Any:
    match value:
        case bool() | int() | str() | None:
            return value
        case float():
            return {"float": _float_out(value)}
        case Decimal():
            return {"decimal": str(value)}
        case datetime():
            return {"datetime": value.isoformat(timespec="microseconds")}
    return {"date": value.isoformat()}


_WRITERS: dict[str, Callable[[Any], Any]] = {
    "Expression": _encoded,
    "tuple[Expression, ...]": lambda parts: [_encoded(part) for part in parts],
    "float": _float_out,
    "float | None": _float_out,
    "tuple[float, ...]": lambda values: [_float_out(value) for value in values],
    "tuple[tuple[str, float], ...]": lambda pairs: [[text, _float_out(number)] for text, number in pairs],
    "Value": _value_out,
    "Level": _value_out,
    "tuple[Value, ...]": lambda values: [_value_out(value) for value in values],
    "tuple[Level, ...]": lambda values: [_value_out(value) for value in values],
}


def _refused(path: str, reason: str) -> CauceError:
    return CauceError("E0106", path=path, reason=reason)


class _Reader:
    """Reads one expression, counting what it has read."""

    def __init__(self) -> None:
        self._nodes = 0
        self._items = 0

    def expression(self, value: object, path: str, *, depth: int) -> Expression:
        self._nodes += 1
        if depth > MAX_DEPTH or self._nodes > MAX_NODES:
            raise CauceError("E0105", depth=MAX_DEPTH, nodes=MAX_NODES)
        if not isinstance(value, dict):
            raise _refused(path, translate("it is not an object"))
        name = value.get("node")
        node = _BY_NAME.get(name) if isinstance(name, str) else None
        if node is None:
            raise _refused(path, translate("it is not an operation of the language"))
        items = {item.name: item for item in fields(node)}
        if value.keys() - {"node"} - items.keys():
            raise _refused(path, translate("it has a setting that the operation does not have"))
        made = {}
        for key, item in items.items():
            if key in value:
                made[key] = self._setting(str(item.type), value[key], f"{path}.{key}", depth)
            elif item.default is MISSING:
                raise _refused(path, translate("a setting of the operation is missing"))
        result: Expression = node(**made)
        return result

    def _setting(self, kind: str, value: object, path: str, depth: int) -> Any:
        if kind == "Expression":
            return self.expression(value, path, depth=depth + 1)
        if kind == "tuple[Expression, ...]":
            parts = enumerate(self._list(value, path))
            return tuple(self.expression(part, f"{path}[{k}]", depth=depth + 1) for k, part in parts)
        if kind.startswith("tuple["):
            read = _READERS[kind.removeprefix("tuple[").removesuffix(", ...]")]
            return tuple(read(part, f"{path}[{k}]") for k, part in enumerate(self._list(value, path)))
        if kind.endswith(" | None"):
            return None if value is None else _READERS[kind.removesuffix(" | None")](value, path)
        return _READERS[kind](value, path)

    def _list(self, value: object, path: str) -> list[Any]:
        if not isinstance(value, list):
            raise _refused(path, translate("it is not a list"))
        self._items += len(value)
        if self._items > MAX_ITEMS:
            raise _refused(path, translate("the lists are too long"))
        return value


def _text_in(value: object, path: str) -> str:
    if not isinstance(value, str) or any("\ud800" <= c <= "\udfff" for c in value):
        raise _refused(path, translate("it is not a text"))
    return value


def _integer_in(value: object, path: str) -> int:
    if type(value) is not int or not INTEGER_MIN <= value <= INTEGER_MAX:
        raise _refused(path, translate("it is not a 64-bit integer"))
    return value


def _boolean_in(value: object, path: str) -> bool:
    if not isinstance(value, bool):
        raise _refused(path, translate("it is not true or false"))
    return value


def _float_in(value: object, path: str) -> float:
    if isinstance(value, str) and value in ("nan", "inf", "-inf"):
        return float(value)
    whole = type(value) is int and abs(value) <= 2**53
    if not whole and not (isinstance(value, float) and math.isfinite(value)):
        raise _refused(path, translate("it is not a finite number, nor nan, inf or -inf as a text"))
    return float(value)  # type: ignore[arg-type]


def _value_in(value: object, path: str) -> Any:
    if isinstance(value, dict) and len(value) == 1:
        ((kind, inner),) = value.items()
        return _tagged(kind, inner, path)
    if isinstance(value, bool) or value is None:
        return value
    return _text_in(value, path) if isinstance(value, str) else _integer_in(value, path)


def _tagged(kind: object, inner: object, path: str) -> Any:
    if kind == "float":
        return _float_in(inner, path)
    text = _text_in(inner, path)
    readers: dict[object, Callable[[str], Any]] = {
        "decimal": Decimal,
        "date": date.fromisoformat,
        "datetime": datetime.fromisoformat,
    }
    try:
        made = readers[kind](text)
    except (KeyError, ValueError, InvalidOperation):
        raise _refused(path, translate("it is not a value of a kind")) from None
    if _value_out(made) != {kind: text}:
        raise _refused(path, translate("it is not written as Cauce writes it"))
    return made


def _level_in(value: object, path: str) -> Any:
    made = _value_in(value, path)
    if made is None or isinstance(made, (float, Decimal, datetime)):
        raise _refused(path, translate("it is not a level"))
    return made


def _pair_in(value: object, path: str) -> tuple[str, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise _refused(path, translate("it is not a pair of a text and a number"))
    return _text_in(value[0], path), _float_in(value[1], path)


def _choice(choices: tuple[str, ...]) -> Callable[[object, str], str]:
    def read(value: object, path: str) -> str:
        if not isinstance(value, str) or value not in choices:
            raise _refused(path, translate("it is not one of the choices"))
        return value

    return read


_READERS: dict[str, Callable[[object, str], Any]] = {
    "str": _text_in,
    "int": _integer_in,
    "bool": _boolean_in,
    "float": _float_in,
    "Value": _value_in,
    "Level": _level_in,
    "tuple[str, float]": _pair_in,
    "Kind": _choice(KINDS),
    "Comparison": _choice(choices.COMPARISONS),
    "Part": _choice(choices.PARTS),
    "ElapsedUnit": _choice(choices.ELAPSED_UNITS),
    "TruncateUnit": _choice(choices.TRUNCATE_UNITS),
    "Side": _choice(("left", "right")),
}
