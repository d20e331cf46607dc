"""Principal components over batches: those of the same columns are computed together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from cauce.expr import nodes as n
from cauce.expr.blocks import Floats, batch_sums
from cauce.expr.nodes import Expression
from cauce.expr.vector.compiler import Builder, Compiler


@dataclass(frozen=True, eq=False)
class Together:
    """Components of the same columns. places: where they stand; names: their columns, of which `made` makes
    those that a batch has not; weights: [components, columns]."""

    places: tuple[int, ...]
    names: tuple[str, ...]
    made: tuple[pl.Expr, ...]
    centres: Floats
    weights: Floats

    def __call__(self, batch: pl.DataFrame) -> Iterator[tuple[int, pl.Series]]:
        """The place and the values of each, from a batch that has the columns of `names`."""
        columns = [_floats(batch.get_column(name)) for name in self.names]
        found = batch_sums(columns, centres=self.centres, weights=self.weights)
        return ((place, pl.Series(values)) for place, values in zip(self.places, found, strict=True))


def together(c: Compiler, expressions: Sequence[Expression]) -> tuple[Together, ...]:
    """The components among `expressions` that vary, those of the same columns in one."""
    groups: dict[tuple[Any, ...], list[tuple[int, n.Component]]] = {}
    for place, node in enumerate(expressions):
        if isinstance(node, n.Component) and c.constants.varies(node):
            groups.setdefault((repr(node.operands), node.centres), []).append((place, node))
    return tuple(_together(c, own, f"\0{at}.") for at, own in enumerate(groups.values()))


def _together(c: Compiler, group: list[tuple[int, n.Component]], prefix: str) -> Together:
    first = group[0][1]
    names, made = [], []
    for at, operand in enumerate(first.operands):
        if isinstance(operand, n.Column):
            names.append(operand.name)
        else:
            names.append(f"{prefix}{at}")
            made.append(c.number(operand).alias(names[-1]))
    places, weights = tuple(place for place, _ in group), np.array([one.weights for _, one in group])
    return Together(places, tuple(names), tuple(made), np.array(first.centres), weights)


def _floats(series: pl.Series) -> Floats:
    # Nulls of floats become NaN.
    found: Floats = series.cast(pl.Float64).to_numpy()
    return found


def _component(c: Compiler, node: n.Component) -> pl.Expr:
    """One within another expression: the same sums, over a struct of its operands."""
    names = [str(at) for at in range(len(node.operands))]
    parts = [c.number(one).alias(name) for name, one in zip(names, node.operands, strict=True)]
    centres, weights = np.array(node.centres), np.array([node.weights])

    def sums(cells: pl.Series) -> pl.Series:
        columns = [_floats(cells.struct.field(name)) for name in names]
        return pl.Series(cells.name, batch_sums(columns, centres=centres, weights=weights)[0])

    return pl.struct(*parts).map_batches(sums, return_dtype=pl.Float64, is_elementwise=True)


BUILDERS: dict[type, Builder] = {n.Component: _component}
