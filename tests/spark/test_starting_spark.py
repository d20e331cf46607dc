"""Spark that cannot start, and a session of our own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cauce.testing.spark import run_with

pytestmark = pytest.mark.spark


def test_what_keeps_spark_from_starting_is_told_in_one_line(tmp_path: Path) -> None:
    """A page of Java does not say that Java is too old; a stopped command must not leave its job behind."""
    program = str(Path(__file__).with_name("starting_badly.py"))
    done = run_with("local[1]", [program, str(tmp_path)])
    assert done.returncode == 0, done.stdout[-4000:]
    (line,) = done.stdout.splitlines()  # Spark itself says nothing on the terminal.
    told = json.loads(line)
    codes = {
        name: told[name][0] for name in ("nobody", "address", "none", "no path", "old", "word", "another")
    }
    assert codes == {
        "nobody": "E0706",
        "address": "E0707",
        "none": "E0708",
        "no path": "E0708",
        "old": "E0709",
        "word": "E0707",
        "another": "E0717",
    }
    assert "1.8.0_412" in told["old"][1]
    assert "lokal" in told["word"][1]
    assert told["left"] == []
    assert told["again"]
    (pages,) = told["pages"]
    assert "http://127.0.0.1:40" in pages
    assert told["working folder"] == ["java"]
    assert told["logs"] == ["events", "spark"]
    assert told["events"] == 1
    assert told["interrupted"] < 30
    assert told["stages left"] == 0
    assert told["stopped"] == "E0716"
    # The session has a key of the cluster's; the log of events, with jobs in it, and Spark's words have not.
    assert told["canary"] == [True, True, False]
