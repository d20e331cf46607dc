"""Walking over the parts of expressions, within the limits of their size."""

from __future__ import annotations

from collections.abc import Iterator

from cauce.errors import CauceError
from cauce.expr import nodes as n
from cauce.expr.arity import Binary, Many, Unary
from cauce.expr.nodes import Expression

MAX_DEPTH = 150
MAX_NODES = 100_000


def children(expression: Expression) -> tuple[Expression, ...]:
    """The expressions directly inside `expression`, in order."""
    match expression:
        case Unary():
            return (expression.operand,)
        case Binary():
            return (expression.left, expression.right)
        case Many():
            return expression.operands
        case n.IfElse():
            return (expression.condition, expression.then, expression.otherwise)
        case n.Elapsed():
            return (expression.start, expression.end)
    return ()


def walk(expression: Expression) -> Iterator[Expression]:
    """Every node, parents first; E0105 where the expression is deeper or larger than allowed."""
    stack = [(expression, 1)]
    count = 0
    while stack:
        node, depth = stack.pop()
        count += 1
        if depth > MAX_DEPTH or count > MAX_NODES:
            raise CauceError("E0105", depth=MAX_DEPTH, nodes=MAX_NODES)
        yield node
        stack.extend((child, depth + 1) for child in reversed(children(node)))


def columns_of(expression: Expression) -> tuple[str, ...]:
    """The columns it reads, each once, in order of first appearance."""
    return tuple(dict.fromkeys(node.name for node in walk(expression) if isinstance(node, n.Column)))
