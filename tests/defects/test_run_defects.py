"""Defects of systems made by hand, one each: what their splits, features, models and numbers did wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from known_run import ROWS, UNLABELLED, Known

import cauce
from cauce.core.metrics.dataset import DatasetEvaluation
from cauce.engines.local.engine import LocalEngine
from cauce.errors import CauceError
from cauce.language import LANGUAGES
from cauce.planning.pipeline import project_plan
from cauce.running.project_run import Results, run_project
from cauce.running.steps.register import flat_settings
from cauce.running.workspace import open_workspace
from cauce.sources import ReadOptions, open_source
from cauce.spec import project_from_mapping
from cauce.testing.stores import MemoryStore

ROOT = Path(__file__).resolve().parents[2]


def test_a_run_reads_a_small_table_a_few_times_not_once_for_each_number(known: Known) -> None:
    """A D10: each count, metric and plot computed the whole plan again: nine passes and more."""
    names = [step.name for step in cauce.plan(known.folder).steps]
    assert known.scanned <= len(names) * ROWS
    work = open_workspace(known.folder)
    run_project(work)
    assert work.engine.rows_scanned == 0, "what is finished is not read again"


def test_labels_and_scores_of_one_row_meet_whatever_the_order(known: Known, tmp_path: Path) -> None:
    """A D11: labels, predictions and probabilities were collected apart and joined by their order."""
    shuffled, out = tmp_path / "shuffled.parquet", tmp_path / "scored.parquet"
    known.rows.sample(fraction=1.0, shuffle=True, seed=5).write_parquet(shuffled)
    cauce.predict(shuffled, model=known.report.folder, out=out)
    joined = known.rows.drop_nulls("y").join(pl.read_parquet(out), on="id", validate="1:1")
    predicted = [column for column in joined.columns if column.startswith("prediction")]
    expected = np.zeros((2, 2))
    for label, found in zip(joined["y"].to_list(), joined[predicted[0]].to_list(), strict=True):
        expected[int(label), int(found)] += 1
    tables = [one.confusion for one in known.report.evaluation.datasets.values()]
    assert sum(one.matrix for one in tables if one is not None).tolist() == expected.tolist()


def test_columns_of_every_kind_with_gaps_and_clashing_names_are_learned_from(known: Known) -> None:
    """A D17, B D2, B D3: gaps and texts stopped the run, a column called `features` too; numbers of some
    types, and every text and date, were left out without a word."""
    names = {feature.name.partition(":")[0] for feature in known.bundle.manifest.features}
    assert names == {"features", "small", "flag", "town", "day", "dose"}
    assert "id" not in names, "what names a row teaches nothing"


def test_a_table_of_which_nothing_can_be_learned_is_refused(tmp_path: Path) -> None:
    """B D2: with no feature left the job trained on nothing."""
    pl.DataFrame({"id": range(90), "y": [0, 1, 1] * 30}).write_parquet(tmp_path / "table.parquet")
    text = (
        'schema = 1\nname = "none"\ndata = { source = "table.parquet", key = "id" }\ntarget.column = "y"\n'
        "tracking.enabled = false\n"
    )
    (tmp_path / "cauce.toml").write_text(text, encoding="utf-8")
    with pytest.raises(CauceError) as caught:
        cauce.run(tmp_path)
    assert re.fullmatch("E10[0-9]{2}", caught.value.code), caught.value.code


def test_a_model_says_what_it_reads_from_what_and_with_what_it_was_made(known: Known) -> None:
    """A D23: no signature, no example row, no list of features, no fingerprint of the data, no versions."""
    manifest, results = known.bundle.manifest, _results(known)
    assert [column.name for column in manifest.input] == list(known.rows.columns[1:-1])
    assert manifest.snapshot == results.snapshot
    assert manifest.libraries.keys() >= {"numpy", "polars", "xgboost", "onnxruntime"}
    assert known.bundle.golden.rows.columns == list(manifest.schema.names)
    assert manifest.split is not None


def test_the_score_told_is_that_of_rows_that_chose_nothing(known: Known) -> None:
    """A D24, D D3: the set that chose was the set that judged; no test rows, no doubt, nothing to beat."""
    evaluation = known.report.evaluation
    datasets, history = evaluation.datasets, evaluation.history
    assert history is not None
    assert set(history.losses) == {"train", "validation"}, "rounds are stopped by validation alone"
    losses = history.losses["validation"]
    assert history.best_round == int(np.argmin(losses))
    test = datasets["test"]
    assert 0 < test.rows < datasets["train"].rows
    area = test["roc_auc[positive=1]"]
    assert area.value is not None
    assert area.interval is not None
    assert area.interval.low < area.value < area.interval.high
    guess = test.baseline("roc_auc[positive=1]")
    assert guess is not None
    assert guess.value == 0.5
    assert evaluation.thresholds is not None
    positives = _positives(datasets["validation"])
    assert positives != _positives(test)
    assert evaluation.thresholds.positives == positives, "thresholds are judged on validation rows"


def test_rows_without_a_label_are_no_class(known: Known) -> None:
    """B D4: zeros for what is missing made every missing label class 0."""
    datasets = known.report.evaluation.datasets.values()
    assert sum(one.rows for one in datasets) == ROWS - UNLABELLED
    table = sum(one.confusion.matrix.sum(axis=1) for one in datasets if one.confusion is not None)
    assert table.tolist() == [(known.rows["y"] == 0).sum(), (known.rows["y"] == 1).sum()]


def test_nothing_measured_is_not_zero(known: Known) -> None:
    """B D5: zero is a value; what is missing was turned into it, the same in every column."""
    row = {"features": None, "small": 0, "flag": True, "town": "Cali", "day": None}
    scorer = known.bundle.scorer()
    missing = scorer.score_row({**row, "dose": None})["probability_1"]
    zero = scorer.score_row({**row, "dose": 0.0})["probability_1"]
    assert missing > 0.6
    assert zero < 0.4


def test_missing_cells_are_counted_under_their_columns_name(known: Known) -> None:
    """B D32: they stood under `sum(town)`."""
    profile = _results(known).profile
    found = {column.name: column.nulls for column in profile.columns}
    assert found == {name: known.rows[name].null_count() for name in known.rows.columns}


def test_a_run_opens_no_door_and_asks_for_no_password(known: Known) -> None:
    """C D10: pages open to all, with one password for everybody written into the guide."""
    assert known.sockets == ()
    secret = re.compile(r"""(?i)(password|token|secret)\s*=\s*["'](?!env:)[^"'{}$]+["']""")
    files = [*(ROOT / "docs").glob("*.md"), *(ROOT / "src").rglob("*.toml"), ROOT / "README.md"]
    assert [path.name for path in files if secret.search(path.read_text(encoding="utf-8"))] == []


def test_a_table_in_parts_is_the_whole_table(known: Known, tmp_path: Path) -> None:
    """D D1: written batch by batch into one table that each batch replaced: 5,000 rows of 80,000 stayed."""
    parts = tmp_path / "parts"
    parts.mkdir()
    for number, part in enumerate(known.rows.iter_slices(ROWS // 6)):
        part.write_parquet(parts / f"{number}.parquet")
    engine = LocalEngine()
    manifest = engine.write(engine.scan(open_source(ReadOptions(paths=(str(parts),)))), MemoryStore())
    assert manifest.rows == ROWS
    assert manifest.identity == _results(known).snapshot


def test_the_word_none_is_a_category(tmp_path: Path) -> None:
    """D D6: `None` ("not measured") was read as missing, and `?` as a category."""
    (tmp_path / "table.csv").write_text("id,a1c\n" + "1,None\n2,?\n3,Norm\n4,\n" * 9, encoding="utf-8")
    source = open_source(ReadOptions(paths=(str(tmp_path / "table.csv"),), missing=("?",)))
    found = pl.concat(list(source.batches()))["a1c"].to_list()[:4]
    assert found == ["None", None, "Norm", None]


def _texts() -> Iterator[Path]:
    for folder, ends in ((ROOT / "docs", ("*.md",)), (ROOT / "src", ("*.py", "*.po", "*.toml"))):
        for end in ends:
            yield from folder.rglob(end)
    yield from ROOT.glob("*.md")


def test_every_text_is_utf_8_and_was_read_as_such() -> None:
    """E D1: a whole guide was UTF-8 read as another encoding, and unreadable."""
    broken = re.compile("\N{LATIN CAPITAL LETTER A WITH TILDE}[\u0080-\u00bf]|\ufffd|[\uac00-\ud7af]{3}")
    assert "es" in LANGUAGES
    found = [path.name for path in _texts() if broken.search(path.read_text(encoding="utf-8"))]
    assert found == []


@pytest.mark.parametrize("name", ["f1_score", "precision_score", "accuracy_d"])
def test_a_number_nobody_measures_cannot_be_asked_for(known: Known, name: str) -> None:
    """E D4: runs were searched for a metric that no run had logged: no row, and no word about it."""
    project = open_workspace(known.folder).project.to_mapping()
    asking = project_from_mapping({**project, "gate": {"require": {name: 0.5}}})
    with pytest.raises(CauceError) as caught:
        project_plan(asking, "f" * 64, tracked=True)
    assert caught.value.code in ("E0901", "E0902")


def test_what_is_tracked_as_set_is_what_was_set(known: Known) -> None:
    """E D6: parameters were typed a second time by hand for the tracker, and could differ from the fit's."""
    work = open_workspace(known.folder)
    told = dict(flat_settings(work.project.to_mapping()))
    assert told["models.0.rounds"] == "30"
    assert told["models.0.early_stopping"] == "5"
    history = known.report.evaluation.history
    assert history is not None
    assert len(history.losses["train"]) <= 30


def _positives(one: DatasetEvaluation) -> float:
    assert one.confusion is not None
    return float(one.confusion.matrix[1].sum())


def _results(known: Known) -> Results:
    work = open_workspace(known.folder)
    return Results(work, run_project(work).records)
