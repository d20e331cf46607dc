"""A small real model of dirty raw columns, trained by the local engine, and its bundle."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from cauce.core.boosting import BoostParameters, BoostSpec
from cauce.core.bundle.baseline import Gathered
from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.features import Feature, feature_projection
from cauce.core.bundle.inputs import InputColumn, schema_of
from cauce.core.bundle.manifest import Manifest
from cauce.core.bundle.writing import Draft, make_bundle
from cauce.core.columns import FOLD, HASH_A, HASH_B, TARGET
from cauce.core.metrics.names import MetricName
from cauce.core.metrics.value import metric
from cauce.core.splits.rules import RandomSplit
from cauce.core.task import Target
from cauce.engines.local.boosting import boost
from cauce.expr import nodes as n
from cauce.expr.schema import Field, Kind
from cauce.stats import Counts, Levels

HOSTILE = "^a*$"
COLUMNS = (
    InputColumn(Field("distance", "float"), n.ParseFloat(n.Column("distance"), ",", ".", "")),
    InputColumn(Field("stops", "integer"), n.ParseInteger(n.Column("stops"))),
    InputColumn(
        Field(HOSTILE, "text"),
        n.IfElse(n.IsIn(n.Strip(n.Column(HOSTILE)), ("?",)), n.Literal(None, "text"), n.Column(HOSTILE)),
    ),
    InputColumn(Field("*", "boolean"), n.ParseBoolean(n.Column("*"), ("sí",), ("no",))),
    InputColumn(Field("day", "date"), n.ParseDate(n.Column("day"), "%d/%m/%Y")),
    InputColumn(Field("price", "decimal", scale=2)),
    InputColumn(Field("at", "datetime"), n.ParseDatetime(n.Column("at"), "%Y-%m-%d %H:%M:%S")),
)
KEY = (InputColumn(Field("id", "text"), n.Column("id")),)
SCHEMA = schema_of(COLUMNS)
LEVELS = ("AA", "B6", "ñ", "")
FEATURES = (
    Feature("distance", n.Column("distance")),
    Feature("stops", n.Column("stops")),
    Feature(
        "log_distance", n.Divide(n.Subtract(n.Log1p(n.Column("distance")), n.literal(2.0)), n.literal(1.5))
    ),
    Feature(HOSTILE, n.LookupCode(n.Column(HOSTILE), LEVELS), LEVELS),
    Feature(f"{HOSTILE}=AA", n.LevelEquals(n.Column(HOSTILE), "AA")),
    Feature("*", n.Column("*")),
    Feature("day:month", n.DatePart(n.Column("day"), "month")),
    Feature("age", n.Elapsed(n.Column("day"), n.literal(dt.date(2024, 1, 1)), "days")),
    Feature("price", n.Cast(n.Column("price"), "float")),
    Feature("at:hour", n.DatePart(n.Column("at"), "hour")),
    Feature("length", n.Length(n.Column(HOSTILE))),
)


def target(task: str, labels: str = "text") -> Target:
    """The target of a task; labels: of which kind its classes are."""
    classes: dict[str, tuple[Any, ...]] = {
        "text": ("no", "sí")[: 2 if task == "binary" else 0] or ("<30", ">30", "NO"),
        "integer": (0, 1) if task == "binary" else (1, 5, 7),
        "boolean": (False, True),
    }
    kind: Kind = labels if task != "regression" else "float"  # type: ignore[assignment]
    chosen = () if task == "regression" else classes[labels]
    return Target("y", n.Column("y"), kind, task, chosen)  # type: ignore[arg-type]


def rows(count: int, seed: int = 0) -> pl.DataFrame:
    """Raw rows with nulls, unseen levels, empty texts, extremes and far dates."""
    random = np.random.default_rng(seed)

    def holes(values: list[Any], share: float = 0.1) -> list[Any]:
        return [None if hole else value for value, hole in zip(values, random.random(count) < share)]  # noqa: B905

    distance = np.round(np.exp(random.normal(4, 1.5, count)), 3)
    odd = [math.nan, math.inf, -math.inf, 1e300, -0.0, 5e-324, -5.0, 16777217.0]
    distances = [odd[k % len(odd)] if k % 17 == 3 else float(v) for k, v in enumerate(distance)]
    days = [dt.date(2000, 1, 1) + dt.timedelta(int(k)) for k in random.integers(0, 9000, count)]
    days = [dt.date(1, 1, 1) if k % 31 == 0 else day for k, day in enumerate(days)]
    moments = [
        dt.datetime(1969, 12, 31) + dt.timedelta(seconds=int(k)) for k in random.integers(0, 2**31, count)
    ]
    stops = [2**53 + 1 if k % 23 == 0 else int(v) for k, v in enumerate(random.integers(-3, 60, count))]
    data: dict[str, Any] = {
        "distance": holes(distances),
        "stops": holes(stops),
        HOSTILE: holes([*(["AA", "B6", "ñ", "", "unseen", "AA "] * count)][:count]),
        "*": holes((random.random(count) < 0.5).tolist()),
        "day": holes(days),
        "price": holes([Decimal(int(k)).scaleb(-2) for k in random.integers(-500, 90000, count)]),
        "at": holes(moments),
    }
    return pl.DataFrame(data, schema=SCHEMA.dtypes).with_columns(
        pl.Series("id", [f"{k:06d}" for k in range(count)])
    )


def labels(frame: pl.DataFrame, task: str) -> np.ndarray[Any, Any]:
    """A label that the features can tell."""
    random = np.random.default_rng(7)
    distance = frame["distance"].fill_null(0).to_numpy()
    score = np.nan_to_num(np.sign(distance - 60), nan=0.0) + np.array(
        [text == "AA" for text in frame.get_column(HOSTILE).to_list()]
    )
    score = score + frame["day"].dt.month().fill_null(6).to_numpy() / 6 + random.normal(0, 0.4, frame.height)
    if task == "regression":
        return 100 * score
    return np.digitize(score, [1.5] if task == "binary" else [0.8, 2.0]).astype(float)


@cache
def payload(task: str, rounds: int = 12) -> bytes:
    """XGBoost's JSON of a model of `FEATURES`."""
    frame = rows(1500)
    made = feature_projection(FEATURES, SCHEMA)(frame)
    names = tuple(f"f{k}" for k in range(len(FEATURES)))
    random = np.random.default_rng(1)
    table = pl.DataFrame([made.to_series(k).alias(name) for k, name in enumerate(names)]).with_columns(
        pl.Series(TARGET, labels(frame, task)),
        pl.Series(FOLD, (random.random(frame.height) < 0.2).astype(np.int64)),
        pl.Series(HASH_A, random.integers(0, 1 << 63, frame.height, dtype=np.uint64)),
        pl.Series(HASH_B, random.integers(0, 1 << 63, frame.height, dtype=np.uint64)),
    )
    spec = BoostSpec(
        task=task,  # type: ignore[arg-type]
        features=names,
        levels=(("f3", len(LEVELS)),),
        label=TARGET,
        fold=FOLD,
        lanes=(HASH_A, HASH_B),
        classes={"binary": 2, "multiclass": 3, "regression": 1}[task],
        parameters=BoostParameters(rounds=rounds, max_depth=4),
        threads=1,
    )
    return boost(lambda: iter((table,)), spec).payload


def draft(task: str = "binary", *, labels: str = "text", threshold: float | None = None) -> Draft:
    """All that becomes the bundle of a small model."""
    frame = rows(200)
    counts, levels = Counts(("distance", "stops")), Levels((HOSTILE,), 50)
    gathered = tuple(
        Gathered(name, one, one.update(one.start(), frame))
        for name, one in (("numbers", counts), ("levels", levels))
    )
    positive = {"text": "sí", "integer": "1", "boolean": "true"}[labels]
    name = MetricName("recall", positive=positive) if task == "binary" else MetricName("accuracy")
    name = MetricName("rmse") if task == "regression" else name
    manifest = Manifest(
        name="small",
        target=target(task, labels),
        input=COLUMNS,
        key=KEY,
        features=FEATURES,
        threshold=threshold,
        metrics={"test": (metric(name, 0.75, error=1e-6),)},
        counts={"train": 1200, "validation": 300},
        snapshot="ab" * 32,
        split=RandomSplit(("id",), 7, 0.7, 0.15),
        reading={"delimiter": ";"},
        libraries={"xgboost": "3.2.0"},
    )
    return Draft(manifest=manifest, payload=payload(task), baseline=gathered)


@cache
def bundle(task: str = "binary", labels: str = "text", threshold: float | None = None) -> Bundle:
    """The bundle of a small model."""
    return make_bundle(draft(task, labels=labels, threshold=threshold))


def as_texts(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows as a training file would have written them: comma decimals, sí and no, dd/mm/yyyy."""

    def number(value: float | None) -> str | None:
        return None if value is None or not math.isfinite(value) else f"{value:.3f}".replace(".", ",")

    moments, flags = frame["at"].to_list(), frame.get_column("*").to_list()
    days = [None if one is None else f"{one:%d/%m}/{one.year:04d}" for one in frame["day"].to_list()]
    return pl.DataFrame(
        {
            "id": frame["id"],
            "distance": [number(value) for value in frame["distance"].to_list()],
            "stops": [None if value is None else str(value) for value in frame["stops"].to_list()],
            HOSTILE: ["?" if value is None else value for value in frame.get_column(HOSTILE).to_list()],
            "*": [None if one is None else "sí" if one else "no" for one in flags],
            "day": days,
            "at": [None if one is None else f"{one:%Y-%m-%d %H:%M:%S}" for one in moments],
            "notes": ["ignored"] * frame.height,
        }
    )


@cache
def without_price(task: str = "binary") -> Bundle:
    """The same bundle without its column of decimals, which not every kind of file and frame holds."""
    whole = draft(task)
    flat = tuple(replace(one, expression=n.literal(0.5)) if one.name == "price" else one for one in FEATURES)
    columns = tuple(one for one in COLUMNS if one.name != "price")
    return make_bundle(replace(whole, manifest=replace(whole.manifest, input=columns, features=flat)))
