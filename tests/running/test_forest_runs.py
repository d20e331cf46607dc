"""A project with a forest or with constraints runs from a table to a bundle that keeps its word."""

from __future__ import annotations

import math
import random
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import cauce
from cauce.core.scoring import load_scorer
from cauce.errors import CauceError

PROJECT = """
schema = 1
name = "loans"
[data]
source = "loans.csv"
key = "customer"
[target]
{target}
[features]
{features}
[features.columns]
income = ["scale"]
[[models]]
{model}
[evaluate]
permutation = false
[tracking]
enabled = false
"""
FOREST = 'learner = "forest"\ntrees = 25\nmax_depth = 7\n'
TARGETS = {
    "binary": 'column = "late"',
    "multiclass": 'column = "outcome"',
    "regression": 'column = "amount"\ntask = "regression"',
}


def write_loans(path: Path) -> None:
    """Income, age, a category, holes; `late` falls with income, `amount` rises with it, both with noise."""
    draw = random.Random(5)
    rows = []
    for number in range(600):
        income, age = round(draw.lognormvariate(7, 1), 2), draw.randint(18, 80)
        plan = draw.choice(["basic", "plus", "pro", "año"])
        late = int(draw.random() < 1 / (1 + math.exp(math.log(income) - 7 + (plan == "pro"))))
        amount = round(3 * income + 20 * age + draw.gauss(0, 500), 2)
        outcome = draw.choice(["paid", "paid", "lost"]) if late else draw.choice(["paid", "early"])
        said = "" if number % 13 == 0 else income
        rows.append(f"{number:05d},{said},{age},{plan},{late},{amount},{outcome}")
    path.write_text(
        "customer,income,age,plan,late,amount,outcome\n" + "\n".join(rows) + "\n", encoding="utf-8"
    )


def ready(folder: Path, task: str, model: str, features: str = "") -> Path:
    others = {
        "binary": '"amount", "outcome"',
        "multiclass": '"amount", "late"',
        "regression": '"late", "outcome"',
    }
    text = features or f"exclude = [{others[task]}]"
    write_loans(folder / "loans.csv")
    (folder / "cauce.toml").write_text(
        PROJECT.format(target=TARGETS[task], features=text, model=model), encoding="utf-8"
    )
    return folder


@pytest.mark.parametrize("task", TARGETS)
def test_a_forest_runs_to_a_bundle_that_scores_alike_everywhere(tmp_path: Path, task: str) -> None:
    """A forest would train and then be refused, or score otherwise in a service."""
    report = cauce.run(ready(tmp_path, task, FOREST))
    model = cauce.load(report.folder)
    assert cauce.verify(report.folder).holds
    table = pl.read_csv(tmp_path / "loans.csv", schema_overrides={"customer": pl.String})
    scored = model.predict(table)
    names = [name for name in scored.columns if name.startswith("probability_")]
    if task == "regression":
        names = ["prediction"]
    else:
        total = scored.select(pl.sum_horizontal(names)).to_series()
        np.testing.assert_allclose(total, 1.0, atol=1e-6)
    onnx = model.bundle.scorer(payload="onnx")
    for place, row in enumerate(table.head(40).to_dicts()):
        answer = onnx.score_row(row)
        for name in names:
            assert answer[name] == pytest.approx(scored[name][place], rel=1e-6, abs=1e-6)
    again = load_scorer(model.bundle.xgboost, "xgboost")
    assert again(model.bundle.golden.features) == pytest.approx(
        model.bundle.golden.scores, rel=1e-6, abs=1e-6
    )
    assert cauce.plan(tmp_path).steps[-1].state == "finished"


@pytest.mark.parametrize("model", [FOREST, "rounds = 25\n"], ids=["forest", "boosting"])
def test_a_constrained_column_keeps_its_way_in_batches_and_rows(tmp_path: Path, model: str) -> None:
    """A higher income would raise the risk of somebody, through scaling and all."""
    constrained = f'{model}monotone = {{ income = "decreasing", age = "increasing" }}\n'
    report = cauce.run(ready(tmp_path, "binary", constrained))
    bundle = cauce.load(report.folder).bundle
    table = pl.read_csv(tmp_path / "loans.csv", schema_overrides={"customer": pl.String})
    scorer = bundle.scorer()
    for column, sign in (("income", -1), ("age", 1)):
        values = sorted(set(table[column].drop_nulls().to_list()))[::9]
        for row in table.head(25).to_dicts():
            rows = [{**row, column: value} for value in values]
            frame = pl.DataFrame(rows, schema=table.schema)
            batch = scorer.scores(frame.select(bundle.manifest.schema.names))[:, 1]
            single = [scorer.score_row(one)["probability_1"] for one in rows[::5]]
            assert (sign * np.diff(batch) >= 0).all()
            assert (sign * np.diff(single) >= 0).all()


@pytest.mark.parametrize(
    ("monotone", "features", "code"),
    [
        ('plan = "increasing"', "", "E0852"),
        ('incom = "increasing"', "", "E0851"),
        ('late = "increasing"', "", "E0851"),
        (
            'income = "increasing"',
            'exclude = ["amount", "outcome"]\nformulas = { by_age = "income / age" }',
            "E0853",
        ),
    ],
)
def test_a_constraint_that_cannot_hold_stops_the_run(
    tmp_path: Path, monotone: str, features: str, code: str
) -> None:
    """It would be dropped without a word."""
    folder = ready(tmp_path, "binary", f"{FOREST}monotone = {{ {monotone} }}\n", features)
    with pytest.raises(CauceError, match=code):
        cauce.run(folder)
