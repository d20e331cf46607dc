"""A run with everything a report can tell, made by hand, so that no library's version moves a number."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from cauce.core.evaluation import Evaluation, History
from cauce.core.features.fitted import Dropped, FittedFeatures
from cauce.core.features.fitted import Feature as FittedFeature
from cauce.core.leaks.findings import Finding, LeakReport
from cauce.core.metrics.curves import Calibration, Curve
from cauce.core.metrics.dataset import DatasetEvaluation
from cauce.core.metrics.interval import Interval
from cauce.core.metrics.names import MetricName
from cauce.core.metrics.permutation import ColumnImportance, PermutationImportance
from cauce.core.metrics.results import ConfusionCounts
from cauce.core.metrics.slices import Slice
from cauce.core.metrics.target import Target as MetricTarget
from cauce.core.metrics.thresholds import ThresholdChoice, ThresholdTable
from cauce.core.metrics.value import Metric
from cauce.core.profile.values import (
    Associations,
    ColumnProfile,
    Flag,
    HistogramBins,
    Lengths,
    Level,
    Matrix,
    Numbers,
    Outliers,
    Pair,
    Part,
    Profile,
    Repeats,
    Sample,
    TargetBy,
    TargetProfile,
)
from cauce.core.snapshot import Manifest
from cauce.core.task import Target
from cauce.core.validation.verdict import Outcome, Verdict
from cauce.expr import nodes as n
from cauce.expr.schema import Field, Schema
from cauce.planning.record import Record
from cauce.planning.step import Step
from cauce.running.report.content import RunContent
from cauce.stats.levels import ColumnLevels

AUC = MetricName("roc_auc", positive="yes")
CLASSES = ("no", "yes")
SCHEMA = Schema((Field("income", "float"), Field("plan", "text"), Field("paid", "boolean")))


def metric(name: MetricName, value: float, *, wide: float = 0.02) -> Metric:
    return Metric(name, value, interval=Interval(value - wide, value + wide, method="delong"))


def dataset(auc: float, rows: int) -> DatasetEvaluation:
    line = np.linspace(0, 1, 11)
    return DatasetEvaluation(
        rows=rows,
        unlabelled=3,
        weight=float(rows),
        metrics=(
            metric(AUC, auc),
            Metric(MetricName("accuracy"), 0.75),
            Metric(MetricName("mcc"), None, reason="one_class"),
        ),
        baselines={"majority": (Metric(AUC, 0.5), Metric(MetricName("accuracy"), 0.6))},
        confusion=ConfusionCounts(CLASSES, np.array([[500.0, 100.0], [150.0, 250.0]])),
        roc={"yes": Curve(line, np.sqrt(line), np.linspace(1, 0, 11))},
        precision_recall={"yes": Curve(line[1:], 1 - 0.6 * line[1:], np.linspace(1, 0, 10))},
        calibration={"yes": Calibration(np.full(10, 100.0), np.arange(10) / 10 + 0.05, np.arange(10) / 10)},
    )


def evaluation() -> Evaluation:
    """A binary model with thresholds, slices and permutation importance."""
    return Evaluation(
        target=MetricTarget("binary", CLASSES),
        datasets={
            "train": dataset(0.9, 3000),
            "validation": dataset(0.86, 1000),
            "test": dataset(0.85, 1000),
        },
        threshold=0.4,
        importance=(("income", 30.0), ("plan", 10.0)),
        history=History(
            metric="log_loss",
            losses={"train": (0.6, 0.5, 0.4), "validation": (0.6, 0.52, 0.53)},
            best_round=1,
        ),
        thresholds=ThresholdTable(
            threshold=np.array([0.2, 0.4, 0.6]),
            true_positive=np.array([390.0, 350.0, 200.0]),
            false_positive=np.array([300.0, 120.0, 20.0]),
            positives=400.0,
            negatives=600.0,
            costs=(1.0, 5.0),
        ),
        choice=ThresholdChoice(rule="f1", threshold=0.4, value=0.8046, low=0.35, high=0.45),
        slices=(
            Slice(
                column="plan",
                level="basic",
                rows=400,
                metrics=(metric(AUC, 0.7),),
                overall=0.86,
                p=0.001,
                looks=2,
            ),
            Slice(
                column="plan",
                level="plus",
                rows=600,
                metrics=(metric(AUC, 0.9),),
                overall=0.86,
                p=1.0,
                looks=2,
            ),
        ),
        permutation=PermutationImportance(
            metric=AUC,
            rows=1000,
            repeats=3,
            columns=(ColumnImportance("income", 0.2, 0.01), ColumnImportance("plan", -0.001, 0.002)),
        ),
    )


def column(name: str, kind: str, **more: object) -> ColumnProfile:
    plain = {
        "nulls": 0,
        "nans": 0,
        "infinities": 0,
        "zeros": 0,
        "empty": 0,
        "distinct": 2,
        "distinct_exact": True,
    }
    rest = {"low": None, "high": None, "suspects": {}, "levels": (), "levels_shown": "none"}
    return ColumnProfile(name=name, kind=kind, rows=5000, **{**plain, **rest, **more})  # type: ignore[arg-type]


def profile() -> Profile:
    """Three columns, the target over time, and repeated rows."""
    numbers = Numbers(
        1000.0,
        250.5,
        3.2,
        (1.0, 5.0, 400.0, 900.0, 1500.0, 2500.0, 9000.0),
        0.0,
        Outliers(-10.0, 3000.0, 0, 50),
        "one_plus",
    )
    levels = (Level("basic", 3000), Level("plus", 2000))
    sample = Sample(1000, 5000)
    nothing = Matrix((), ())
    return Profile(
        rows=5000,
        columns=(
            column(
                "income",
                "float",
                nulls=50,
                distinct=4000,
                distinct_exact=False,
                low=1.0,
                high=9000.0,
                numbers=numbers,
                histogram=HistogramBins("linear", (0.0, 3000.0, 6000.0, 9000.0), (4000, 900, 50)),
                flags=(Flag("constant", {}),),
            ),
            column("plan", "text", levels=levels, levels_shown="all", lengths=Lengths(4, 5, 4.6, 0.5)),
            column("paid", "boolean", levels=(Level(True, 4000), Level(False, 1000)), levels_shown="all"),
        ),
        target=TargetProfile(
            name="answer",
            kind="text",
            nulls=3,
            infinities=0,
            levels=ColumnLevels(("no", "yes"), (3000, 1997), 3, False),
            classes=("no", "yes"),
            sample=sample,
            by_column=(
                TargetBy(
                    "plan",
                    "level",
                    (Part(600, "basic", shares=(0.5, 0.5)), Part(400, "plus", shares=(0.75, 0.25))),
                    0.24,
                ),
            ),
            over_time=TargetBy(
                "day",
                "month",
                (
                    Part(500, date(2026, 1, 1), shares=(0.6, 0.4)),
                    Part(500, date(2026, 2, 1), shares=(0.61, 0.39)),
                ),
                0.01,
            ),
        ),
        repeated=(Repeats((), 12, 0.0, True), Repeats(("customer",), 40, 5.0, False)),
        associations=Associations(
            sample, nothing, nothing, nothing, (Pair("income", "paid", "spearman", -0.41),)
        ),
    )


def feature(name: str, told: tuple[str, Any], levels: tuple[str, ...] | None = None) -> FittedFeature:
    return FittedFeature(name, n.Column(name), n.Column(name), name, levels, (told,))


def content() -> RunContent:
    """The run."""
    records = {
        "ingest": Record(
            Step(name="ingest", parameters={"reading": {"delimiter": ";"}}), {}, {"rejected": 7}
        ),
        "split": Record(Step(name="split", parameters={"split": {"kind": "random", "seed": 0}}), {}),
        "fit": Record(
            Step(
                name="fit",
                parameters={"models": [{"eta": 0.1, "rounds": 3}], "seed": 0},
                libraries={"xgboost": "3.2.0"},
            ),
            {},
        ),
    }
    copied = {"column": "paid", "target": "answer", "share": 99.5, "factor": 1}
    let_pass = Finding(
        kind="copy",
        severity="stop",
        code="E1802",
        columns=("paid",),
        values={**copied, "list": '["paid"]', "one": '"paid"'},
        settings=(("features.exclude", "paid"),),
        acknowledged=True,
    )
    return RunContent(
        project="told",
        run="20261121T103015.250-3f9c2a",
        begun="2026-11-21T10:30:15.250000+00:00",
        ended="2026-11-21T10:31:00+00:00",
        outcome="finished",
        version="0.1.0",
        records=records,
        said=("Column paid has one single value and tells a model nothing.",),
        snapshot=Manifest(SCHEMA, 5000, "a" * 64, ()),
        profile=profile(),
        verdict=Verdict(
            5000,
            (
                Outcome(
                    "income.nulls",
                    "nulls",
                    ("income",),
                    {"nulls": 0.0},
                    "warn",
                    False,
                    failed=50,
                    share=0.01,
                    places=(3, 9),
                ),
            ),
        ),
        leaks=LeakReport(rows=5000, sampled=1000, findings=(let_pass,), acknowledged=("paid",)),
        target=Target("answer", n.Column("answer"), "text", "binary", CLASSES),
        features=FittedFeatures(
            (
                FittedFeature(
                    "income", n.Column("income"), n.Column("income"), "income", told=(("log.one_plus", {}),)
                ),
                FittedFeature(
                    "plan",
                    n.Column("plan"),
                    n.Column("plan"),
                    "plan",
                    ("basic", "plus"),
                    (("category", {"levels": 2, "rare": 0}),),
                ),
            ),
            SCHEMA,
            (Dropped("paid", "constant"),),
        ),
        training={"folds": {"train": 3000, "validation": 1000, "test": 1000}},
        evaluation=evaluation(),
        bundle="b" * 64,
        readings=7,
    )
