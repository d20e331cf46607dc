"""A list of named expressions applied to batches."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from cauce.errors import CauceError
from cauce.expr.kinds import columns_of, field_of
from cauce.expr.nodes import Expression
from cauce.expr.polars import compiler
from cauce.expr.schema import Schema
from cauce.expr.vector.components import Together, together

# Polars' own simplifications change numbers (0.0 - x becomes -x, which is -0.0 for 0.0); sharing does not.
_AS_WRITTEN = pl.QueryOptFlags.none().update(comm_subexpr_elim=True)


@dataclass(frozen=True)
class Output:
    """An expression and the name of the column it makes."""

    name: str
    expression: Expression


@dataclass(frozen=True)
class Projection:
    """Work that gives the kept columns, in their order, followed by the outputs.

    input: the schema of the batches it is given; further columns of a batch are ignored. Building one
    checks every expression: E0101 to E0105 and E0120; E0130 where two results share a name. A batch that
    lacks a column or has it in another type is refused with E0131.
    """

    outputs: tuple[Output, ...]
    input: Schema
    keep: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = [field.name for field in self.schema]
        twice = (
            [name for k, name in enumerate(names) if name in names[:k]]
            if len(set(names)) < len(names)
            else []
        )
        if twice:
            raise CauceError("E0130", name=twice[0])

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        read = (name for output in self.outputs for name in columns_of(output.expression))
        return tuple(dict.fromkeys((*self.keep, *read)))

    @cached_property
    def schema(self) -> Schema:
        """What it returns."""
        made = (field_of(output.expression, self.input, name=output.name) for output in self.outputs)
        return Schema((*self.input.select(self.keep), *made))

    @cached_property
    def _compiled(self) -> tuple[list[pl.Expr], tuple[Together, ...]]:
        """What Polars makes, and the components that are computed together."""
        over_input = compiler(self.input)
        wanted = [output.expression for output in self.outputs]
        groups = together(over_input, wanted)
        apart = {place for group in groups for place in group.places}
        made = ((k, over_input.compile(one)) for k, one in enumerate(wanted) if k not in apart)
        # Positions, not names: an output may be called as a column another output reads.
        own = [expression.alias(f"\0{k}") for k, expression in made]
        return [*own, *(one for group in groups for one in group.made)], groups

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        """The kept columns and the outputs for each row of `batch`, in its order."""
        self._check(batch)
        kept = {name: batch.get_column(name) for name in self.keep}
        if not self.outputs:
            return pl.DataFrame(kept)
        # Dictionaries, because a frame made of a list of series renames the one called "".
        read = pl.DataFrame({name: batch.get_column(name) for name in self.columns})
        if not self.columns:
            read = pl.DataFrame({"\0": pl.repeat(None, batch.height, dtype=pl.Null, eager=True)})
        expressions, groups = self._compiled
        made = read.lazy().with_columns(expressions).collect(optimizations=_AS_WRITTEN)
        sums = {place: values for group in groups for place, values in group(made)}
        outputs = {
            out.name: sums[k] if k in sums else made.get_column(f"\0{k}")
            for k, out in enumerate(self.outputs)
        }
        return pl.DataFrame({**kept, **outputs})

    def _check(self, batch: pl.DataFrame) -> None:
        found = dict(batch.schema)
        for name in self.columns:
            if found.get(name) != self.input[name].dtype:
                wanted, given = self.input[name].dtype, found.get(name)
                raise CauceError("E0131", column=name, expected=wanted, found=given or "-")

    def __reduce__(self) -> tuple[Any, ...]:
        return Projection, (self.outputs, self.input, self.keep)
