"""Principal components of one row: those of the same columns are computed together."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

import numpy as np

from cauce.expr import nodes as n
from cauce.expr.blocks import row_sums
from cauce.expr.nodes import Expression
from cauce.expr.scalar.compiler import Builder, Closure, Compiler


def together(c: Compiler, expressions: Sequence[Expression]) -> list[tuple[list[int], Closure]]:
    """The places of the components of the same columns among `expressions`, and a closure of their values."""
    groups: dict[tuple[Any, ...], list[int]] = {}
    for place, node in enumerate(expressions):
        if isinstance(node, n.Component):
            groups.setdefault((repr(node.operands), node.centres), []).append(place)
    return [(places, _sums(c, [expressions[at] for at in places])) for places in groups.values()]


def _sums(c: Compiler, nodes: Sequence[Any]) -> Closure:
    for node in nodes:
        c.types.of(node)
    cells = _cells(c, nodes[0].operands)
    sums = row_sums(np.array(nodes[0].centres), np.array([one.weights for one in nodes]))
    # None becomes NaN.
    return lambda row: sums(np.array(cells(row), dtype=np.float64))


def _cells(c: Compiler, operands: tuple[Expression, ...]) -> Closure:
    names = [one.name for one in operands if isinstance(one, n.Column)]
    if len(names) == len(operands) > 1:
        return itemgetter(*names)
    parts = [c.number(one) for one in operands]
    return lambda row: [part(row) for part in parts]


def _component(c: Compiler, node: n.Component) -> Closure:
    sums = _sums(c, (node,))
    return lambda row: sums(row)[0]


BUILDERS: dict[type, Builder] = {n.Component: _component}
