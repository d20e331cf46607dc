"""What is predicted: the target's expression, the task, and the classes in their order."""

from __future__ import annotations

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
REST = ("other", "rest")
"""The class of the rows that are not of the positive class, where there are more than two: the first name,
or the second where the positive class has the first."""

MOST_WHOLE = 2**53
"""Beyond, neighbouring whole numbers are one float."""
_YES = frozenset(["yes", "true", "si", "sí", "positive", "positivo", "verdadero"])
_SHORT_YES = frozenset(["y", "t", "s", "pos", "+", "1"])
_SHORT_NO = frozenset(["n", "f", "no", "neg", "-", "0", "-1"])


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
        whole = self.expression if self.kind in _LEVEL_KINDS else n.Cast(self.expression, "integer")
        if self.rest:
            hit = n.Cast(n.LevelEquals(whole, self.classes[1]), "float")
            return n.IfElse(n.IsNull(whole), n.Literal(None, "float"), hit)
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


def class_name(value: Class | float) -> str:
    """A class as text: true and false in lower case, whole numbers in digits."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def target_column(name: str, expression: Expression, *, schema: Schema) -> TargetColumn:
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
    other numbers regression. Positive: true, yes and the like against their opposite, else the larger
    number or the rarer class (of equals, the last). Raises E1102 to E1108, E1116.
    """
    counts = _counts(levels)
    _check_values(column, counts, levels.overflow, infinities)
    said: list[str] = []
    chosen = task or ("binary" if positive is not None else _task(column, counts, levels.overflow))
    if task is None:
        said.append(translate(_SAID[chosen]).format(target=column.name, count=len(counts)))
    if chosen == "regression":
        if column.kind == "text":
            raise CauceError("E1103", target=column.name)
        return Target(column.name, column.expression, column.kind, chosen), tuple(said)
    classes = _classes(column, counts, levels.overflow)
    if chosen == "multiclass":
        ordered = tuple(sorted(classes))
        return Target(column.name, column.expression, column.kind, chosen, ordered), tuple(said)
    found = _positive(column, classes, positive)
    if positive is None:
        said.append(translate(_SAID_POSITIVE).format(positive=class_name(found)))
    return _binary(column, classes, found), tuple(said)


def _counts(levels: ColumnLevels) -> dict[Any, int]:
    """Rows by value, without NaN; whole floats as integers where all of them are whole."""
    pairs = zip(levels.values, levels.counts, strict=True)
    present = {value: count for value, count in pairs if value == value}  # noqa: PLR0124 - NaN is not
    if all(isinstance(value, float) and _is_whole(value) for value in present):
        return {int(value): count for value, count in present.items()}
    return present


def _is_whole(value: float) -> bool:
    return value.is_integer() and abs(value) <= MOST_WHOLE


def _check_values(column: TargetColumn, counts: dict[Any, int], overflow: bool, infinities: int) -> None:
    if infinities:
        raise CauceError("E1107", target=column.name, count=infinities)
    if not counts and not overflow:
        raise CauceError("E1102", target=column.name)
    if len(counts) == 1:
        raise CauceError("E1104", target=column.name)


def _task(column: TargetColumn, counts: dict[Any, int], overflow: bool) -> Task:
    levels = not overflow and not any(isinstance(value, float) for value in counts)
    if column.kind == "boolean" or (levels and len(counts) == 2):
        return "binary"
    if column.kind == "text":
        return "multiclass"
    few = levels and len(counts) <= FEW_INTEGERS
    return "multiclass" if column.kind == "integer" and few else "regression"


def _classes(column: TargetColumn, counts: dict[Any, int], overflow: bool) -> dict[Class, int]:
    if overflow:
        raise CauceError("E1105", target=column.name, most=MOST_CLASSES)
    if any(isinstance(value, float) for value in counts):
        raise CauceError("E1116", target=column.name)
    return counts


def _binary(column: TargetColumn, classes: dict[Class, int], positive: Class) -> Target:
    others = [value for value in classes if value != positive]
    rest = len(others) > 1
    negative = REST[class_name(positive) == REST[0]] if rest else others[0]
    pair = (negative, positive)
    return Target(column.name, column.expression, column.kind, "binary", pair, rest)


def _positive(column: TargetColumn, classes: dict[Class, int], declared: Class | float | None) -> Class:
    if declared is not None:
        return _declared(column, classes, declared)
    if len(classes) > 2:
        raise CauceError("E1108", target=column.name, count=len(classes))
    return _likely_positive(classes)


def _declared(column: TargetColumn, classes: dict[Class, int], positive: Class | float) -> Class:
    whole = int(positive) if isinstance(positive, float) and positive.is_integer() else positive
    for value in classes:
        if type(value) is type(whole) and value == whole:
            return value
    for value in classes:
        if class_name(value) in (class_name(whole), str(whole)):
            return value
    raise CauceError("E1106", target=column.name, positive=positive, classes=_listed(classes))


def _listed(classes: dict[Class, int]) -> str:
    names = [class_name(value) for value in classes]
    return ", ".join(names[:10]) + (", …" if len(names) > 10 else "")


def _likely_positive(classes: dict[Class, int]) -> Class:
    if not any(isinstance(value, str) for value in classes):
        return max(classes)
    first, second = sorted(classes, key=str)
    for value, other in ((first, second), (second, first)):
        word, opposite = str(value).strip().lower(), str(other).strip().lower()
        if opposite not in _YES and (word in _YES or (word in _SHORT_YES and opposite in _SHORT_NO)):
            return value
    return min((second, first), key=lambda value: classes[value])


_SAID_POSITIVE = _("The positive class is {positive}; to choose another, set target.positive.")
_SAID: dict[Task, str] = {
    "binary": _("The target {target} is taken as binary; to choose another task, set target.task."),
    "multiclass": _(
        "The target {target} has {count} different values and is taken as multiclass; "
        "to predict it as a number, set target.task to regression."
    ),
    "regression": _("The target {target} is predicted as a number; to choose another task, set target.task."),
}
