"""Who takes charge: by the gate, one winner of many, lost by no kill, and back where it still scores."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from histories import registry, workspace

from cauce.core.bundle.opening import open_bundle
from cauce.core.promotion.history import Held, champion_of
from cauce.errors import CauceError, CauceWarning
from cauce.ports.registry import CHALLENGER, CHAMPION
from cauce.running.charge import charge_of, past_of
from cauce.running.promotion import promote, rollback
from cauce.running.promotion_history import Deed, history_of, write
from cauce.running.workspace import Workspace
from cauce.testing.clocks import SteppingClock
from cauce.testing.tracking import MemoryRegistry
from cauce.testing.waiting import until

Bundles = tuple[Path, ...]
PROMOTER = Path(__file__).with_name("promoter.py")


def code(action: Callable[[], object]) -> str | None:
    try:
        action()
    except CauceError as error:
        return error.code
    return None


def numbers(work: Workspace) -> list[tuple[str, str | None, str | None]]:
    """The history as (event, champion's version, refused version)."""
    return [
        (one.event, one.after and one.after.version, one.refused and one.refused.version)
        for one in history_of(work).entries()
    ]


def test_promote_rolls_on_and_rollback_goes_back(tmp_path: Path, promoted_bundles: Bundles) -> None:
    """The history says what the registry shows, with who and why."""
    work, known = workspace(tmp_path, *promoted_bundles), registry(*promoted_bundles)
    known.set_alias("m", CHALLENGER, version="2")
    promote(work, "1", why="the first", registry=known)
    done = promote(work, "@challenger", registry=known)
    assert (done.before and done.before.version, done.after and done.after.version) == ("1", "2")
    assert known.aliases == {("m", CHAMPION): "2"}, "a champion is no challenger"
    promote(work, "models:/m/3", registry=known)
    assert rollback(work, registry=known).after == done.after
    assert rollback(work, why="worse", registry=known).after == done.before
    assert code(lambda: rollback(work, registry=known)) == "E2005"
    assert known.aliases == {("m", CHAMPION): "1"}
    past = past_of(work, registry=known)
    assert [(one.event, one.why) for one in past.entries[-1:]] == [("rollback", "worse")]
    assert past.charge.agreement == "agrees"
    assert rollback(work, "none", registry=known).after is None
    assert known.aliases == {}
    assert charge_of(work, registry=known).champion is None


def test_a_version_that_is_champion_already_changes_nothing(
    tmp_path: Path, promoted_bundles: Bundles
) -> None:
    work, known = workspace(tmp_path, *promoted_bundles), registry(*promoted_bundles)
    promote(work, "1", registry=known)
    assert not promote(work, "1", registry=known).changed
    assert len(history_of(work).entries()) == 1


def test_rollback_to_a_version_that_never_passed_the_gate_is_refused(
    tmp_path: Path, promoted_bundles: Bundles
) -> None:
    """Else a rollback would be the way around the gate."""
    work, known = workspace(tmp_path, *promoted_bundles), registry(*promoted_bundles)
    promote(work, "1", registry=known)
    assert code(lambda: rollback(work, "2", registry=known)) == "E2011"


def test_the_gate_refuses_and_is_overruled_by_name(
    tmp_path: Path, promoted_bundles: Bundles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refusal is remembered; whoever overrules the gate signs for it."""
    monkeypatch.setenv("CAUCE_USER", "María")
    work = workspace(tmp_path, *promoted_bundles, require={"roc_auc[positive=sí]": 0.75})
    known = registry(*promoted_bundles)
    promote(work, "1", registry=known)
    with pytest.raises(CauceError) as refused:
        promote(work, "2", registry=known)
    assert (refused.value.code, int(refused.value.exit_code)) == ("E2001", 1)
    assert "roc_auc[positive=sí] is 0.7000, at least 0.7500 is demanded" in refused.value.message
    assert known.aliases == {("m", CHAMPION): "1"}
    forced = promote(work, "2", why="no other", force=True, registry=known)
    assert (forced.entry.forced, forced.entry.who, forced.entry.why) == (True, "María", "no other")
    assert numbers(work) == [("promote", "1", None), ("refuse", "1", "2"), ("promote", "2", None)]
    assert not rollback(work, registry=known).entry.forced


def test_a_model_that_scores_otherwise_than_when_it_was_made_takes_no_charge(
    tmp_path: Path, promoted_bundles: Bundles
) -> None:
    """A rollback in an emergency must not put a broken model in place of a bad one."""
    odd = _rescored(Path(shutil.copytree(promoted_bundles[0], tmp_path / "odd")))
    work, known = workspace(tmp_path, odd, *promoted_bundles), registry(odd, *promoted_bundles)
    write(work, (), deed=Deed("promote", Held(open_bundle(odd).identity, "1")))
    promote(work, "2", registry=known)
    before = history_of(work).entries()
    for attempt in (
        lambda: rollback(work, registry=known),
        lambda: rollback(work, "1", registry=known),
        lambda: promote(work, "1", force=True, registry=known),
    ):
        with pytest.raises(CauceError) as refused:
            attempt()
        assert (refused.value.code, int(refused.value.exit_code)) == ("E2004", 1)
        assert "scores_xgboost, scores_onnx, scores_row" in refused.value.message
    assert known.aliases == {("m", CHAMPION): "2"}
    assert history_of(work).entries() == before


def test_a_registered_model_whose_files_were_changed_takes_no_charge(
    tmp_path: Path, promoted_bundles: Bundles
) -> None:
    """What was promoted and what is downloaded must be the same bytes."""
    copy = Path(shutil.copytree(promoted_bundles[0], tmp_path / "copy"))
    work, known = workspace(tmp_path, *promoted_bundles), registry(copy)
    with (copy / "model.onnx").open("r+b") as file:
        file.seek(100)
        file.write(b"\0\1\2\3")
    assert code(lambda: promote(work, "1", registry=known)) == "E1310"
    assert history_of(work).entries() == ()


def _rescored(folder: Path) -> Path:
    """The bundle, whole, but its golden rows have other scores than its model gives."""
    golden = open_bundle(folder).golden
    data = replace(golden, scores=golden.scores * np.float32(0.5)).to_bytes()
    (folder / "golden.json").write_bytes(data)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    for one in manifest["files"]:
        if one["path"] == "golden.json":
            one.update(bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
    text = json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()
    (folder / "manifest.json").write_bytes(text)
    return folder


def test_two_processes_promote_at_once_and_one_wins(tmp_path: Path, promoted_bundles: Bundles) -> None:
    """Two releases on one afternoon: both authors must know which one is out."""
    go = tmp_path / "go"
    command = [sys.executable, str(PROMOTER), str(tmp_path)]
    processes = [
        subprocess.Popen(
            [*command, version, str(go), *map(str, promoted_bundles)], stdout=subprocess.PIPE, text=True
        )
        for version in ("1", "2")
    ]
    assert until(lambda: all((tmp_path / f"go.{number}").exists() for number in (1, 2)), seconds=60)
    go.touch()
    said = [process.communicate(timeout=60)[0].strip() for process in processes]
    entries = history_of(workspace(tmp_path)).entries()
    ends = sorted(one.split()[0] for one in said)
    # Whoever reads the history after the other wrote decides on the other's entry, and follows it.
    assert ends in (["E2003", "won"], ["won", "won"]), said
    assert len(entries) == ends.count("won")
    if "E2003" in ends:
        winner = entries[0].after
        assert winner is not None
        assert f"E2003 {winner.version}" in said


def test_eight_threads_decide_on_the_same_history_and_one_wins(
    tmp_path: Path, promoted_bundles: Bundles
) -> None:
    """However they are scheduled: one entry, and seven that are told whose it is."""
    work, known = workspace(tmp_path, *promoted_bundles), registry(*promoted_bundles)
    promote(work, "1", registry=known)
    entries, barrier = history_of(work).entries(), threading.Barrier(8)
    found: list[str] = []

    def attempt(number: int) -> None:
        deed = Deed("promote", Held(f"{number:064x}", str(number)))
        barrier.wait()
        try:
            write(work, entries, deed=deed)
        except CauceError as error:
            found.append(f"{error.code} {error.values['version']}")
        else:
            found.append(f"won {number}")

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(10, 18)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    written = history_of(work).entries()
    assert len(written) == 2
    champion = champion_of(written)
    assert champion is not None
    assert sorted(found) == sorted([f"won {champion.version}", *[f"E2003 {champion.version}"] * 7])


def test_a_refusal_in_between_stops_no_promotion(tmp_path: Path, promoted_bundles: Bundles) -> None:
    """A run that was refused meanwhile changed nothing that anybody decided on."""
    work = workspace(tmp_path)
    seen = write(work, (), deed=Deed("promote", Held("a" * 64)))
    write(work, seen, deed=Deed("refuse", Held("b" * 64)))
    after = write(work, seen, deed=Deed("promote", Held("c" * 64)))
    assert [one.event for one in after] == ["promote", "refuse", "promote"]
    same = write(work, seen, deed=Deed("promote", Held("c" * 64)))
    assert same == after, "wanting what the winner wanted is no defeat"


def test_time_never_runs_backwards_in_a_history(tmp_path: Path) -> None:
    """A machine with a clock that is behind would put its entry before the one it followed."""
    work, clock = workspace(tmp_path), SteppingClock()
    now = clock.at
    first = write(work, (), deed=Deed("promote", Held("a" * 64)), clock=clock)
    behind = SteppingClock(now - timedelta(hours=1))
    second = write(work, first, deed=Deed("promote", Held("b" * 64)), clock=behind)
    assert second[1].when == second[0].when == now


@pytest.mark.parametrize("point", ["history.entry:1", "history.recorded:1", "registry.aliased:1"])
def test_a_kill_between_history_and_alias_is_made_good(
    tmp_path: Path, promoted_bundles: Bundles, point: str
) -> None:
    """The next command shows in the registry what the history decided; nothing is decided twice."""
    go = tmp_path / "go"
    go.touch()
    command = [sys.executable, str(PROMOTER), str(tmp_path), "2", str(go), *map(str, promoted_bundles)]
    done = subprocess.run(command, env={**os.environ, "CAUCE_FAILPOINT": point}, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    work, known = workspace(tmp_path, *promoted_bundles), registry(*promoted_bundles)
    if point == "registry.aliased:1":
        known.aliases["m", CHAMPION] = "2"  # the alias was set, and not yet noted
        charge = charge_of(work, registry=known)
        assert charge.agreement == "agrees"
        return
    charge = charge_of(work, registry=known)
    decided = point != "history.entry:1"
    assert known.aliases == ({("m", CHAMPION): "2"} if decided else {})
    assert (charge.agreement, charge.champion and charge.champion.version) == (
        "agrees",
        "2" if decided else None,
    )
    assert len(history_of(work).entries()) == int(decided)


def test_an_alias_moved_by_hand_is_seen_and_left_alone(tmp_path: Path, promoted_bundles: Bundles) -> None:
    """Both answers matter: what was decided, and what everybody else is using."""
    work, known = workspace(tmp_path, *promoted_bundles), registry(*promoted_bundles)
    promote(work, "1", registry=known)
    known.set_alias("m", CHAMPION, version="3")
    with pytest.warns(
        CauceWarning, match="W2012 The registry shows 3 as champion of m; by the history it is 1"
    ):
        charge = charge_of(work, registry=known)
    assert charge.agreement == "moved"
    assert charge.registry is not None
    assert (charge.registry.version, charge.champion and charge.champion.version) == ("3", "1")
    assert known.aliases == {("m", CHAMPION): "3"}, "nobody decided yet"
    assert not promote(work, "1", registry=known).changed
    assert known.aliases == {("m", CHAMPION): "1"}, "promoting the champion again brings the alias back"


def test_a_history_can_be_read_while_the_registry_is_down(tmp_path: Path, promoted_bundles: Bundles) -> None:
    class Down(MemoryRegistry):
        def standing(self, name: str):  # type: ignore[no-untyped-def]
            raise CauceError("E1302", where="x", reason="refused")

    work = workspace(tmp_path, *promoted_bundles)
    promote(work, "1", registry=registry(*promoted_bundles))
    with pytest.warns(CauceWarning, match="W2014"):
        past = past_of(work, registry=Down())
    assert (past.charge.agreement, past.charge.champion and past.charge.champion.version) == ("unknown", "1")


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("9", "E1308"),
        ("@nobody", "E1308"),
        ("models:/other/1", "E2006"),
        ("models:/m", "E1306"),
        ("0", "E2006"),
        ("../../x", "E2006"),
        ("20260101T000000.000-abcdef", "E2006"),
        ("", "E2006"),
    ],
)
def test_what_names_no_version_is_refused(
    tmp_path: Path, promoted_bundles: Bundles, wanted: str, expected: str
) -> None:
    work, known = workspace(tmp_path, *promoted_bundles), registry(*promoted_bundles)
    assert code(lambda: promote(work, wanted, registry=known)) == expected
    assert history_of(work).entries() == ()
