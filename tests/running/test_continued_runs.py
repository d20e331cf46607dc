"""A model goes on from an earlier one with new rows, and says so; what does not fit together is refused."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from finished_runs import board, run
from hypothesis import given
from hypothesis import strategies as st

import cauce
from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.manifest import Manifest
from cauce.core.bundle.opening import open_stored_bundle
from cauce.core.columns import TEST
from cauce.core.scoring import load_scorer
from cauce.core.splits.keeping import keeps_test
from cauce.core.splits.rules import RandomSplit, StratifiedSplit, TimeSplit
from cauce.core.trees.continuing import is_monotone
from cauce.errors import CauceError, CauceErrors, CauceWarning
from cauce.running.artifacts import export_model
from cauce.running.cards import Known, card_of
from cauce.running.continuing import continued_sentences
from cauce.running.project_run import Results, run_project
from cauce.running.report.report import write_report
from cauce.running.workspace import open_workspace


def people(rows: int, *, seed: int, first: int = 0) -> pl.DataFrame:
    draw = np.random.default_rng(seed)
    age, income = draw.normal(50, 15, rows).round(1), draw.lognormal(10, 1, rows).round()
    town = draw.choice(["north", "south", "east", "west"], rows)
    score = (age - 50) / 8 + np.log(income) - 10 + (town == "north") * 2 + draw.logistic(size=rows)
    return pl.DataFrame(
        {
            "id": np.arange(first, first + rows),
            "age": age,
            "income": income,
            "town": town,
            "bought": pl.Series(score > 0).replace_strict({True: "yes", False: "no"}),
        }
    )


BOUGHT = 'column = "bought"'


def project(folder: Path, table: pl.DataFrame, *, models: str, target: str = BOUGHT, more: str = "") -> Path:
    folder.mkdir(parents=True)
    table.write_csv(folder / "table.csv", quote_style="non_numeric")
    text = f"""
schema = 1
name = "shop"
[data]
source = "table.csv"
key = "id"
[target]
{target}
[tracking]
enabled = false
{models}
{more}
"""
    (folder / "cauce.toml").write_text(text, encoding="utf-8")
    return folder


FIRST = "[[models]]\nrounds = 12\nmax_depth = 3\n"


def went_on(earlier: Path | str, more: str = "") -> str:
    return f'[[models]]\nrounds = 8\nmax_depth = 3\neta = 0.2\ncontinue = "{earlier}"\n{more}'


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model of 700 people."""
    results = run(project(tmp_path_factory.mktemp("earlier") / "one", people(700, seed=1), models=FIRST))
    return export_model(results.work, results.bundle)


def bundle_of(results: Results) -> Bundle:
    return open_stored_bundle(results.work.store, results.bundle)


def test_new_rows_add_trees_to_the_earlier_model_and_change_nothing_else_of_it(
    tmp_path: Path, earlier: Path
) -> None:
    """Who pays for a second delivery must get the first model's features and trees, and more trees."""
    folder = project(tmp_path / "two", people(600, seed=2, first=10_000), models=went_on(earlier))
    results = run(folder)
    first, both = cauce.load(earlier).bundle, bundle_of(results)
    assert both.manifest.features == first.manifest.features
    assert both.manifest.schema == first.manifest.schema
    added = results.records["fit"].facts["continued"]["added"]  # type: ignore[index,call-overload]
    assert 0 < added <= 8
    assert len(both.ensemble.trees) == len(first.ensemble.trees) + added
    for old, new in zip(first.ensemble.trees, both.ensemble.trees, strict=False):
        np.testing.assert_array_equal(old.threshold, new.threshold)
        np.testing.assert_array_equal(old.value, new.value)
    lineage = both.manifest.continued
    assert lineage is not None
    assert (lineage.digest, lineage.added) == (first.identity, added)
    assert Manifest.from_bytes(both.manifest.to_bytes()) == both.manifest
    (sentence,) = continued_sentences(results.records)
    assert f"{added} are added" in sentence
    page = write_report(results.work, results.work.ledger.runs()[-1]).path.read_text("utf-8")
    assert "goes on from" in page
    known = Known(results.evaluation, results.leaks, results.gate, None)
    assert f"`{first.identity}`" in card_of(results.work, results.bundle, known=known).to_markdown()
    # Rows that neither model has seen: the joint model is the better one.
    rest = people(3000, seed=3, first=90_000)
    label = (rest["bought"] == "yes").to_numpy()
    losses = []
    for where in (earlier, both_in(results)):
        said = cauce.load(where).predict(rest)["probability_yes"].to_numpy()
        losses.append(-np.log(np.where(label, said, 1 - said)).mean())
    assert losses[1] < losses[0]


def both_in(results: Results) -> Path:
    return export_model(results.work, results.bundle)


def test_an_alias_that_moved_to_the_new_model_makes_no_run_anew(tmp_path: Path, earlier: Path) -> None:
    """After a promotion the champion is the continued model: running again must not continue it once more."""
    champion = tmp_path / "champion"
    shutil.copytree(earlier, champion)
    folder = project(tmp_path / "two", people(500, seed=2, first=10_000), models=went_on(champion))
    results = run(folder)
    shutil.rmtree(champion)
    shutil.copytree(both_in(results), champion)
    again = run_project(open_workspace(folder))
    assert again.ran == ()
    assert again.records["bundle"].outputs == results.records["bundle"].outputs
    # With new rows the champion as it is now is what to go on from.
    people(550, seed=4, first=20_000).write_csv(folder / "table.csv", quote_style="non_numeric")
    later = run(folder)
    lineage = bundle_of(later).manifest.continued
    assert lineage is not None
    assert lineage.digest == results.bundle


def test_a_continued_model_stands_beside_a_fresh_one(tmp_path: Path, earlier: Path) -> None:
    """Whether going on is worth it is a comparison, on rows that judge both alike."""
    models = went_on(earlier, "[[models]]\nrounds = 20\nmax_depth = 3\n")
    folder = project(
        tmp_path / "two",
        people(500, seed=2, first=10_000),
        models=models,
        more="[choose]\nfolds = { k = 3 }\n",
    )
    results = run(folder)
    found = {getattr(one.candidate.model, "continued", None): one for one in board(results).trials}
    assert set(found) == {str(earlier), None}
    assert not any(one.failed for one in found.values())
    # A second delivery of the same people teaches little anew: fewer rounds than from nothing.
    assert found[str(earlier)].mean > 0.5
    assert results.records["tune"].step.inputs["earlier"]


def test_every_difference_to_the_earlier_model_is_listed_at_once(tmp_path: Path, earlier: Path) -> None:
    """Mending one column after another, a run for each, wastes an afternoon."""
    table = (
        people(300, seed=2)
        .drop("income")
        .with_columns(
            pl.col("town").str.len_chars(),
            age=pl.format("x{}", "age"),
            bought=pl.Series([("yes", "no", "maybe")[at % 3] for at in range(300)]),
        )
    )
    with pytest.raises(CauceErrors) as raised:
        run(project(tmp_path / "two", table, models=went_on(earlier)))
    told = [(one.code, one.values.get("column")) for one in raised.value.errors]
    assert {column for code, column in told if code == "E1009"} == {"income", "town", "age"}
    assert [code for code, _ in told].count("E2191") == 2


@pytest.mark.parametrize(
    ("learner", "told"), [("logistic", "logistic"), ("forest", "forest")], ids=["logistic", "forest"]
)
def test_what_is_no_boosted_trees_is_not_continued(tmp_path: Path, learner: str, told: str) -> None:
    """Trees on top of something that was never meant to be added to would be a model nobody asked for."""
    first = run(project(tmp_path / "one", people(300, seed=1), models=f'[[models]]\nlearner = "{learner}"\n'))
    folder = project(tmp_path / "two", people(300, seed=2), models=went_on(both_in(first)))
    with pytest.raises(CauceError, match="E2192") as raised:
        run(folder)
    assert raised.value.values["learner"] == told


def test_what_cannot_stand_with_continue_is_refused_when_the_file_is_read(tmp_path: Path) -> None:
    """Minutes into a run is too late to hear that two settings contradict each other."""
    folder = project(tmp_path / "one", people(50, seed=1), models=went_on("x", "subset = { batches = 20 }\n"))
    with pytest.raises(CauceError, match="E2190"):
        open_workspace(folder)


def test_a_constraint_that_the_earlier_trees_break_is_refused_and_one_they_keep_is_not(
    tmp_path: Path, earlier: Path
) -> None:
    """monotone is a promise about the model, not about its last trees."""
    constrained = FIRST + 'monotone = { age = "increasing" }\n'
    first = run(project(tmp_path / "one", people(500, seed=1), models=constrained))
    kept = bundle_of(first)
    place = [one.name for one in kept.manifest.features].index("age")
    assert is_monotone(kept.ensemble, place, way="increasing")
    assert not is_monotone(kept.ensemble, place, way="decreasing")
    more = went_on(both_in(first), 'monotone = { age = "increasing" }\n')
    run(project(tmp_path / "two", people(400, seed=2, first=9_000), models=more))
    broken = went_on(earlier, 'monotone = { age = "decreasing" }\n')
    with pytest.raises(CauceError, match="E2193"):
        run(project(tmp_path / "three", people(400, seed=2), models=broken))


def warned(folder: Path) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", CauceWarning)
        run(folder)
    return [str(one.message)[:5] for one in caught if issubclass(one.category, CauceWarning)]


def test_rows_that_the_earlier_model_may_know_are_warned_of(tmp_path: Path, earlier: Path) -> None:
    """A metric on rows that taught the first trees is too good, and nobody would know."""
    assert warned(project(tmp_path / "same", people(700, seed=1), models=went_on(earlier))) == ["W2191"]
    other = project(
        tmp_path / "other", people(500, seed=2), models=went_on(earlier), more="[split]\nseed = 7\n"
    )
    assert warned(other) == ["W2190"]


def test_no_tree_is_kept_where_none_helps_and_that_is_said(tmp_path: Path, earlier: Path) -> None:
    """Labels that are noise must leave the earlier model as it was."""
    table = people(400, seed=2)
    noise = table.with_columns(table["bought"].shuffle(seed=1).alias("bought"))
    flat = f'[[models]]\nrounds = 30\neta = 1.0\nmax_depth = 12\nearly_stopping = 2\ncontinue = "{earlier}"\n'
    folder = project(tmp_path / "two", noise, models=flat)
    found = warned(folder)
    assert found == ["W2192"]
    results = run(folder)
    assert bundle_of(results).xgboost == cauce.load(earlier).bundle.xgboost


RULES = st.builds(
    RandomSplit,
    st.sampled_from([("id",), ("town",)]),
    st.integers(0, 1),
    st.sampled_from([0.5, 0.6, 0.7]),
    st.sampled_from([0.1, 0.2]),
) | st.builds(
    StratifiedSplit,
    st.just(("id",)),
    st.integers(0, 1),
    st.just(0.6),
    st.just(0.2),
    st.tuples(*[st.sampled_from([(0.5, 0.7), (0.6, 0.8), (0.6, 0.79)])] * 2),
)


@given(RULES, RULES)
def test_a_split_that_is_said_to_keep_the_test_rows_does(first: Any, then: Any) -> None:
    """Whoever trusts the silence of the warning must not test on rows that taught the earlier trees."""
    rows = 400
    lane = np.random.default_rng(0).integers(0, 1 << 63, rows, dtype=np.uint64)
    label = np.arange(rows) % 2 * 1.0
    tested = [one.folds(pl.DataFrame(), lane=lane, label=label) == TEST for one in (first, then)]
    inside = not (tested[1] & ~tested[0]).any()
    assert keeps_test(first, first)
    if keeps_test(first, then):
        assert inside
    elif type(first) is type(then) and first.columns == then.columns and first.seed == then.seed:
        assert not inside


def test_splits_of_different_kinds_or_unknown_ones_promise_nothing() -> None:
    """What cannot be known is warned of; time keeps its promise where the limit did not move back."""
    random, time = RandomSplit(("id",), 0, 0.6, 0.2), TimeSplit("day", 10, 20, (), 0)
    assert not keeps_test(None, random)
    assert not keeps_test(random, time)
    assert keeps_test(time, TimeSplit("day", 15, 20, (), 3))
    assert not keeps_test(time, TimeSplit("day", 10, 19, (), 0))


def test_the_joint_payload_scores_as_the_bundle_says(tmp_path: Path, earlier: Path) -> None:
    """A regression on a scale of its own goes on too, and the bundle's golden rows hold it."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=500)
    amount = np.exp(x + draw.normal(size=500) / 4).round(3)
    table = pl.DataFrame({"id": np.arange(500), "x": x, "amount": amount})
    target = 'column = "amount"\ntask = "regression"\ntransform = "log1p"'
    first = run(project(tmp_path / "one", table, models=FIRST, target=target))
    again = table.with_columns(pl.col("id") + 9_000, pl.col("amount") * 2)
    models = went_on(both_in(first))
    found = bundle_of(run(project(tmp_path / "two", again, models=models, target=target)))
    rows = np.random.default_rng(1).normal(size=(50, 1)).astype(np.float32)
    before = load_scorer(bundle_of(first).xgboost, "xgboost")(rows)
    assert load_scorer(found.xgboost, "xgboost")(rows).mean() > before.mean()
    plain = run(project(tmp_path / "three", again, models=FIRST, target=target.rpartition("\n")[0]))
    with pytest.raises(CauceError, match="E2191"):
        run(project(tmp_path / "four", again, models=went_on(both_in(plain)), target=target))


@pytest.mark.slow
def test_the_champion_of_the_registry_is_continued_once_for_the_same_rows(tmp_path: Path) -> None:
    """A nightly run without new rows must not add trees each night, though the alias moved to its model."""
    tracked = "[gate]\npromote = 'auto'\nbetter_than_champion = false\n"
    folder = project(tmp_path / "shop", people(500, seed=1), models=FIRST, more=tracked)

    def said(rows: pl.DataFrame, models: str) -> Any:
        rows.write_csv(folder / "table.csv", quote_style="non_numeric")
        text = (folder / "cauce.toml").read_text("utf-8").replace("enabled = false", "enabled = true")
        (folder / "cauce.toml").write_text(text.replace(FIRST, models), encoding="utf-8")
        return cauce.run(folder)

    first = said(people(500, seed=1), FIRST)
    assert first.outcome == "champion"
    new = people(500, seed=2, first=9_000)
    both = said(new, went_on("models:/shop@champion"))
    assert both.outcome == "champion"
    assert any("goes on from shop/1" in one for one in both.said)
    again = said(new, FIRST)
    assert again.ran == ()
    assert again.bundle == both.bundle
