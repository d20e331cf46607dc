"""What a profile alone shows to hold, so that no row need be read again."""

from __future__ import annotations

from typing import Any

import polars as pl

from cauce.core.profile.values import ColumnProfile, Profile
from cauce.core.validation.expected import Expectation
from cauce.expr.schema import Schema


def passes(one: Expectation, profile: Profile, *, schema: Schema) -> bool:
    """Whether `profile`, of the same rows, shows that no row fails. False where it does not tell."""
    if one.kind in ("type", "rows", "freshness"):
        return True
    if one.kind == "formula" or len(one.columns) != 1:
        return False
    column = profile[one.columns[0]]
    if one.kind == "nulls" or not column.present:
        return one.kind != "nulls" or column.missing == 0
    return _of_present(one, column, schema)


def _of_present(one: Expectation, column: ColumnProfile, schema: Schema) -> bool:
    if one.kind == "unique":
        return column.distinct_exact and not column.nans and column.distinct == column.present
    if one.kind == "length":
        return _within(one, column)
    values = _values(one, column)
    return values is not None and _none_fails(one, values, schema)


def _within(one: Expectation, column: ColumnProfile) -> bool:
    lengths = column.lengths
    if lengths is None or lengths.shortest is None or lengths.longest is None:
        return False
    least, most = one.declared.get("min_length", 0), one.declared.get("max_length", lengths.longest)
    return int(str(least)) <= lengths.shortest and lengths.longest <= int(str(most))


def _values(one: Expectation, column: ColumnProfile) -> list[Any] | None:
    """Values that stand for all: the extremes for a range, every level for the rest."""
    if one.kind == "range" and column.low is not None and not column.infinities:
        return [column.low, column.high]
    return [level.value for level in column.levels] if column.levels_shown == "all" else None


def _none_fails(one: Expectation, values: list[Any], schema: Schema) -> bool:
    name = one.columns[0]
    try:
        cells = pl.Series(values, dtype=schema[name].dtype, strict=True)
    except (TypeError, ValueError, pl.exceptions.PolarsError):
        return False
    return one.check is not None and not one.check.failing(pl.DataFrame({name: cells})).any()
