"""What becomes of a run's model: through the gate or not at all, and never asked twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from histories import keep, workspace

from cauce.core.promotion.history import champion_of
from cauce.errors import CauceError
from cauce.planning.pipeline import project_plan
from cauce.running.promotion_history import history_of
from cauce.running.promotion_run import Welcome, welcome
from cauce.spec import project_from_mapping

Bundles = tuple[Path, ...]
STRICT = {"roc_auc[positive=sí]": 0.75}


def events(work: Any) -> list[str]:
    return [one.event for one in history_of(work).entries()]


def test_the_first_model_takes_charge_only_through_the_gate(
    tmp_path: Path, promoted_bundles: Bundles
) -> None:
    """Where nobody is in charge, anything would be better than nothing, and a bad model is not."""
    work = workspace(tmp_path, require=STRICT)
    found = welcome(work, keep(work, promoted_bundles[1]), run="r1")
    assert (found.outcome, found.alias, found.decided) == ("refused", "none", "")
    assert champion_of(history_of(work).entries()) is None
    found = welcome(work, keep(work, promoted_bundles[0]), run="r2")
    assert (found.outcome, found.alias) == ("champion", "champion")
    assert found.decided.endswith("/2")
    assert Welcome.from_json(found.to_json()) == found
    entry = history_of(work).entries()[-1]
    assert (entry.event, entry.run, entry.verdict) == ("promote", "r2", found.verdict)


def test_a_run_that_goes_on_after_a_kill_writes_nothing_twice(
    tmp_path: Path, promoted_bundles: Bundles
) -> None:
    """Between the history and the step's record a run may be killed; the next one says the same."""
    work = workspace(tmp_path, require=STRICT)
    good, bad = keep(work, promoted_bundles[0]), keep(work, promoted_bundles[2])
    for identity in (bad, good):
        first = welcome(work, identity, run="r1")
        assert welcome(work, identity, run="r2") == first
    assert events(work) == ["refuse", "promote"]


@pytest.mark.parametrize(
    ("promote", "alias", "outcomes"),
    [
        ("ask", "auto", ["champion", "challenger"]),
        ("auto", "auto", ["champion", "champion"]),
        ("never", "auto", ["challenger", "challenger"]),
        ("ask", "champion", ["champion", "champion"]),
        ("auto", "challenger", ["challenger", "challenger"]),
        ("auto", "none", ["none", "none"]),
    ],
)
def test_what_the_project_says_decides_who_is_promoted(
    tmp_path: Path, promoted_bundles: Bundles, promote: str, alias: str, outcomes: list[str]
) -> None:
    work = workspace(tmp_path, promote=promote)
    mapping = {**work.project.to_mapping(), "tracking": {"alias": alias}}
    work = type(work)(project_from_mapping(mapping), tmp_path)
    found = [welcome(work, keep(work, one), run="r") for one in promoted_bundles[:2]]
    assert [one.outcome for one in found] == outcomes


def test_a_gate_that_nobody_can_pass_is_refused_before_anything_is_read() -> None:
    """A misspelled metric found after an hour of training is found an hour too late."""
    mapping = {"schema": 1, "name": "m", "data": {"source": "t.csv"}, "target": {"column": "y"}}
    for metric, code in (("roc_auk[positive=a]", "E0901"), ("prevalence[positive=a]", "E2009")):
        project = project_from_mapping({**mapping, "gate": {"require": {metric: 0.5}}})
        with pytest.raises(CauceError) as found:
            project_plan(project, "f" * 64, tracked=True)
        assert found.value.code == code


def test_another_gate_asks_again_and_trains_nothing() -> None:
    """Lowering a limit must not cost a training; leaving it must not cost a registration."""
    mapping = {"schema": 1, "name": "m", "data": {"source": "t.csv"}, "target": {"column": "y"}}
    webhook = {"webhook": {"url": "https://example.org", "secret": "env:S"}}
    plans = [
        project_plan(project_from_mapping({**mapping, "gate": gate}), "f" * 64, tracked=True)
        for gate in ({}, {"require": {"rmse": 1}}, webhook)
    ]
    steps = [{one.name: one.parameters for one in plan.steps} for plan in plans]
    differ = [name for name in steps[0] if steps[0][name] != steps[1][name]]
    assert differ == ["register"]
    assert steps[0] == steps[2], "whom a webhook tells changes nothing about a model"
