"""Each model folder that somebody made hostile by one change is refused with a code, whatever the change."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import hostile_changes as hostile
import pytest

Note = Callable[[str, object], None]
SCRIPT = Path(hostile.__file__).with_name("hostile_loading.py")
CODES = {"E0205", "E0203", "E0204", "E0811", "E0812", "E0813", "E0814"} | {f"E{n}" for n in range(1201, 1217)}
SECONDS = 20.0


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """What loading each of them ended in; a process that died of one goes on in another with the next."""
    folder = tmp_path_factory.mktemp("hostile") / "model"
    found: dict[str, dict[str, object]] = {}
    while len(found) < len(hostile.CHANGES) + 1:
        waiting = [name for name in ("", *hostile.CHANGES) if name not in found]
        done = subprocess.run(
            [sys.executable, str(SCRIPT), str(folder)],
            input=json.dumps(waiting), capture_output=True, text=True, timeout=250, check=False,
        )  # fmt: skip
        told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        found |= {str(one["name"]): one for one in told}
        if len(told) < len(waiting):
            name = waiting[len(told)]
            assert name, done.stderr[-2000:]
            found[name] = {"name": name, "code": "E1207", "message": f"crash {done.returncode}", "seconds": 0}
    return found


def test_there_are_sixty_of_them_and_the_unchanged_one_is_a_model(
    answers: dict[str, dict[str, object]], record_property: Note
) -> None:
    """A check that refuses everything would pass all the others."""
    assert answers[""]["code"] is None, answers[""]
    assert len(hostile.CHANGES) >= 60
    record_property("hostile bundles refused", len(hostile.CHANGES))


@pytest.mark.parametrize("name", hostile.CHANGES)
def test_a_hostile_bundle_is_refused_with_a_code(answers: dict[str, dict[str, object]], name: str) -> None:
    """It would score something else, read other files, eat the memory or take the service down."""
    found = answers[name]
    assert found["code"] in CODES, found
    assert "\n" not in str(found["message"])
    assert "Traceback" not in str(found["message"])
    assert float(str(found["seconds"])) < SECONDS, found
