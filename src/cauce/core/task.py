"""What is predicted: the target's expression, the task, and the classes in their order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cauce.errors import CauceError
from cauce.expr import nodes as n
from cauce.expr.codec import decode, encode
from cauce.expr.kinds import columns_of, kind_of
from cauce.expr.nodes import Expression
from cauce.expr.schema import Kind, Schema
from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.stats.levels import ColumnLevels

Task = Literal["binary", "multiclass", "regression"]
Class = bool | int | str

MOST_CLASSES = 1000
FEW_INTEGERS = 10
"""An integer target with at most so many distinct values is taken for classes."""
OTHER = "other"
"""The class of the rows that are not of the declared positive class, where there are more than two levels."""

_POSITIVE_WORDS = frozenset(("yes", "y", "true", "t", "si", "sí", "s", "positive", "positivo", "1"))


@dataclass(frozen=True)
class TargetColumn:
    """The target before its values are known: what the user calls it, its expression, kind and columns."""

    name: str
    expression: Expression
    kind: Kind

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it is made of: none of them may become a feature."""
        return columns_of(self.expression)


@dataclass(frozen=True)
class Target:
    """The target once its values are known.

    classes: in the order of their numbers; for binary (negative, positive); empty for regression.
    rest: the negative class is every level but the positive one.
    """

    name: str
    expression: Expression
    kind: Kind
    task: Task
    classes: tuple[Class, ...] = ()
    rest: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it is made of."""
        return columns_of(self.expression)

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes as texts, in order."""
        return tuple(class_name(one) for one in self.classes)

    @property
    def positive(self) -> str | None:
        """The positive class's name; None where the task is not binary."""
        return self.class_names[1] if self.task == "binary" else None

    def label(self) -> Expression:
        """The class number from 0, or the number to predict, as a float; null where there is none."""
        if self.task == "regression":
            value = self.expression if self.kind == "float" else n.Cast(self.expression, "float")
            return n.IfElse(n.IsNan(value), n.Literal(None, "float"), value)
        if self.rest:
            known = n.Not(n.IsNull(self.expression))
            hit = n.Cast(n.LevelEquals(self.expression, self.classes[1]), "float")
            return n.IfElse(known, hit, n.Literal(None, "float"))
        whole = self.expression if self.kind in _LEVEL_KINDS else n.Cast(self.expression, "integer")
        return n.Cast(n.LookupCode(whole, self.classes), "float")

    def to_json(self) -> dict[str, Any]:
        """A JSON value that `from_json` reads back equal."""
        return {
            "name": self.name,
            "expression": encode(self.expression),
            "kind": self.kind,
            "task": self.task,
            "classes": list(self.classes),
            "rest": self.rest,
        }

    @staticmethod
    def from_json(value: dict[str, Any]) -> Target:
        """What `to_json` gave."""
        expression = decode(value["expression"])
        classes = tuple(value["classes"])
        return Target(value["name"], expression, value["kind"], value["task"], classes, value["rest"])


_LEVEL_KINDS: frozenset[Kind] = frozenset(("boolean", "integer", "text"))


def class_name(value: Class) -> str:
    """A class as text: true and false in lower case, whole numbers in digits."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def target_column(name: str, expression: Expression, schema: Schema) -> TargetColumn:
    """The target before its values are known; E1101 for a kind that cannot be predicted."""
    kind = kind_of(expression, schema)
    if kind in ("date", "datetime"):
        raise CauceError("E1101", target=name, kind=kind)
    return TargetColumn(name, expression, kind)


def infer_target(
    column: TargetColumn,
    levels: ColumnLevels,
    *,
    infinities: int = 0,
    task: Task | None = None,
    positive: Class | float | None = None,
) -> tuple[Target, tuple[str, ...]]:
    """The target and, in sentences, what was inferred about it.

    levels: of the target's values over all rows (up to MOST_CLASSES). task, positive: as declared.
    Booleans and two levels are binary; texts, and integers of at most FEW_INTEGERS values, multiclass;
    other numbers regression. Positive: true, 1, yes and the like, else the larger number or the rarer
    class (of equals, the last). Raises E1102 to E1107.
    """
    values = _whole(levels.values)
    if not values and not levels.overflow:
        raise CauceError("E1102", target=column.name)
    said: list[str] = []
    chosen = task or ("binary" if positive is not None else _task(column, values, levels.overflow))
    if task is None:
        said.append(_said_task(chosen, column.name, len(values), levels.overflow))
    if chosen == "regression":
        return _regression(column, infinities), tuple(said)
    _check_classes(column, values, levels.overflow)
    if chosen == "multiclass":
        classes = tuple(sorted(values))
        return Target(column.name, column.expression, column.kind, chosen, classes), tuple(said)
    return _binary(column, _whole_counts(levels), positive, said)


def _task(column: TargetColumn, values: Sequence[Any], overflow: bool) -> Task:
    if column.kind == "boolean" or (len(values) == 2 and not overflow):
        return "binary"
    if column.kind == "text":
        return "multiclass"
    whole = all(isinstance(value, int) for value in values)
    few = not overflow and len(values) <= FEW_INTEGERS
    return "multiclass" if column.kind == "integer" and whole and few else "regression"


def _regression(column: TargetColumn, infinities: int) -> Target:
    if column.kind == "text":
        raise CauceError("E1103", target=column.name)
    if infinities:
        raise CauceError("E1107", target=column.name, count=infinities)
    return Target(column.name, column.expression, column.kind, "regression")


def _check_classes(column: TargetColumn, values: Sequence[Any], overflow: bool) -> None:
    if overflow or len(values) > MOST_CLASSES:
        raise CauceError("E1105", target=column.name, most=MOST_CLASSES)
    if len(values) == 1:
        raise CauceError("E1104", target=column.name)
    if not all(isinstance(value, bool | int | str) for value in values):
        raise CauceError("E1105", target=column.name, most=MOST_CLASSES)


def _binary(
    column: TargetColumn, counts: dict[Class, int], positive: Class | float | None, said: list[str]
) -> tuple[Target, tuple[str, ...]]:
    if positive is not None:
        chosen = _declared(column, counts, positive)
    else:
        if len(counts) > 2:
            raise CauceError("E1108", target=column.name, count=len(counts))
        chosen = _likely_positive(counts)
        text = _("The positive class is {positive}; to choose another, set target.positive.")
        said.append(translate(text).format(positive=class_name(chosen)))
    others = [value for value in counts if value != chosen]
    rest = len(others) > 1
    negative: Class = OTHER if rest else others[0]
    classes = (negative, chosen)
    return Target(column.name, column.expression, column.kind, "binary", classes, rest), tuple(said)


def _declared(column: TargetColumn, counts: dict[Class, int], positive: Class | float) -> Class:
    for value in counts:
        if (type(value) is type(positive) and value == positive) or class_name(value) == str(positive):
            return value
    raise CauceError("E1106", target=column.name, positive=positive, classes=_listed(counts))


def _listed(counts: dict[Class, int]) -> str:
    names = [class_name(value) for value in counts]
    return ", ".join(names[:10]) + (", …" if len(names) > 10 else "")


def _likely_positive(counts: dict[Class, int]) -> Class:
    for value in counts:
        if value is True or class_name(value).lower() in _POSITIVE_WORDS:
            return value
    if all(isinstance(value, int) for value in counts):
        return max(counts)
    return min(sorted(counts, reverse=True), key=lambda value: counts[value])


def _whole(values: Sequence[Any]) -> tuple[Any, ...]:
    """The values, whole floats and decimals as integers where all of them are whole."""
    present = [value for value in values if not (isinstance(value, float) and math.isnan(value))]
    if all(not isinstance(value, str) and math.isfinite(value) and value == int(value) for value in present):
        return tuple(value if isinstance(value, bool) else int(value) for value in present)
    return tuple(present)


def _whole_counts(levels: ColumnLevels) -> dict[Class, int]:
    pairs = zip(levels.values, levels.counts, strict=True)
    counts = [(_whole([value]), count) for value, count in pairs]
    return {value[0]: count for value, count in counts if value}


_SAID: dict[Task, str] = {
    "binary": _("The target {target} is taken as binary; to choose another task, set target.task."),
    "multiclass": _(
        "The target {target} has {count} different values and is taken as multiclass; "
        "to predict it as a number, set target.task to regression."
    ),
    "regression": _("The target {target} is predicted as a number; to choose another task, set target.task."),
}


def _said_task(task: Task, target: str, count: int, overflow: bool) -> str:
    number = f"> {MOST_CLASSES}" if overflow else str(count)
    return translate(_SAID[task]).format(target=target, count=number)
