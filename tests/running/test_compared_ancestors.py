"""Models that go on from others are compared on rows that those have not learned from either."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from finished_runs import run
from test_continued_runs import FIRST, people, project, went_on

from cauce.core.bundle.opening import open_stored_bundle
from cauce.core.bundle.writing import bundle_key
from cauce.errors import CauceError, CauceWarning
from cauce.running.artifacts import export_model
from cauce.running.comparison import compare_models

OTHER_SPLIT = "[split]\nseed = 7\n"


def test_rows_that_taught_a_third_model_which_one_went_on_from_are_left_out(tmp_path: Path) -> None:
    """A model would win by its first trees, which know four in five of its test rows by heart."""
    table = people(700, seed=1)
    made = run(project(tmp_path / "one", table, models=FIRST))
    third = export_model(made.work, made.bundle)
    folder = project(tmp_path / "two", table, models=FIRST, more=OTHER_SPLIT)
    fresh = run(folder)
    file = folder / "cauce.toml"
    file.write_text(file.read_text(encoding="utf-8").replace(FIRST, went_on(third)), encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CauceWarning)
        on = run(folder)
    work, tests = on.work, on.evaluation.datasets["test"].rows
    for first, second in ((fresh.bundle, on.bundle), (on.bundle, fresh.bundle)):
        found = compare_models(work, first=first, second=second)
        assert found.rows + found.left_out == tests
        assert found.rows == pytest.approx(0.2 * tests, rel=0.5)
    lineage = open_stored_bundle(work.store, on.bundle).manifest.continued
    assert lineage is not None
    Path(str(work.store.local_path(bundle_key(lineage.digest)))).unlink()
    with pytest.raises(CauceError) as refused:
        compare_models(work, first=fresh.bundle, second=on.bundle)
    assert refused.value.code == "E0912"
    assert "goes on from is no longer in the store" in refused.value.message
