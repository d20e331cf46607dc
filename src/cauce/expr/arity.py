"""What nodes are over: one expression, two or several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cauce.expr.nodes import Expression


@dataclass(frozen=True)
class Unary:
    """A node over one expression."""

    operand: Expression


@dataclass(frozen=True)
class Binary:
    """A node over two expressions."""

    left: Expression
    right: Expression


@dataclass(frozen=True)
class Many:
    """A node over several expressions."""

    operands: tuple[Expression, ...]
