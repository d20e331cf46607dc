"""Two models are compared on rows that neither has seen, or it is said why they cannot be."""

from __future__ import annotations

import math
import random
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import sklearn.metrics as peer

from cauce.core.bundle.opening import open_stored_bundle
from cauce.core.comparison import Comparison
from cauce.errors import CauceError
from cauce.running.comparison import compare_models
from cauce.running.project_run import Results, run_project
from cauce.running.readings import test_readings as readings_of
from cauce.running.workspace import open_workspace

BASE = """
schema = 1
name = "customers"
[data]
source = "table.csv"
{data}
[target]
column = "churn"
{split}
[[models]]
rounds = {rounds}
early_stopping = 0
[tracking]
enabled = false
{more}
"""


def write_table(path: Path, rows: int = 1500, *, extra: str = "") -> None:
    draw = random.Random(3)
    lines = [f"customer,house,income,age,plan,day,churn{',' + extra if extra else ''}"]
    for number in range(rows):
        income, age = draw.gauss(0, 1), draw.gauss(0, 1)
        plan = draw.choice(["basic", "plus", "pro"])
        churn = int(draw.random() < 1 / (1 + math.exp(-1.5 * income - age + (plan == "pro"))))
        day = f"2024-{number * 12 // rows + 1:02d}-{number % 28 + 1:02d}"
        cells = (f"{number:05d}", number // 3, round(income, 4), round(age, 4), plan, day, churn)
        lines.append(",".join(map(str, (*cells, *([1] if extra else ())))))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def ran(folder: Path, *, data='key = "customer"', split="", rounds=20, more="", rows=1500, extra=""):
    folder.mkdir(parents=True, exist_ok=True)
    write_table(folder / "table.csv", rows, extra=extra)
    text = BASE.format(data=data, split=split, rounds=rounds, more=more)
    (folder / "cauce.toml").write_text(text, encoding="utf-8")
    work = open_workspace(folder)
    return work, Results(work, run_project(work).records)


def test_a_comparison_is_that_of_the_test_rows_scored_by_hand(tmp_path: Path) -> None:
    """Another set of rows, or another model's scores, would decide which model goes to production."""
    work, first = ran(tmp_path, rounds=1)
    work, second = ran(tmp_path, rounds=40)
    found = compare_models(work, first=first.bundle, second=second.bundle)
    table = pl.read_csv(
        tmp_path / "table.csv", schema_overrides={"customer": pl.String}, try_parse_dates=True
    )
    areas, scores = [], []
    bundles = [open_stored_bundle(work.store, one.bundle) for one in (first, second)]
    rule = bundles[0].manifest.split
    from cauce.expr.schema import Field, Schema  # noqa: PLC0415
    from cauce.stats import row_hashes  # noqa: PLC0415

    lane, _ = row_hashes(table, Schema((Field("customer", "text"),)), columns=("customer",))
    test = rule.folds(table, lane=lane, label=np.zeros(table.height)) == 2
    label = table["churn"].to_numpy()[test]
    for bundle in bundles:
        scorer = bundle.scorer()
        scores.append(scorer.scores(table.select(scorer.columns))[test, 1])
        areas.append(peer.roc_auc_score(label, scores[-1]))
    one = found.headline
    assert str(one.name) == "roc_auc[positive=1]"
    assert (found.rows, found.left_out) == (int(test.sum()), 0)
    assert (one.first, one.second) == pytest.approx(areas, abs=1e-9)
    losses = [peer.log_loss(label, score) for score in scores]
    assert (found["log_loss"].first, found["log_loss"].second) == pytest.approx(losses, abs=0.005)
    assert one.verdict == "second"
    assert found.better_by(0.0)
    assert not found.better_by(one.gain_interval.low + 0.01)
    said = found.sentence("run 1", "run 2")
    assert said.startswith("run 2 is better than run 1 by ")
    assert f"on {found.rows} test rows that neither has seen" in said
    assert "1,000 pairs" in found.reading("run 1", "run 2")
    assert Comparison.from_json(found.to_json()).to_json() == found.to_json()


def test_the_other_way_round_it_says_the_same(tmp_path: Path) -> None:
    work, first = ran(tmp_path, rounds=1)
    work, second = ran(tmp_path, rounds=40)
    one = compare_models(work, first=first.bundle, second=second.bundle)
    other = compare_models(work, first=second.bundle, second=first.bundle)
    assert other.headline.difference == pytest.approx(-one.headline.difference)
    assert other.headline.verdict == "first"
    assert one.sentence("A", "B").replace("B is", "A is").replace("than A", "than B") == other.sentence(
        "A", "B"
    )


def test_a_model_is_not_better_than_itself(tmp_path: Path) -> None:
    work, first = ran(tmp_path)
    found = compare_models(work, first=first.bundle, second=first.bundle)
    assert {one.verdict for one in found.metrics} == {"same"}
    assert "give the same answers" in found.sentence()
    assert not found.better_by()


def test_the_test_rows_of_one_seed_that_the_other_trained_on_are_left_out(tmp_path: Path) -> None:
    """A model would otherwise win on rows it knows by heart."""
    work, first = ran(tmp_path, split="[split]\nseed = 1")
    work, second = ran(tmp_path, split="[split]\nseed = 2")
    found = compare_models(work, first=first.bundle, second=second.bundle)
    tests = second.evaluation.datasets["test"].rows
    assert found.rows + found.left_out == tests
    assert found.rows == pytest.approx(0.2 * tests, rel=0.4)


def test_rows_added_later_are_compared_and_the_datasets_said_to_differ(tmp_path: Path) -> None:
    work, first = ran(tmp_path, rows=900)
    work, second = ran(tmp_path, rows=1500)
    found = compare_models(work, first=first.bundle, second=second.bundle)
    assert (found.rows, found.left_out) == (second.evaluation.datasets["test"].rows, 0)
    assert found.qualifications == ("snapshots",)
    assert "different snapshots" in found.said[0]
    assert found.snapshot == second.snapshot


@pytest.mark.parametrize(
    ("data", "split", "said"),
    [
        ("", "", ("snapshots", "content")),
        ('key = "customer"', '[split]\nkind = "stratified"', ("snapshots", "classes")),
        ('time = "day"', '[split]\nkind = "time"', ("snapshots", "time")),
    ],
)
def test_what_cannot_be_known_for_sure_is_said(tmp_path: Path, data, split, said) -> None:
    work, first = ran(tmp_path, data=data, split=split, rows=900)
    work, second = ran(tmp_path, data=data, split=split, rows=1500)
    assert compare_models(work, first=first.bundle, second=second.bundle).qualifications == said


def test_models_are_not_compared_where_the_rows_one_has_seen_cannot_be_known(tmp_path: Path) -> None:
    """Without a key, a row of a table with one more column is another row to the old split."""
    work, first = ran(tmp_path, data="")
    work, second = ran(tmp_path, data="", extra="more")
    with pytest.raises(CauceError, match="E0912"):
        compare_models(work, first=first.bundle, second=second.bundle)


def test_models_of_other_targets_are_not_compared(tmp_path: Path) -> None:
    work, first = ran(tmp_path)
    text = (tmp_path / "cauce.toml").read_text(encoding="utf-8")
    changed = text.replace('column = "churn"', 'column = "plan"')
    (tmp_path / "cauce.toml").write_text(changed, encoding="utf-8")
    work = open_workspace(tmp_path)
    second = Results(work, run_project(work).records)
    with pytest.raises(CauceError, match="E0911"):
        compare_models(work, first=first.bundle, second=second.bundle)
    again = compare_models(work, first=second.bundle, second=second.bundle)
    assert {str(one.name) for one in again.metrics} >= {
        "roc_auc[ovr,macro]",
        "log_loss",
        "accuracy",
        "f1[macro]",
    }
    with pytest.raises(CauceError, match="E0914"):
        compare_models(work, first=second.bundle, second=second.bundle, metric="rmse")


def test_amounts_learned_on_the_log_scale_are_compared_on_it(tmp_path: Path) -> None:
    """`cauce compare` would say of every such project that its models cannot be compared."""
    draw = np.random.default_rng(4)
    size = draw.normal(size=900)
    amount = np.exp(3 + size + 0.3 * draw.normal(size=900)).round(3)
    table = pl.DataFrame({"customer": np.arange(900), "size": size.round(4), "amount": amount})
    table.write_csv(tmp_path / "table.csv")
    results, losses = [], []
    for rounds in (3, 30):
        text = BASE.format(data='key = "customer"', split="", rounds=rounds, more="")
        text = text.replace('column = "churn"', 'column = "amount"\ntransform = "log1p"')
        (tmp_path / "cauce.toml").write_text(text, encoding="utf-8")
        work = open_workspace(tmp_path)
        results.append(Results(work, run_project(work).records))
        losses.append(results[-1].evaluation.datasets["test"]["rmse[log1p]"].value)
    found = compare_models(work, first=results[0].bundle, second=results[1].bundle, metric="rmse[log1p]")
    assert (found.headline.first, found.headline.second) == pytest.approx(losses, rel=1e-6)
    assert found.headline.verdict == "second"


def test_groups_widen_a_comparison_too(tmp_path: Path) -> None:
    work, first = ran(tmp_path, data='group = "house"', split='[split]\nkind = "group"', rounds=1)
    work, second = ran(tmp_path, data='group = "house"', split='[split]\nkind = "group"', rounds=30)
    found = compare_models(work, first=first.bundle, second=second.bundle, level=0.9)
    assert found.headline.interval.level == 0.9
    assert found.headline.verdict == "second"


def test_each_look_at_the_test_rows_is_counted_once(tmp_path: Path) -> None:
    """A test fold that was looked at fifty times chooses the luckiest model."""
    work, first = ran(tmp_path, rounds=5)
    assert readings_of(work.store, first.snapshot).count == 1
    run_project(work)
    assert readings_of(work.store, first.snapshot).count == 1
    work, second = ran(tmp_path, rounds=6)
    for _ in range(2):
        compare_models(work, first=first.bundle, second=second.bundle)
    found = readings_of(work.store, first.snapshot)
    assert (found.evaluations, found.comparisons) == (2, 1)
    assert found.sentence == "The test rows of this dataset have been looked at 3 times."
