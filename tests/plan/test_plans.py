"""A step runs exactly when something that changes its result changed, and the reason is said."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cauce.core.canonical import canonical_json, digest_of
from cauce.errors import CauceError, Exit
from cauce.planning.explaining import Reason, differences
from cauce.planning.libraries import library_versions
from cauce.planning.record import Record
from cauce.planning.resolving import State, resolve
from cauce.planning.step import Output, Plan, Reference, Step
from cauce.running.clock import SystemClock, new_run_name
from cauce.running.execution import Made, run_plan
from cauce.running.observer import Silent
from cauce.stores.ledger import StoreLedger
from cauce.testing.clocks import SteppingClock
from cauce.testing.stores import MemoryStore

DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def plan_of(fingerprint: str = "file A", rounds: int = 100, xgboost: str = "3.2.0") -> Plan:
    """Read a file, fit on its content, evaluate the fit."""
    return Plan(
        (
            Step(name="ingest", inputs={"file": fingerprint}, scans=1),
            Step(
                name="fit",
                inputs={"rows": Output("ingest", "content")},
                parameters={"boost": {"rounds": rounds, "eta": 0.3}},
                libraries={"xgboost": xgboost},
            ),
            Step(name="evaluate", inputs={"model": Output("fit", "model")}),
        )
    )


class World:
    """A store, and actions that count how often they ran; files with the same letter have the same rows."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.ledger = StoreLedger(self.store)
        self.ran: list[str] = []
        self.clock = SteppingClock()

    def actions(self) -> dict[str, Callable[..., Made]]:
        return {"ingest": self._ingest, "fit": self._fit, "evaluate": self._evaluate}

    def run(self, plan: Plan, **options: Any) -> tuple[str, ...]:
        return run_plan(plan, self.actions(), ledger=self.ledger, clock=self.clock, **options).ran

    def why(self, plan: Plan) -> dict[str, list[str]]:
        states = resolve(plan, self.ledger)
        return {state.step.name: [reason.text for reason in state.reasons] for state in states}

    def _ingest(self, step: Step, report: Callable[[float, float | None], None]) -> Made:
        report(1, None)
        return Made({"content": Reference("value", str(step.inputs["file"])[5])}, {"rows": 3})

    def _fit(self, step: Step, report: Callable[[float, float | None], None]) -> Made:
        key = f"objects/{step.digest}"
        self.store.put_if_absent(key, b"model")
        return Made({"model": Reference("object", key)})

    def _evaluate(self, step: Step, report: Callable[[float, float | None], None]) -> Made:
        assert self.store.get(step.stored("model")) == b"model"
        return Made({"auc": Reference("value", 0.7)})


def test_a_finished_step_is_not_run_again_and_only_what_depends_on_a_change_is() -> None:
    world = World()
    assert world.run(plan_of()) == ("ingest", "fit", "evaluate")
    assert world.run(plan_of()) == ()
    assert world.run(plan_of(rounds=200)) == ("fit", "evaluate")
    assert world.run(plan_of()) == ()
    assert world.run(plan_of(xgboost="3.4.1")) == ("fit", "evaluate")


def test_the_same_content_from_another_file_reuses_everything_after_ingest() -> None:
    world = World()
    world.run(plan_of("file A"))
    assert world.run(plan_of("file A moved")) == ("ingest",)
    assert world.run(plan_of("file B")) == ("ingest", "fit", "evaluate")


def test_what_would_run_and_why_is_said_before_anything_runs() -> None:
    world = World()
    assert world.why(plan_of()) == {
        "ingest": ["It has never run."],
        "fit": ["It depends on what ingest will make."],
        "evaluate": ["It depends on what fit will make."],
    }
    world.run(plan_of())
    assert world.why(plan_of()) == {"ingest": [], "fit": [], "evaluate": []}
    before = dict(world.store.objects)
    changed = world.why(plan_of(rounds=200, xgboost="3.4.1"))
    assert changed["ingest"] == []
    assert changed["fit"] == [
        "The library xgboost changed from 3.2.0 to 3.4.1.",
        "The setting boost.rounds changed from 100 to 200.",
    ]
    assert changed["evaluate"] == ["It depends on what fit will make."]
    assert world.why(plan_of("file B"))["ingest"] == ["The input file changed."]
    newer = Plan((replace(plan_of().steps[0], version=2, workers=4),))
    assert world.why(newer)["ingest"] == [
        "The step itself changed, from version 1 to 2.",
        "The number of workers changed from – to 4.",
    ]
    assert world.store.objects == before


def test_the_nearest_earlier_run_explains() -> None:
    world = World()
    world.run(plan_of(rounds=100))
    world.run(plan_of(rounds=200, xgboost="3.4.1"))
    assert world.why(plan_of(rounds=300, xgboost="3.4.1"))["fit"] == [
        "The setting boost.rounds changed from 200 to 300."
    ]
    assert world.why(plan_of(rounds=300))["fit"] == ["The setting boost.rounds changed from 100 to 300."]


def test_a_step_whose_result_was_deleted_runs_again() -> None:
    world = World()
    world.run(plan_of())
    world.store.delete(next(world.store.list("objects/")))
    assert world.why(plan_of())["fit"] == ["What it made is gone from the store: model."]
    assert world.run(plan_of()) == ("fit",)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"version": 2},
        {"inputs": {"file": "b"}},
        {"inputs": {"file": "a", "more": None}},
        {"inputs": {"file": Reference("snapshot", "0" * 64)}},
        {"parameters": {"x": 1.0}},
        {"parameters": {"x": True}},
        {"parameters": {"x": "1"}},
        {"libraries": {"polars": "2.1.1"}},
        {"workers": 1},
    ],
    ids=str,
)
def test_each_thing_that_changes_the_result_changes_the_digest(change: dict[str, Any]) -> None:
    step = Step(name="s", inputs={"file": "a"}, parameters={"x": 1}, libraries={"polars": "2.1.0"})
    changed = replace(step, **change)
    assert changed.digest != step.digest
    if "name" not in change:
        assert differences(step, changed)


def test_scans_and_the_order_of_names_do_not_change_the_digest_and_it_is_the_same_everywhere() -> None:
    step = Step(name="s", inputs={"a": 1, "b": "ñ"}, parameters={"x": 0.1}, scans=1)
    assert step.digest == replace(step, inputs={"b": "ñ", "a": 1}, scans=2).digest
    program = (
        "from cauce.planning.step import Step\n"
        "print(Step(name='s', inputs={'a': 1, 'b': 'ñ'}, parameters={'x': 0.1}).digest)"
    )
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == step.digest


@given(DOCUMENTS)
def test_canonical_json_reads_back_and_equal_values_share_it(value: Any) -> None:
    text = canonical_json(value)
    assert json.loads(text) == value
    assert canonical_json(json.loads(text)) == text
    assert digest_of(value) == digest_of(json.loads(text))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1: 2}, {"x": b""}, object(), {None: 1}])
def test_what_is_not_json_has_no_digest(value: object) -> None:
    with pytest.raises(CauceError) as caught:
        canonical_json(value)
    assert caught.value.code == "E0606"


@given(st.dictionaries(st.text(max_size=5), DOCUMENTS, max_size=3))
def test_a_record_reads_back_equal_whatever_the_settings(parameters: dict[str, Any]) -> None:
    step = Step(name="s", inputs={"x": Reference("object", "a/b"), "y": [1]}, parameters=parameters)
    outputs = {"o": Reference("snapshot", "0" * 64), "v": Reference("value", parameters)}
    record = Record(step, outputs, {"rows": 3})
    key = f"ledger/{record.digest}.json"
    read = Record.from_bytes(record.to_bytes(), key)
    assert read.to_bytes() == record.to_bytes()
    assert read.step.digest == step.digest
    with pytest.raises(CauceError) as caught:
        Record.from_bytes(record.to_bytes(), f"ledger/{'0' * 64}.json")
    assert caught.value.code == "E0507"


def test_records_hold_no_clock_user_or_run_and_the_provenance_beside_them_does() -> None:
    one, other = World(), World()
    other.clock.at += timedelta(days=400)
    one.run(plan_of())
    other.run(plan_of())
    records = list(one.store.list("ledger/"))
    assert len(records) == 3
    for key in records:
        assert one.store.get(key) == other.store.get(key)
        provenance = json.loads(one.store.get(f"provenance/{key}"))
        assert provenance["time"].startswith("2026-11-21T")
        assert provenance["run"] in one.ledger.runs()


def test_where_two_runs_finish_a_step_the_first_record_counts_for_both() -> None:
    ledger = StoreLedger(MemoryStore())
    step = Step(name="fit")
    first, second = (Record(step, {"x": Reference("value", value)}) for value in (1, 2))
    assert ledger.finish(first, {}) == first
    assert ledger.finish(second, {}) == first


def test_ctrl_c_keeps_what_is_finished_and_says_how_to_go_on() -> None:
    world = World()

    def interrupted(step: Step, report: object) -> Made:
        raise KeyboardInterrupt

    with pytest.raises(CauceError) as caught:
        run_plan(plan_of(), {**world.actions(), "fit": interrupted}, ledger=world.ledger)
    assert caught.value.exit_code == Exit.INTERRUPTED
    assert caught.value.message == "Interrupted in the step fit; 1 of 3 steps is finished."
    (run,) = world.ledger.runs()
    assert world.ledger.run_notes(run)["end"]["outcome"] == "interrupted"
    assert world.run(plan_of()) == ("fit", "evaluate")


def test_an_observer_hears_everything_in_order() -> None:
    heard: list[str] = []

    class Listening(Silent):
        def planned(self, run: str, states: tuple[State, ...]) -> None:
            heard.append(f"planned {len(states)}")

        def started(self, state: State) -> None:
            heard.append(f"started {state.step.name}: {state.reasons[0].text}")

        def progressed(self, step: Step, done: float, *, total: float | None) -> None:
            heard.append(f"progressed {step.name} {done}")

        def finished(self, record: Record, seconds: float) -> None:
            heard.append(f"finished {record.step.name} {seconds:.0f}")

        def reused(self, record: Record) -> None:
            heard.append(f"reused {record.step.name}")

        def failed(self, step: Step, error: BaseException) -> None:
            heard.append(f"failed {step.name} {error}")

    world = World()
    world.run(Plan(plan_of().steps[:1]), observer=Listening())
    assert heard[:3] == ["planned 1", "started ingest: It has never run.", "progressed ingest 1"]
    assert heard[3].startswith("finished ingest")
    heard.clear()

    def broken(step: Step, report: object) -> Made:
        raise CauceError("E0604", step=step.name, output="x")

    with pytest.raises(CauceError, match="E0604"):
        run_plan(plan_of(), {**world.actions(), "fit": broken}, ledger=world.ledger, observer=Listening())
    assert heard[1] == "reused ingest"
    assert heard[-1].startswith("failed fit E0604")
    assert world.ledger.run_notes(world.ledger.runs()[-1])["end"]["outcome"] == "failed"


def test_what_a_record_could_not_keep_is_refused_and_not_finished() -> None:
    for outputs in (
        {"x": 3},
        {"x": Reference("value", "long" * 20_000)},
        {"x": Reference("value", float("nan"))},
        {"x": Reference("object", "objects/never-written")},
        {"other": Reference("value", 1)},
    ):
        world = World()
        plan = Plan((Step(name="a"), Step(name="b", inputs={"x": Output("a", "x")})))
        actions = {"a": lambda *_, made=outputs: Made(made), "b": lambda *_: Made({})}
        with pytest.raises(CauceError) as caught:
            run_plan(plan, actions, ledger=world.ledger)
        assert caught.value.code in ("E0604", "E0605", "E0606")


def test_a_plan_that_cannot_be_done_is_refused_before_it_starts() -> None:
    with pytest.raises(CauceError, match="E0602"):
        Plan((Step(name="a"), Step(name="a")))
    with pytest.raises(CauceError, match="E0603"):
        Plan((Step(name="a", inputs={"x": Output("b", "x")}), Step(name="b")))
    store = MemoryStore()
    with pytest.raises(CauceError, match="E0607"):
        run_plan(Plan((Step(name="a"),)), {}, ledger=StoreLedger(store))
    assert not store.objects


def test_run_names_sort_by_time_also_when_the_clock_was_set_back() -> None:
    clock = SteppingClock(step=0.0)
    names: list[str] = []
    for back in (0, 0, 3600, 1, 0):
        clock.at -= timedelta(seconds=back)
        names.append(new_run_name(clock, names))
    assert names == sorted(names)
    assert len({name[:19] for name in names}) == 5
    assert names[0].startswith("20261121T103000.000-")
    assert new_run_name(SystemClock()) > names[-1][:8]


def test_versions_of_installed_libraries_are_found_under_their_import_names() -> None:
    import polars  # noqa: PLC0415
    import xgboost  # noqa: PLC0415

    found = library_versions("polars", "xgboost", "no-such-library")
    assert found == {"polars": polars.__version__, "xgboost": xgboost.__version__}


def test_a_reason_with_hostile_text_stays_one_safe_line() -> None:
    text = Reason("parameter", "a\x1b[31m\n", before="{x}", after="y" * 500).text
    assert "\n" not in text
    assert "\x1b" not in text
    assert "{x}" in text
    assert len(text) < 400
