"""Small prepared tables, and a look at their training rows that counts itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from cauce.core.columns import FOLD, INNER_FOLD, TARGET, TRAIN, WEIGHT
from cauce.core.features import FeaturePlan, FittedFeatures, Roles, fit_features, plan_features
from cauce.core.features.plan import prepared
from cauce.expr.projection import Projection
from cauce.expr.row import to_rows
from cauce.expr.schema import Field, Kind, Schema
from cauce.spec.project import FeatureDefaults, Features
from cauce.spec.settings import FrozenMap

KINDS: dict[Any, Kind] = {
    pl.Boolean: "boolean",
    pl.Int64: "integer",
    pl.Float64: "float",
    pl.String: "text",
    pl.Date: "date",
    pl.Datetime: "datetime",
}


class Looker:
    """Looks at the training rows of a frame in `batches` batches; `looks` counts how often."""

    def __init__(self, frame: pl.DataFrame, batches: int = 1) -> None:
        self.frame = frame.filter(pl.col(FOLD) == TRAIN)
        self.batches = batches
        self.looks = 0

    def __call__(self, projection: Projection | None, summaries: Sequence[Any]) -> tuple[Any, ...]:
        self.looks += 1
        states = [summary.start() for summary in summaries]
        for batch in self.frame.iter_slices(max(1, -(-self.frame.height // self.batches))):
            worked = batch if projection is None else projection(batch)
            states = [one.update(state, worked) for one, state in zip(summaries, states, strict=True)]
        return tuple(one.result(state) for one, state in zip(summaries, states, strict=True))


def schema_of(frame: pl.DataFrame) -> Schema:
    """The schema of a frame's own columns."""
    own = (name for name in frame.columns if not name.startswith("__"))
    return Schema(
        tuple(
            Field(name, "decimal", scale=frame.schema[name].scale)  # type: ignore[attr-defined]
            if isinstance(frame.schema[name], pl.Decimal)
            else Field(name, KINDS[frame.schema[name].base_type()])
            for name in own
        )
    )


def prepare(
    frame: pl.DataFrame, target: Sequence[float] | None = None, fold: Sequence[int] | None = None
) -> pl.DataFrame:
    """The frame with the reserved columns; all rows train and inner folds go round where not given."""
    rows = frame.height
    return frame.with_columns(
        pl.Series(TARGET, [float(k % 2) for k in range(rows)] if target is None else target, pl.Float64),
        pl.Series(WEIGHT, np.ones(rows)),
        pl.Series(FOLD, [TRAIN] * rows if fold is None else fold, pl.Int64),
        pl.Series(INNER_FOLD, np.arange(rows) % 5),
    )


def declared(columns: dict[str, Any] | None = None, **settings: Any) -> Features:
    """[features] with these chains by column (one chain, or a list of them)."""
    chains = {
        name: tuple(value) if isinstance(value, list) else (value,) for name, value in (columns or {}).items()
    }
    given = {"auto": False, "defaults": FeatureDefaults(), **settings}
    if "formulas" in given:
        given["formulas"] = FrozenMap(given["formulas"])
    return Features(columns=FrozenMap(chains), **given)


def planned(frame: pl.DataFrame, features: Features, **settings: Any) -> FeaturePlan:
    """A plan over the frame's own columns."""
    given = {"task": "binary", "roles": Roles(), **settings}
    return plan_features(features, schema_of(frame), **given)


def fitted(frame: pl.DataFrame, features: Features, batches: int = 1, **settings: Any) -> FittedFeatures:
    """The features fitted on the training rows of a prepared frame; the looks taken are those promised."""
    plan = planned(frame, features, **settings)
    looker = Looker(frame, batches)
    made = fit_features(plan, looker)
    least, most = plan.scans
    assert least <= looker.looks <= most
    assert made.scans == looker.looks
    few, many = plan.width_bounds()
    assert few <= made.width <= many
    return made


def made_of(frame: pl.DataFrame, chain: Any, column: str = "x", **settings: Any) -> pl.DataFrame:
    """What one chain makes of a column, for new rows, fitted on all rows of the frame."""
    ready = frame if FOLD in frame.columns else prepare(frame)
    features = fitted(ready, declared({column: chain}), **settings)
    return features.projection(schema_of(frame))(frame)


def by_rows(features: FittedFeatures, frame: pl.DataFrame, *, training: bool = False) -> list[list[Any]]:
    """The features by the row evaluator."""
    schema = prepared(schema_of(frame)) if training else schema_of(frame)
    expressions = [one.training_expression if training else one.expression for one in features.features]
    return [to_rows(expressions, schema)(row) for row in frame.to_dicts()]
