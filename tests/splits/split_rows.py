"""Rows to split, and the folds they get by the same route as a run's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.core.columns import FOLD, INNER_FOLD, TARGET
from cauce.core.preparation import Placement, Preparation
from cauce.core.splits import SplitRule, SplitSettings, decode_rule, encode_rule, fit_split
from cauce.core.task import Target, infer_target, target_column
from cauce.expr.nodes import Column
from cauce.expr.schema import Field, Kind, Schema
from cauce.stats import Levels

KINDS: dict[Any, Kind] = {
    pl.Boolean: "boolean",
    pl.Int64: "integer",
    pl.Float64: "float",
    pl.String: "text",
    pl.Date: "date",
    pl.Datetime: "datetime",
}


def schema_of(frame: pl.DataFrame) -> Schema:
    return Schema(tuple(Field(name, KINDS[dtype.base_type()]) for name, dtype in frame.schema.items()))


def cut(frame: pl.DataFrame, size: int | None = None) -> Iterator[pl.DataFrame]:
    return frame.iter_slices(size or max(frame.height, 1))


def target_of(frame: pl.DataFrame, name: str = "y", **declared: Any) -> Target:
    column = target_column(name, Column(name), schema=schema_of(frame))
    levels = Levels((name,))
    found = levels.result(levels.update(levels.start(), frame))[name]
    return infer_target(column, found, **declared)[0]


def settings(kind: str = "random", **changes: Any) -> SplitSettings:
    return SplitSettings(**{"kind": kind, "seed": 7, "train": 0.6, "validation": 0.2, **changes})


def looker(
    frame: pl.DataFrame, placement: Placement, *, size: int | None = None
) -> tuple[Callable[..., tuple[Any, ...]], list[int]]:
    """What `fit_split` looks through, and a list that grows with each scan."""
    scans: list[int] = []

    def look(*summaries: Any) -> tuple[Any, ...]:
        scans.append(len(summaries))
        states = [one.start() for one in summaries]
        for batch in cut(frame, size):
            placed = placement(batch)
            assert dict(placed.schema) == placement.schema.dtypes
            states = [one.update(state, placed) for one, state in zip(summaries, states, strict=True)]
        return tuple(one.result(state) for one, state in zip(summaries, states, strict=True))

    return look, scans


def fitted(
    frame: pl.DataFrame, asked: SplitSettings, target: Target | None = None, *, size: int | None = None
) -> SplitRule:
    """The rule, after a way through JSON."""
    known, schema = target or target_of(frame), schema_of(frame)
    look, scans = looker(frame, Placement(schema, known, asked), size=size)
    rule = fit_split(asked, known, schema=schema, look=look)
    assert len(scans) == asked.scans
    assert decode_rule(encode_rule(rule)) == rule
    return rule


def prepared(
    frame: pl.DataFrame,
    asked: SplitSettings,
    *,
    target: Target | None = None,
    rule: SplitRule | None = None,
    size: int | None = None,
) -> pl.DataFrame:
    known = target or target_of(frame)
    found = rule or fitted(frame, asked, known, size=size)
    work = Preparation(schema_of(frame), known, found, key=asked.key, keep=tuple(frame.columns))
    made = pl.concat([work(batch) for batch in cut(frame, size)])
    assert dict(made.schema) == work.schema.dtypes
    return made


def folds(frame: pl.DataFrame, asked: SplitSettings, **options: Any) -> NDArray[np.int64]:
    return prepared(frame, asked, **options)[FOLD].to_numpy()


def inner(frame: pl.DataFrame, asked: SplitSettings, **options: Any) -> NDArray[np.int64]:
    return prepared(frame, asked, **options)[INNER_FOLD].to_numpy()


def labels(frame: pl.DataFrame, target: Target) -> list[float | None]:
    """The target as numbers, as a preparation gives them."""
    rule = fitted(frame, settings(), target)
    return prepared(frame, settings(), target=target, rule=rule)[TARGET].to_list()
