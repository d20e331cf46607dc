"""The leak gate over a frame, without a project: for tests and for calibration."""

from __future__ import annotations

from typing import Any

import polars as pl

from cauce.core.features import Roles, plan_features
from cauce.core.leaks.findings import LeakReport
from cauce.core.leaks.gate import Gate
from cauce.core.leaks.groups import ColumnFacts
from cauce.core.preparation import Placement, Preparation
from cauce.core.splits import SplitSettings, fit_split
from cauce.core.task import Target, infer_target, target_column
from cauce.expr.formula import parse_formula
from cauce.expr.nodes import Column
from cauce.expr.projection import Output, Projection
from cauce.expr.schema import Field, Kind, Schema
from cauce.spec import Data, Features
from cauce.stats import Levels, Several, Summary

_KINDS: dict[Any, Kind] = {
    pl.Boolean: "boolean",
    pl.Int64: "integer",
    pl.Float64: "float",
    pl.String: "text",
    pl.Date: "date",
    pl.Datetime: "datetime",
}


def gate_of(
    frame: pl.DataFrame,
    target: str,
    *,
    task: Any = None,
    split: str = "random",
    data: Data | None = None,
    features: Features | None = None,
) -> Gate:
    """The gate of a project over `frame`. target: a column or a formula. data, features: as declared."""
    schema = Schema(tuple(Field(name, _KINDS[dtype.base_type()]) for name, dtype in frame.schema.items()))
    declared, asked = data or Data(source=("-",)), features or Features()
    found = _target(frame, target, schema=schema, task=task)
    settings = SplitSettings(
        kind=split,
        seed=0,
        train=0.6,
        validation=0.2,
        key=declared.key,
        group=declared.group,
        time=declared.time,
    )

    def look(*summaries: Summary) -> tuple[Any, ...]:
        placed = Placement(schema, found, settings)(frame)
        return tuple(one.result(one.update(one.start(), placed)) for one in summaries)

    roles = Roles.of(declared, found.columns)
    plan = plan_features(asked, schema, task=found.task, roles=roles, classes=found.class_names)
    rule = fit_split(settings, found, schema=schema, look=look)
    return Gate(
        plan=plan,
        preparation=Preparation(schema, found, rule, key=declared.key),
        settings=settings,
        rows=frame.height,
        facts=tuple(_facts(frame.get_column(field.name), field) for field in schema),
        missing=frame.height,
        acknowledged=asked.acknowledged,
        known_after=declared.known_after,
    )


def gated(frame: pl.DataFrame, target: str, *, size: int = 65_536, **options: Any) -> LeakReport:
    """What the gate says of `frame`, gathered in batches of `size` rows. options: as in `gate_of`."""
    gate = gate_of(frame, target, **options)
    every = Several(gate.summaries)
    state = every.start()
    for batch in frame.iter_slices(size):
        state = every.merge(state, every.update(every.start(), batch))
    return gate.report(every.result(state))


def _target(frame: pl.DataFrame, target: str, *, schema: Schema, task: Any) -> Target:
    expression = Column(target) if target in schema else parse_formula(target, schema)
    column = target_column(target, expression, schema=schema)
    values = Projection((Output("y", expression),), schema)(frame)
    levels = Levels(("y",))
    found = levels.result(levels.update(levels.start(), values))["y"]
    return infer_target(column, found, task=task)[0]


def _facts(series: pl.Series, field: Field) -> ColumnFacts:
    cells = series.alias("cells").drop_nulls()
    if field.kind == "float":
        cells = cells.filter(cells.is_not_nan())
    distinct, present = cells.n_unique(), len(cells)
    identifier = field.kind in ("text", "integer") and present >= 100 and distinct >= 0.95 * present
    return ColumnFacts(field.name, field.kind, present, distinct, identifier)
