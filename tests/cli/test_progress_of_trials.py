"""Whoever waits for candidates sees which one is under way."""

from __future__ import annotations

import pytest

from cauce.cli.progress import observed
from cauce.planning.resolving import State
from cauce.planning.step import Step


def test_a_trial_and_its_fold_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A number of fits tells nobody how far a search is."""
    from cauce.cli import progress

    said: list[str] = []

    class Terminal:
        quiet, live, say = False, False, staticmethod(said.append)

    step = Step(name="tune", parameters={"fits": 5})
    monkeypatch.setattr(progress, "_BETWEEN", 0.0)
    with observed(Terminal()) as watch:  # type: ignore[arg-type]
        watch.started(State(step, None, ()))
        for done, total in ((0, 60.0), (11, 60.0), (60, 60.0), (7, None)):
            watch.progressed(step, done, total=total)
    told = [line.partition(": ")[2] for line in said[1:]]
    assert told == [
        "trial 1 of 12, fold 1 of 5",
        "trial 3 of 12, fold 2 of 5",
        "trial 12 of 12, fold 5 of 5",
        "trial 2, fold 3 of 5",
    ]
