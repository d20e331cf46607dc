"""A feature on its way: the expression so far, and what was done to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from typing import Literal as OneOf

from cauce.core.task import Task
from cauce.expr.kinds import field_of
from cauce.expr.nodes import Cast, Expression
from cauce.expr.schema import Kind, Schema

Facts = dict[str, Any]
"""What a step learned, as JSON values by name, for `describe`."""


@dataclass(frozen=True)
class Setting:
    """What every step may know: the prepared table's schema, the task and the classes' names.

    weighted: whether the project names a weight column, so that rows count differently. complete: whether
    the learner adds features up, so that it takes numbers without missing values alone.
    """

    schema: Schema
    task: Task
    classes: tuple[str, ...] = ()
    weighted: bool = False
    complete: bool = False

    @property
    def targets(self) -> int:
        """How many columns a target mean has: one for each class of a multiclass task."""
        return len(self.classes) if self.task == "multiclass" else 1


@dataclass(frozen=True)
class Stream:
    """One feature so far.

    expression: for new rows; training: for training rows, another only after a target mean.
    source: the column or formula it began with. suffix: what its name adds to that. told: the steps taken,
    each with what it learned. done: the remaining steps leave it alone.
    more: steps to take before the remaining ones.
    """

    source: str
    expression: Expression
    training: Expression
    kind: Kind
    zone: OneOf["UTC"] | None = None
    suffix: str = ""
    told: tuple[tuple[str, Facts], ...] = ()
    levels: tuple[str, ...] | None = None
    done: bool = False
    more: tuple[Any, ...] = ()

    def then(self, step: str, over: Callable[[Expression], Expression], **facts: Any) -> Stream:
        """After a step that makes `over` of the expression; it learned `facts`."""
        return replace(self.over(over), told=(*self.told, (step, facts)))

    def over(self, change: Callable[[Expression], Expression]) -> Stream:
        """With `change` applied to what new rows and what training rows get."""
        made = change(self.expression)
        same = self.training is self.expression
        return replace(self, expression=made, training=made if same else change(self.training))

    def named(self, suffix: str) -> Stream:
        """With `suffix` after its name."""
        return replace(self, suffix=self.suffix + suffix)

    def floating(self) -> Stream:
        """Its numbers as floats."""
        if self.kind == "float":
            return self
        return replace(self.over(lambda x: Cast(x, "float")), kind="float")


def begin(source: str, expression: Expression, *, schema: Schema) -> Stream:
    """The stream of a column or formula before any step."""
    found = field_of(expression, schema, name=source)
    return Stream(source, expression, expression, found.kind, found.zone)
