"""What a service answered is scored again, and what differs is said."""

from __future__ import annotations

import asyncio
import json
import math
import mmap
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import served_models as serving
import small_models as small

from cauce.cli.rendering.replaying import replayed
from cauce.core.bundle.bundle import Bundle
from cauce.errors import CauceError
from cauce.running.model_reference import FoundModel
from cauce.running.replay import Replay, replay_capture
from cauce.service.capture import CaptureLog
from cauce.service.capture_sealing import seal
from cauce.service.counters import Counters
from cauce.service.layout import NAMES
from cauce.service.messages import Scored
from cauce.service.served import Served
from cauce.service.settings import CaptureSettings


def keep(folder: Path, model: Served, **settings: object) -> None:
    """Answer and keep: one row, three rows, 600 rows that are scored as columns."""
    memory = mmap.mmap(-1, Counters.size(NAMES, 1))
    log = CaptureLog(
        replace(CaptureSettings(folder=str(folder)), **settings),  # type: ignore[arg-type]
        Counters(memory, NAMES),
    )
    app = serving.application(model, capture=log)
    rows = [serving.as_json(row) for row in small.rows(600, seed=3).to_dicts()]
    for number, body in enumerate((rows[0], rows[:3], rows)):
        reply = serving.ask(app, "/predict", body, headers={"X-Request-Id": f"r{number}"})
        assert reply.status == 200
    log.close()


def again(folder: Path, place: Path, bundle: Bundle | None = None, **choices: bool) -> Replay:
    """Score it again."""
    place.mkdir()
    model = FoundModel(bundle or small.bundle(), "small/1")
    return replay_capture(folder, model, place=place, report=lambda _done, _total: None, **choices)


def test_the_same_model_gives_the_same_bits_from_segments_and_sealed(tmp_path: Path) -> None:
    """Nobody could say whether the model in production is the one that was approved."""
    kept = tmp_path / "kept"
    kept.mkdir()
    keep(kept, serving.served())
    first = again(kept, tmp_path / "one")
    seal(kept)
    second = again(kept, tmp_path / "two")
    assert first == second
    assert (first.requests, first.rows, first.equal, first.holds) == (3, 604, 604, True)


def test_a_prediction_with_one_other_bit_is_found(tmp_path: Path) -> None:
    """A replay that rounds would prove nothing."""
    model = serving.served()
    rows = [model.reader.one(json.dumps(serving.FINE).encode())]
    (answer,) = model.answers(rows)
    name, value = next((name, one) for name, one in answer.items() if isinstance(one, float))
    changed = {**answer, name: math.nextafter(value, 2.0)}
    log = CaptureLog(
        CaptureSettings(folder=str(tmp_path)), Counters(mmap.mmap(-1, Counters.size(NAMES, 1)), NAMES)
    )
    about = ("mine", "/predict", model.identity, "small/1")
    wrong = Scored(*about, rows=rows, answers=[changed], manifest=model.manifest)
    asyncio.run(serving.keep(log, wrong))
    log.close()
    found = again(tmp_path, tmp_path / "place")
    assert not found.holds
    assert found.differing == {name: 1}
    assert 0 < found.largest[name] < 0.5
    assert [(one.request, one.row, one.columns, one.values) for one in found.first] == [
        ("mine", 0, (name,), None)
    ]
    shown = again(tmp_path, tmp_path / "shown", rows=True).first[0].values
    assert shown is not None
    assert shown["input"][small.HOSTILE] == "AA"


def test_another_model_is_refused_unless_it_is_asked_for(tmp_path: Path) -> None:
    """A difference between two models would be taken for a defect of one."""
    kept = tmp_path / "kept"
    kept.mkdir()
    keep(kept, serving.served())
    other = small.without_price()
    with pytest.raises(CauceError, match="E2456"):
        again(kept, tmp_path / "one", other)
    found = again(kept, tmp_path / "two", other, other=True)
    assert found.requests == 3
    assert found.captured == (small.bundle().identity,)
    assert found.model == other.identity


def test_requests_without_columns_prove_nothing(tmp_path: Path) -> None:
    """ "Everything is equal" of nothing at all would be believed."""
    kept = tmp_path / "kept"
    kept.mkdir()
    keep(kept, serving.served(), left_out=(small.HOSTILE,))
    found = again(kept, tmp_path / "one")
    assert (found.incomplete, found.rows, found.holds) == (3, 0, False)


def test_damage_and_torn_tails_are_said(tmp_path: Path) -> None:
    """What cannot be read must not count as equal."""
    kept = tmp_path / "kept"
    kept.mkdir()
    keep(kept, serving.served())
    (path,) = kept.iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole[:-2])
    torn = again(kept, tmp_path / "one")
    assert (torn.requests, torn.holds) == (2, True)
    assert torn.torn > 0
    data = bytearray(whole)
    data[data.index(b"r0")] ^= 1
    path.write_bytes(data)
    damaged = again(kept, tmp_path / "two")
    assert (damaged.requests, damaged.damaged, damaged.holds) == (2, (path.name,), False)


def test_the_command_says_it_with_an_exit_code(tmp_path: Path) -> None:
    """A pipeline that looks at the exit code would go on."""
    kept = tmp_path / "kept"
    kept.mkdir()
    keep(kept, serving.served())
    command = [sys.executable, "-m", "cauce", "replay", "kept", "--json", "--model"]
    done = subprocess.run(
        [*command, str(serving.folder_of(small.bundle()))], cwd=tmp_path, capture_output=True, check=False
    )
    found = json.loads(done.stdout)
    assert (done.returncode, found["schema"], found["holds"]) == (0, "cauce.replay/1", True)
    (path,) = kept.iterdir()
    path.write_bytes(b"PAR1 and so on")
    nothing = replayed(again(kept, tmp_path / "place"))
    assert nothing.status == 1
    assert path.name in nothing.text
