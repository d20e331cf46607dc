"""Better than the champion, on rows that neither has seen, judged once."""

from __future__ import annotations

import random
import warnings
from pathlib import Path
from typing import Any

import pytest
from histories import keep

import cauce
from cauce.core.bundle.opening import open_bundle, open_stored_bundle
from cauce.core.promotion.history import Held
from cauce.errors import CauceWarning
from cauce.running.promotion_gate import judge
from cauce.running.promotion_run import welcome
from cauce.running.readings import test_readings as readings
from cauce.running.workspace import Workspace, open_workspace
from cauce.spec import project_from_mapping

pytestmark = pytest.mark.filterwarnings("ignore::cauce.errors.failure.CauceWarning")
GATE = {"better_than_champion": True, "promote": "auto"}


def ran(folder: Path, rounds: int, gate: dict[str, Any] = GATE) -> tuple[Workspace, str]:
    """A project of 1,500 rows whose model is worse the fewer its rounds; untracked; its bundle."""
    folder.mkdir(exist_ok=True)
    if not (folder / "table.csv").exists():
        draw = random.Random(1)
        rows = []
        for number in range(1500):
            a, b, c = (draw.gauss(0, 1) for _ in range(3))
            label = int(a + b * c + draw.gauss(0, 0.5) > 0)
            rows.append(f"{number:05d},{a:.5f},{b:.5f},{c:.5f},{label}")
        (folder / "table.csv").write_text("\n".join(["id,a,b,c,y", *rows]) + "\n", encoding="utf-8")
    mapping = {
        "schema": 1,
        "name": "m",
        "data": {"source": "table.csv", "key": "id"},
        "target": {"column": "y", "task": "binary", "positive": 1},
        "models": [{"rounds": rounds, "max_depth": 4, "early_stopping": 0}],
        "tracking": {"enabled": False},
        "gate": gate,
    }
    (folder / "cauce.toml").write_text(cauce.spec.write_project(project_from_mapping(mapping)), "utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CauceWarning)
        report = cauce.run(folder)
    return open_workspace(folder), report.bundle


@pytest.fixture(scope="module")
def contestants(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, str, str]:
    """A workspace, a poor model and a good one."""
    folder = tmp_path_factory.mktemp("contest")
    _, poor = ran(folder, 1)
    work, good = ran(folder, 60)
    return work, poor, good


def test_the_better_model_deposes_the_champion_and_the_worse_does_not(
    contestants: tuple[Workspace, str, str],
) -> None:
    """A challenger that is not shown to be better stays out, however lucky its own number."""
    work, poor, good = contestants
    assert welcome(work, poor, run="r1").outcome == "champion", "there is nobody to be better than"
    found = welcome(work, good, run="r2")
    assert found.outcome == "champion"
    contest = found.verdict.contest
    assert contest is not None
    assert (contest.champion, contest.rows > 200, contest.reason) == (poor, True, "")
    assert contest.low is not None
    assert contest.difference is not None
    assert 0 < contest.low < contest.difference
    assert str(contest).startswith("better than the champion in roc_auc[positive=1] by 0.")
    back = welcome(work, poor, run="r3")
    assert (back.outcome, back.alias) == ("refused", "none")
    assert "not shown to be better than the champion by more than 0.0000" in back.verdict.failures[0]


def test_a_comparison_reads_the_test_rows_once(contestants: tuple[Workspace, str, str]) -> None:
    """Asking until the answer fits is how a test set wears out."""
    work, poor, good = contestants
    bundle = open_stored_bundle(work.store, good)
    verdict = judge(work, bundle, champion=Held(poor))
    before = work.engine.rows_scanned
    snapshot = str(bundle.manifest.snapshot)
    counted = readings(work.store, snapshot)
    assert judge(work, bundle, champion=Held(poor)) == verdict
    assert work.engine.rows_scanned == before
    assert readings(work.store, snapshot) == counted


def test_the_margin_and_the_confidence_count(contestants: tuple[Workspace, str, str]) -> None:
    work, poor, good = contestants
    bundle = open_stored_bundle(work.store, good)
    contest = judge(work, bundle, champion=Held(poor)).contest
    assert contest is not None
    found = []
    for gate in ({"margin": 0.4}, {"margin": 0.0, "confidence": 0.99}):
        mapping = {**work.project.to_mapping(), "gate": {**GATE, **gate}}
        other = judge(Workspace(project_from_mapping(mapping), work.folder), bundle, champion=Held(poor))
        assert other.contest is not None
        found.append(other.contest)
    assert not found[0].holds
    assert found[1].low is not None
    assert contest.low is not None
    assert found[1].low < contest.low, "more confidence is a wider interval"


def test_what_cannot_be_compared_is_not_better(
    contestants: tuple[Workspace, str, str], promoted_bundles: tuple[Path, ...]
) -> None:
    """A champion of another target, or one that is lost, is a reason to look, not to promote."""
    work, _, good = contestants
    bundle = open_stored_bundle(work.store, good)
    keep(work, promoted_bundles[0])
    for rival in (open_bundle(promoted_bundles[0]).identity, "f" * 64):
        verdict = judge(work, bundle, champion=Held(rival))
        assert not verdict.holds
        assert verdict.failures[0].startswith("it cannot be compared with the champion: ")
