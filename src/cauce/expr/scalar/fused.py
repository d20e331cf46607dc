"""The commonest feature, a column imputed, shifted and scaled, as one closure instead of four.

The operations and their order are those of the nodes one by one; only the calls between them are saved.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cauce.expr import nodes as n
from cauce.expr.scalar.compiler import Builder, Closure, Compiler


def over(builders: Mapping[type, Builder]) -> dict[type, Builder]:
    """Builders that fuse where they can, and else do as `builders` do."""

    def fusing(plain: Builder) -> Builder:
        return lambda c, node: _affine(c, node) or plain(c, node)

    return {node: fusing(builders[node]) for node in (n.Multiply, n.Divide, n.Coalesce)}


def _affine(c: Compiler, node: n.Expression) -> Closure | None:
    """A closure for impute(column), (… - shift) and (… - shift) × or / scale, or None where it is not one.

    Only columns of floats and integers with float constants that are not NaN.
    """
    match node:
        case n.Multiply(n.Subtract(inner, n.Literal(float() as shift)), n.Literal(float() as scale)):
            return _scaled(c, inner, shift, scale)
        case n.Divide(n.Subtract(inner, n.Literal(float() as shift)), n.Literal(float() as scale)) if scale:
            return _divided(c, inner, shift, scale)
        case n.Coalesce((n.Column(), n.Literal(float() as fill))) if fill == fill:
            return _imputed(c, node.operands[0], fill)
    return None


def _source(c: Compiler, node: n.Expression) -> tuple[str, float | None] | None:
    match node:
        case n.Column(name):
            found: tuple[str, float | None] = name, None
        case n.Coalesce((n.Column(name), n.Literal(float() as fill))) if fill == fill:
            found = name, fill
        case _:
            return None
    return found if c.types.column(found[0]).kind in ("float", "integer") else None


def _imputed(c: Compiler, node: n.Expression, fill: float) -> Closure | None:
    found = _source(c, node)
    if found is None or c.types.column(found[0]).kind != "float":
        return None
    name = found[0]

    def closure(row: Any) -> Any:
        value = row[name]
        return fill if value is None or value != value else value

    return closure


def _scaled(c: Compiler, inner: n.Expression, shift: float, scale: float) -> Closure | None:
    found = _source(c, inner)
    if found is None:
        return None
    name, fill = found

    def filled(row: Any) -> Any:
        value = row[name]
        if value is None or value != value:
            value = fill
        return (value - shift) * scale

    def bare(row: Any) -> Any:
        value = row[name]
        return None if value is None else (value - shift) * scale

    return bare if fill is None else filled


def _divided(c: Compiler, inner: n.Expression, shift: float, scale: float) -> Closure | None:
    found = _source(c, inner)
    if found is None:
        return None
    name, fill = found

    def filled(row: Any) -> Any:
        value = row[name]
        if value is None or value != value:
            value = fill
        return (value - shift) / scale

    def bare(row: Any) -> Any:
        value = row[name]
        return None if value is None else (value - shift) / scale

    return bare if fill is None else filled
