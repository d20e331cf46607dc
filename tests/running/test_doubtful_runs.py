"""A run's numbers come with their doubt: intervals, threshold, slices, importance, kept in the bundle."""

from __future__ import annotations

import math
import random
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import sklearn.metrics as peer

import cauce
from cauce.core.bundle.opening import open_stored_bundle
from cauce.core.metrics.names import MetricName
from cauce.core.metrics.target import Target
from cauce.core.permuting import Sample, permutation_importance
from cauce.errors import CauceError, CauceWarning
from cauce.running.project_run import Results, run_project
from cauce.running.workspace import open_workspace

HEAD = """
schema = 1
name = "loans"
[data]
source = "table.csv"
{data}
[target]
column = "{target}"
[[models]]
rounds = 25
early_stopping = 0
[tracking]
enabled = false
{more}
"""


def write_table(path: Path, rows: int = 2500) -> None:
    draw = random.Random(5)
    lines = ["client,region,name,income,noise,*,weight,amount,paid"]
    for number in range(rows):
        income, noise, star = (draw.gauss(0, 1) for _ in range(3))
        region = draw.choice(["north", "south", "east"])
        odds = 0.0 if region == "east" else 2 * income + 0.5 * star
        paid = "yes" if draw.random() < 1 / (1 + math.exp(-odds - 1)) else "no"
        amount = round(math.exp(8 + income + draw.gauss(0, 0.5)), 2)
        cells = (number // 5, region, f"n{number}", *(f"{one:.4f}" for one in (income, noise, star)))
        lines.append(",".join(map(str, (*cells, draw.choice([1, 2, 3]), amount, paid))))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def ran(folder: Path, *, target="paid", data="", more=""):
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "table.csv").exists():
        write_table(folder / "table.csv")
    exclude = 'features.exclude = ["name", "client", "amount"]\n' if target == "paid" else ""
    exclude = exclude or 'features.exclude = ["name", "client", "paid"]\n'
    text = exclude + HEAD.format(data=data, target=target, more=more)
    (folder / "cauce.toml").write_text(text, encoding="utf-8")
    work = open_workspace(folder)
    return work, Results(work, run_project(work).records)


def test_a_run_keeps_the_doubt_of_every_metric_in_evaluation_and_bundle(tmp_path: Path) -> None:
    """A number without its doubt is believed."""
    work, results = ran(tmp_path)
    found = results.evaluation
    for dataset in ("validation", "test"):
        for one in found.datasets[dataset].metrics:
            assert one.interval is not None, (dataset, one.name)
            assert one.low <= one.value <= one.high
    tests = open_stored_bundle(work.store, results.bundle).manifest.metrics["test"]
    assert tests == found.datasets["test"].metrics
    tracked = found.tracked()
    assert tracked["test/roc_auc.positive.yes_low"] < tracked["test/roc_auc.positive.yes"]
    report = cauce.run(tmp_path)
    told = report.to_json()["intervals"]["test"]
    assert told["level"] == 0.95
    assert told["low"] < report.values["test"] < told["high"]


def test_the_chosen_threshold_reaches_the_bundle_and_its_predictions(tmp_path: Path) -> None:
    """A service with another threshold than the report would make other decisions than were judged."""
    costs = "[choose]\nthreshold = { cost_false_positive = 1.0, cost_false_negative = 0.1 }"
    work, results = ran(tmp_path, more=costs)
    threshold = results.evaluation.threshold
    assert threshold > 0.6
    bundle = open_stored_bundle(work.store, results.bundle)
    assert bundle.manifest.threshold == threshold
    table = pl.read_csv(tmp_path / "table.csv").head(300)
    scored = bundle.scorer()(table)
    expected = ["yes" if one >= threshold else "no" for one in scored["probability_yes"]]
    assert scored["prediction"].to_list() == expected
    assert any("lowest cost" in one for one in cauce.run(tmp_path).said)
    rows = results.evaluation.thresholds.rows
    assert min(rows, key=lambda one: one.cost).threshold == pytest.approx(threshold, abs=0.1)


def test_slices_name_the_region_where_the_model_fails(tmp_path: Path) -> None:
    with pytest.warns(CauceWarning, match="W0901"):
        _, results = ran(tmp_path, more='[evaluate]\nslices = ["region", "income", "name", "*"]')
    found = results.evaluation
    assert {one.column for one in found.slices} == {"region", "income", "*"}
    assert {one.dataset for one in found.slices} == {"validation", "test"}
    assert "region = east" in [one.name for one in found.weakest]
    assert any("region = east" in one for one in found.notices)
    validation = found.datasets["validation"]
    for column in ("region", "income"):
        own = [one for one in found.slices if (one.column, one.dataset) == (column, "validation")]
        assert sum(one.rows for one in own) == validation.rows


def test_shuffling_names_the_users_columns_and_finds_the_one_that_matters(tmp_path: Path) -> None:
    """Gain credits columns a model merely looked at; shuffling asks what it needs."""
    _, results = ran(tmp_path)
    found = results.evaluation.permutation
    names = [one.column for one in found.columns]
    assert names[0] == "income"
    assert set(names) == {"region", "income", "noise", "*", "weight"}
    drops = {one.column: one.drop for one in found.columns}
    assert drops["income"] > 0.1
    assert abs(drops["noise"]) < 0.05
    assert found.rows == results.evaluation.datasets["validation"].rows
    assert all(one.spread >= 0 for one in found.columns)
    again = ran(tmp_path / "again")[1].evaluation.permutation
    assert again == found


def test_rows_of_one_client_are_not_counted_as_independent(tmp_path: Path) -> None:
    more = '[split]\nkind = "group"'
    _, results = ran(tmp_path, data='group = "client"', more=more)
    methods = {one.interval.method for one in results.evaluation.datasets["test"].metrics}
    assert methods == {"buckets", "delong"}


@pytest.mark.parametrize("data", ["", 'weight = "weight"', 'group = "client"'])
def test_amounts_have_intervals_and_a_logarithmic_scale(tmp_path: Path, data: str) -> None:
    """One contract of a billion decides R² alone; on the scale log(1 + x) all contracts count."""
    _, results = ran(
        tmp_path, target="amount", data=data, more='[evaluate]\nslices = ["region"]\nlevel = 0.9'
    )
    test = results.evaluation.datasets["test"]
    for name in ("rmse", "mae", "median_absolute_error", "r2", "wape", "rmse[log1p]", "r2[log1p]"):
        one = test[name]
        assert one.interval.level == 0.9
        assert one.low < one.value < one.high, name
    assert results.evaluation.permutation.columns[0].column == "income"


def test_more_than_two_classes_have_doubt_slices_and_importance(tmp_path: Path) -> None:
    _, results = ran(tmp_path, target="region", more='[evaluate]\nslices = ["weight"]')
    assert results.evaluation.choice is None
    for one in results.evaluation.datasets["test"].metrics:
        assert one.interval is not None, one.name
    with pytest.raises(CauceError, match="E0909"):
        ran(tmp_path, target="region", more='[choose]\nthreshold = "f1"')
    with pytest.raises(CauceError, match="E1401"):
        ran(tmp_path, target="region", more='[evaluate]\nslices = ["regoin"]')


def test_importance_is_what_scikit_learn_finds_on_the_same_rows(tmp_path: Path) -> None:
    """The drop of the area when one column is shuffled, averaged over many shuffles."""
    work, results = ran(tmp_path)
    scorer = open_stored_bundle(work.store, results.bundle).scorer()
    table = pl.read_csv(tmp_path / "table.csv")
    label = (table["paid"] == "yes").to_numpy()
    draw, drops = np.random.default_rng(0), []
    whole = peer.roc_auc_score(label, scorer.scores(table)[:, 1])
    for _ in range(20):
        shuffled = table.with_columns(table["income"].gather(draw.permutation(table.height)))
        drops.append(whole - peer.roc_auc_score(label, scorer.scores(shuffled)[:, 1]))
    columns = table.select(name for name in scorer.columns if name != "*").with_columns(table.get_column("*"))
    sample = Sample(rows=columns, label=label * 1.0, weight=np.ones(table.height))
    target, metric = Target("binary", ("no", "yes")), MetricName("roc_auc", positive="yes")
    found = permutation_importance(scorer, sample, target=target, metric=metric, threshold=0.5)
    income = found.columns[0]
    assert income.column == "income"
    assert income.drop == pytest.approx(np.mean(drops), abs=4 * np.std(drops) / np.sqrt(3))
    assert income.spread < 5 * np.std(drops)
