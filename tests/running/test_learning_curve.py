"""The learning curve is of nested rows, judged on rows that neither taught nor stopped the model."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import cauce
from cauce.core.columns import FOLD, HASH_A, HASH_B, INNER_FOLD
from cauce.core.metrics.interval import Interval
from cauce.core.metrics.learning_curve import CurvePoint, LearningCurve
from cauce.core.metrics.names import MetricName
from cauce.core.metrics.value import metric
from cauce.core.nested_rows import NestedRows
from cauce.core.preparation import LEFT_OUT
from cauce.errors import CauceError
from cauce.expr.schema import Field, Schema
from cauce.running.report.gathering import find_run, gather
from cauce.running.report.sections.learning import curve_parts
from cauce.running.workspace import open_workspace

SCHEMA = Schema(
    (Field("team", "text"), *(Field(name, "integer") for name in (FOLD, INNER_FOLD, HASH_A, HASH_B)))
)


def prepared(rows: int = 4000, seed: int = 0) -> pl.DataFrame:
    draw = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "team": [f"t{at % 97}" for at in range(rows)],
            FOLD: draw.integers(-1, 3, rows),
            INNER_FOLD: draw.integers(0, 5, rows),
            HASH_A: draw.integers(-(1 << 63), 1 << 63, rows),
            HASH_B: draw.integers(-(1 << 63), 1 << 63, rows),
        }
    )


@pytest.mark.parametrize("group", [None, "team"])
def test_a_larger_part_holds_every_row_of_a_smaller_one(group: str | None) -> None:
    """Otherwise the curve shows luck with rows, not their number; groups stay whole."""
    frame = prepared()
    train = (frame[FOLD] == 0).to_numpy()
    before = np.zeros(frame.height, dtype=bool)
    for share in (1 / 16, 1 / 4, 1 / 2, 1.0):
        taken = (NestedRows(SCHEMA, share, group)(frame)[FOLD] == 0).to_numpy()
        assert not (before & ~taken).any()
        assert not (taken & ~train).any()
        if group is None:
            assert taken.sum() == pytest.approx(share * train.sum(), rel=0.25)
        else:
            inside = frame.filter(pl.Series(train)).with_columns(pl.Series("taken", taken[train]))
            assert inside.group_by("team").agg(pl.col("taken").n_unique())["taken"].max() == 1
        before = taken
    assert (before == train).all()


def test_rows_that_stop_are_not_those_that_judge() -> None:
    """Early stopping on the validation rows would make every point look better than it is."""
    frame = prepared()
    judged = NestedRows(SCHEMA, 0.5)(frame)[FOLD]
    taught = NestedRows(SCHEMA, 0.5, learning=True)(frame)[FOLD]
    stopped = NestedRows(SCHEMA, 0.5, learning=True, stopping=True)(frame)[FOLD]
    validation = frame[FOLD] == 1
    assert ((judged == 1) == validation).all()
    assert (taught.filter(validation) == LEFT_OUT).all()
    assert (stopped.filter(validation) == LEFT_OUT).all()
    assert set(judged.filter(frame[FOLD] == 2)) == {LEFT_OUT}
    own = frame.filter((judged == 0) & (frame[INNER_FOLD] == 0)).height
    assert (stopped == 1).sum() == own > 0
    assert ((stopped == 1) <= (judged == 0)).all()


def point(rows: int, value: float, *, wide: float = 0.02, name: str = "rmse") -> CurvePoint:
    made = metric(MetricName(name), value)
    doubted = replace(made, interval=Interval(value - wide, value + wide))
    return CurvePoint(rows / 1600, rows, made, doubted)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ((0.9, 0.8), "would help:"),
        ((0.81, 0.8), "probably"),
        ((0.801, 0.8), "hardly"),
        ((0.7, 0.8), "hardly"),
    ],
)
def test_whether_more_rows_help_is_said_by_what_the_last_doubling_gave(
    values: tuple[float, float], says: str
) -> None:
    found = LearningCurve(MetricName("rmse"), (point(800, values[0]), point(1600, values[1])))
    assert says in found.sentence
    assert "800" in found.sentence
    assert LearningCurve.from_json(found.to_json()).sentence == found.sentence
    assert "Too few" in LearningCurve(MetricName("rmse"), found.points[1:]).sentence


def project(folder: Path, more: str = "", *, rows: int = 600) -> Path:
    draw = random.Random(3)
    lines = ["id,income,plan,answer"]
    for number in range(rows):
        income, plan = draw.gauss(0, 1), draw.choice("ab")
        answer = "yes" if income + (plan == "a") + draw.gauss(0, 0.7) > 0.5 else "no"
        lines.append(f"{number},{income:.4f},{plan},{answer}")
    (folder / "table.csv").write_text("\n".join(lines) + "\n")
    (folder / "cauce.toml").write_text(
        'schema = 1\nname = "curve"\n[data]\nsource = "table.csv"\nkey = "id"\n[target]\ncolumn = "answer"\n'
        f"[tracking]\nenabled = false\n[evaluate]\nlearning_curve = true\n{more}"
    )
    return folder


@pytest.mark.parametrize("learner", ["boosting", "logistic"])
def test_a_run_that_is_asked_for_it_has_a_curve(tmp_path: Path, learner: str) -> None:
    """From the project file to the report; the largest part is all training rows."""
    rounds = "rounds = 8\n" if learner == "boosting" else ""
    folder = project(tmp_path, f'[[models]]\nlearner = "{learner}"\n{rounds}')
    cauce.run(folder)
    work = open_workspace(folder)
    content = gather(work, find_run(work))
    assert content.curve is not None
    shares = [one.share for one in content.curve.points]
    assert shares[-1] == 1.0
    assert len(shares) + len(content.curve.left_out) == 5
    assert content.curve.points[-1].rows == content.training["folds"]["train"]
    rising = [one.rows for one in content.curve.points]
    assert rising == sorted(rising)
    assert content.evaluation is not None
    name = content.curve.points[-1].validation.name
    assert content.curve.points[-1].validation.value == pytest.approx(
        content.evaluation.datasets["validation"][str(name)].value, abs=0.1
    )
    (part,) = curve_parts(content.curve)
    assert content.curve.sentence in str(part)
    assert content.to_json()["learning_curve"]["metric"] == str(name)


def test_a_curve_without_validation_rows_is_refused(tmp_path: Path) -> None:
    folder = project(
        tmp_path,
        "[split]\ntrain = 0.8\nvalidation = 0.0\ntest = 0.2\n[[models]]\nearly_stopping = 0\nrounds = 3\n",
    )
    with pytest.raises(CauceError) as caught:
        cauce.plan(folder)
    assert caught.value.code == "E2303"


def test_a_curve_that_went_up_and_down_promises_nothing() -> None:
    """An earlier size did better than all rows: the last step up is chance."""
    points = (point(400, 0.7), point(800, 0.9), point(1600, 0.8))
    assert "hardly" in LearningCurve(MetricName("rmse"), points).sentence
    rising = (point(400, 0.7, name="r2"), point(800, 0.75, name="r2"), point(1600, 0.8, name="r2"))
    assert "would help:" in LearningCurve(MetricName("r2"), rising).sentence
