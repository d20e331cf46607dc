"""Every command that writes says when the disk is full and leaves nothing half visible."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import whole_run

from cauce.errors import Exit

Note = Callable[[str, object], None]
SCRIPT = [sys.executable, str(Path(__file__).with_name("full_disk.py"))]


@pytest.fixture
def disk(mounted: Callable[[str, str], Path]) -> Path:
    """A file system in memory at tmp_path/disk; `mount -o remount,size=…` changes its size."""
    return mounted("disk", "64m")


@pytest.mark.parametrize(
    "count", [4, pytest.param(40, marks=[pytest.mark.slow, pytest.mark.timeout(1800)], id="many limits")]
)
def test_a_full_disk_is_said_by_every_command(disk: Path, count: int, record_property: Note) -> None:
    """A table of predictions that ends in the middle looks like a whole one of fewer rows."""
    project = whole_run.make_project(disk / "project")
    done = subprocess.run(
        [*SCRIPT, str(project), str(count)], capture_output=True, text=True, timeout=1700, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    tried: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    for one in tried:
        assert one["left"] == [], one
        if one["status"] == 0:
            continue
        assert one["status"] == Exit.IO, one
        assert "E0503" in one["said"], one
        assert "Traceback" not in one["said"], one
    failed = {one["command"] for one in tried if one["status"] != 0}
    assert failed == {"run", "predict to Parquet", "predict to CSV", "report", "profile", "validate"}
    record_property("commands on a disk too small, all said", sum(one["status"] != 0 for one in tried))
