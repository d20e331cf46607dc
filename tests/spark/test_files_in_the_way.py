"""Spark in a folder that holds Python files of the user's."""

from __future__ import annotations

from pathlib import Path

import pytest

from cauce.testing.spark import run_with

pytestmark = [pytest.mark.spark, pytest.mark.slow]

_PROGRAM = """
import os, sys
from cauce.engines.spark.session import open_session
os.chdir(sys.argv[1])
session = open_session("local[1]", settings={"spark.driver.memory": "1g"})
print("rows", session.range(0, 3, 1, 1).mapInArrow(lambda batches: batches, "id long").count())
"""


def test_a_file_called_as_a_module_of_python_does_not_stop_the_workers(tmp_path: Path) -> None:
    """A project's own profile.py would keep every task from starting."""
    (tmp_path / "profile.py").write_text("columns = 28\n", encoding="utf-8")
    done = run_with("local[1]", ["-P", "-c", _PROGRAM, str(tmp_path)])
    assert done.returncode == 0, done.stdout[-4000:]
    assert done.stdout.split() == ["rows", "3"]
