"""Principal components of several number columns: planned, learned, and computed row by row."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cauce.core.features.asking import Ask
from cauce.core.features.stream import Stream
from cauce.errors import CauceError
from cauce.expr import nodes as n
from cauce.expr.nodes import Expression, literal
from cauce.stats.gram import Grams
from cauce.stats.moments import ColumnMoments

MOST_COLUMNS = 2_000
MOST_CELLS = 40_000
"""Columns × components: each is a product in every row."""
_FEW_COLUMNS, _FEW_CELLS = 500, 2_000
"""Up to here components are sums of products written out, as the bundles of before have them."""
DEFAULT = 5
_NO_VARIANCE = 1e-12
_STRONGEST = 3
Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class ComponentsPlan:
    """What is to be learned. columns: names and what they are, numbers that may be missing.

    count: of components, or None where they shall hold `share` of the variance. scale: whether each column
    is divided by its deviation first.
    """

    name: str
    columns: tuple[tuple[str, Expression], ...]
    count: int | None = None
    share: float | None = None
    scale: bool = True

    @property
    def most(self) -> int:
        """The most components there can be."""
        wide = len(self.columns)
        return wide if self.share is not None else min(wide, self.count or DEFAULT)


def number_cell(stream: Stream) -> Expression:
    """The numbers of a column as floats."""
    return stream.floating().expression


@dataclass(frozen=True, eq=False, kw_only=True)
class Components:
    """What was learned: component k of a row is Σ loadings[k] × (value − means) / spreads, missing adding 0.

    means, spreads, deviations, missing: [columns]; spreads are 1 where columns are not scaled, deviations
    are of the values as they are (n − 1), missing counts the training rows without a finite value.
    loadings: [kept, columns], of length 1, the largest (of equals the first) above 0. variances:
    [columns], of every direction there is, falling; 0 or more.
    """

    name: str
    columns: tuple[str, ...]
    scale: bool
    rows: int
    means: Floats
    spreads: Floats
    deviations: Floats
    missing: NDArray[np.int64]
    loadings: Floats
    variances: Floats

    @property
    def shares(self) -> Floats:
        """The share of all variance in each direction."""
        found: Floats = self.variances / self.variances.sum()
        return found

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        plain = {name: value for name, value in vars(self).items() if not isinstance(value, np.ndarray)}
        arrays = {name: value.tolist() for name, value in vars(self).items() if isinstance(value, np.ndarray)}
        return {**plain, **arrays, "columns": list(self.columns)}

    @staticmethod
    def from_json(value: dict[str, Any]) -> Components:
        """What `to_json` gave."""
        floats = ("means", "spreads", "deviations", "loadings", "variances")
        read: dict[str, Any] = {name: np.asarray(value[name], dtype=np.float64) for name in floats}
        read |= {name: value[name] for name in ("name", "scale", "rows")}
        missing = np.asarray(value["missing"], dtype=np.int64)
        return Components(**read, missing=missing, columns=tuple(value["columns"]))

    def streams(self, cells: Sequence[Expression]) -> Iterator[Stream]:
        """The components as features; cells: what `ComponentsPlan.columns` says the columns are."""
        sums = self._nodes(cells) if self._wide else self._written_out(cells)
        for place, (loading, made) in enumerate(zip(self.loadings, sums, strict=True)):
            facts = {
                "component": place + 1,
                "share": round(float(self.shares[place]), 4),
                "strongest": self._strongest(loading),
            }
            told = (("pca", facts),)
            yield Stream(self.name, made, made, "float", suffix=f":{place + 1}", told=told)

    @property
    def _wide(self) -> bool:
        count, columns = self.loadings.shape
        return bool(columns > _FEW_COLUMNS or columns * count > _FEW_CELLS)

    def _written_out(self, cells: Sequence[Expression]) -> Iterator[Expression]:
        apart = [
            n.Coalesce((n.Subtract(cell, literal(float(mean))), literal(0.0)))
            for cell, mean in zip(cells, self.means, strict=True)
        ]
        for loading in self.loadings:
            weights = (loading / self.spreads).tolist()
            yield _sum([n.Multiply(x, literal(w)) for x, w in zip(apart, weights, strict=True) if w])

    def _nodes(self, cells: Sequence[Expression]) -> Iterator[Expression]:
        used = np.flatnonzero(self.loadings.any(axis=0))
        operands = tuple(_bare(cells[at]) for at in used.tolist())
        centres = tuple(self.means[used].tolist())
        for loading in self.loadings:
            weights = tuple((loading / self.spreads)[used].tolist())
            yield n.Component(operands, centres, weights)

    def _strongest(self, loading: Floats) -> list[str]:
        order = np.argsort(-np.abs(loading), kind="stable")[:_STRONGEST]
        return [self.columns[at] for at in order.tolist() if loading[at]]


def _bare(cell: Expression) -> Expression:
    """The number that a cell makes a float: the node takes either."""
    return cell.operand if isinstance(cell, n.Cast) and cell.kind == "float" else cell


def _sum(terms: Sequence[Expression]) -> Expression:
    """Their sum as a tree that is no deeper than it must be."""
    if len(terms) == 1:
        return terms[0]
    middle = (len(terms) + 1) // 2
    return n.Add(_sum(terms[:middle]), _sum(terms[middle:]))


@dataclass
class ComponentsFit:
    """What is known so far of one plan: first the columns' moments, then their products."""

    plan: ComponentsPlan
    moments: list[ColumnMoments] = field(default_factory=list)
    found: Components | None = None
    done: bool = False

    def asks(self) -> tuple[Ask, ...]:
        """What to look for next."""
        if self.done:
            return ()
        cells = [cell for _name, cell in self.plan.columns]
        if not self.moments:
            return tuple(Ask("moments", cell) for cell in cells)
        return (self._products(cells),)

    def _products(self, cells: list[Expression]) -> Ask:
        made: list[Expression] = []
        for cell, own in zip(cells, self.moments, strict=True):
            apart = n.Coalesce((n.Subtract(cell, literal(_mean(own))), literal(0.0)))
            made.append(n.Divide(apart, literal(_spread(own))))
        return Ask("gram", made[0], others=tuple(made[1:]))

    def learn(self, answers: dict[Ask, Any]) -> None:
        """Take the step the answers allow. E1013 where products of the values are beyond the floats."""
        if self.done:
            return
        asked = self.asks()
        if not self.moments:
            self.moments = [answers[one] for one in asked]
            self.done = not any(own.count > 1 and own.squares > 0 for own in self.moments)
            return
        self.found = _components(self.plan, self.moments, answers[asked[0]])
        self.done = True


def _mean(own: ColumnMoments) -> float:
    return own.mean if math.isfinite(own.mean) else 0.0


def _spread(own: ColumnMoments) -> float:
    spread = own.deviation
    return spread if math.isfinite(spread) and spread > 0 else 1.0


def _components(plan: ComponentsPlan, moments: list[ColumnMoments], grams: Grams) -> Components | None:
    matrix = grams.total()
    if not matrix.size or not np.isfinite(matrix).all():
        raise CauceError("E1013", name=plan.name, columns=", ".join(name for name, _cell in plan.columns[:5]))
    rows, sums, units = matrix[0, 0], matrix[0, 1:], np.array([_spread(own) for own in moments])
    products = (matrix[1:, 1:] - np.outer(sums, sums) / rows) / (rows - 1)
    # Missing cells stand at the mean, so that a column with many of them varies less than its values do.
    varied = np.sqrt(np.maximum(np.diag(products), 0.0))
    spreads = np.where(varied > 0, units * varied, 1.0) if plan.scale else np.ones(len(units))
    ratios = units / spreads
    values, vectors = np.linalg.eigh(products * np.outer(ratios, ratios))
    variances = np.maximum(values[::-1], 0.0)
    kept = _kept(plan, variances)
    return Components(
        name=plan.name,
        columns=tuple(name for name, _cell in plan.columns),
        scale=plan.scale,
        rows=round(float(rows)),
        means=np.array([_mean(own) for own in moments]) + units * sums / rows,
        spreads=spreads,
        deviations=np.array([_spread(own) if own.squares > 0 else 0.0 for own in moments]),
        missing=np.array([max(round(float(rows)) - own.count, 0) for own in moments]),
        loadings=_turned(vectors.T[::-1][:kept]),
        variances=variances,
    )


def _kept(plan: ComponentsPlan, variances: Floats) -> int:
    """How many components: those asked for, as far as there is variance left. E1012 for too many."""
    present = int(np.count_nonzero(variances > _NO_VARIANCE * variances[0] * len(variances)))
    kept = min(present, plan.most)
    if plan.share is not None:
        held = np.cumsum(variances) / variances.sum()
        kept = min(present, int(np.searchsorted(held, plan.share * (1 - 1e-12))) + 1)
    check_size(plan.name, len(plan.columns), components=kept)
    return kept


def check_size(name: str, columns: int, *, components: int) -> None:
    """E1012 where there would be too much to compute for every row."""
    if columns > MOST_COLUMNS or columns * components > MOST_CELLS:
        told: dict[str, Any] = {"name": name, "columns": columns, "components": components}
        raise CauceError("E1012", **told, most=MOST_COLUMNS, cells=MOST_CELLS)


def _turned(loadings: Floats) -> Floats:
    """Each with its largest number above 0: which of the two directions is otherwise chance."""
    sizes = np.abs(loadings)
    largest = np.argmax(sizes >= sizes.max(axis=1, keepdims=True) * (1 - 1e-9), axis=1)
    signs = np.where(loadings[np.arange(len(loadings)), largest] < 0, -1.0, 1.0)
    turned: Floats = loadings * signs[:, np.newaxis] + 0.0
    return turned
