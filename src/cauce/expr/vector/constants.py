"""Which parts of an expression have one value whatever the row, and what it is."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from cauce.expr import nodes as n
from cauce.expr.nodes import Expression
from cauce.expr.row import to_row
from cauce.expr.schema import Schema
from cauce.expr.tree import children


class Constants:
    """Finds the constant parts of expressions over one schema, each once.

    Polars carries a part that it finds to be constant as a single number, and has shortcuts for those that
    change results: x / c is x × (1 / c), and 0.0 - x is -x. So constants must be known before it sees them,
    also those behind a `coalesce` whose first operand is one.
    """

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._varies: dict[int, tuple[Expression, bool]] = {}

    def varies(self, node: Expression) -> bool:
        """Whether the value may differ between rows."""
        known = self._varies.get(id(node))
        if known is None:
            known = self._varies[id(node)] = (node, self._found(node))
        return known[1]

    def value(self, node: Expression) -> Any:
        """The value of a part that does not vary: that of any row, here one of nulls."""
        return to_row(node, self._schema)(defaultdict(lambda: None))

    def _found(self, node: Expression) -> bool:
        match node:
            case n.Column():
                return True
            case n.Coalesce(operands):
                return self._first_varies(operands)
            case n.IfElse(condition, then, otherwise) if not self.varies(condition):
                chosen = self.value(condition)
                return chosen is not None and self.varies(then if chosen else otherwise)
            case n.And(operands) | n.Or(operands):
                stop = isinstance(node, n.Or)
                decided = any(not self.varies(part) and self.value(part) is stop for part in operands)
                return not decided and any(self.varies(part) for part in operands)
        return any(self.varies(part) for part in children(node))

    def _first_varies(self, operands: tuple[Expression, ...]) -> bool:
        for part in operands:
            if self.varies(part):
                return True
            value = self.value(part)
            if value is not None and value == value:
                return False
        return False
