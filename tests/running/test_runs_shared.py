"""Projects that share a store keep their own lists of runs."""

from __future__ import annotations

from pathlib import Path

import pytest

import cauce
from cauce.errors import CauceError

PROJECT = """schema = 1
name = "{name}"
[data]
source = "{source}"
[target]
column = "y"
[store]
path = "../shared"
[tracking]
enabled = false
"""


def _project(folder: Path, name: str, rows: int) -> Path:
    folder.mkdir()
    lines = "".join(f"{n},{int((n * 7 + n // 9) % 10 < 4)}\n" for n in range(rows))
    (folder / "rows.csv").write_text(f"x,y\n{lines}", encoding="utf-8")
    (folder / "cauce.toml").write_text(PROJECT.format(name=name, source="rows.csv"), encoding="utf-8")
    return folder


def test_a_project_lists_its_own_runs_and_others_only_on_request(tmp_path: Path) -> None:
    """The latest run of a colleague's project would pass for one's own, with its score."""
    mine, theirs = _project(tmp_path / "a", "mine", 200), _project(tmp_path / "b", "theirs", 220)
    first = cauce.run(mine).run
    second = cauce.run(theirs).run
    assert [(one.run, one.project) for one in cauce.runs(mine)] == [(first, "mine")]
    assert [(one.run, one.project) for one in cauce.runs(theirs)] == [(second, "theirs")]
    both = cauce.runs(mine, all_projects=True)
    assert [(one.run, one.project) for one in both] == [(second, "theirs"), (first, "mine")]
    latest = cauce.status(mine).latest
    assert latest is not None
    assert latest.run == first


def test_a_run_that_failed_before_its_model_still_knows_its_project(tmp_path: Path) -> None:
    """Failed runs are the ones that are looked for."""
    mine, theirs = _project(tmp_path / "a", "mine", 200), _project(tmp_path / "b", "theirs", 220)
    text = (theirs / "cauce.toml").read_text(encoding="utf-8").replace('"y"', '"absent"')
    (theirs / "cauce.toml").write_text(text, encoding="utf-8")
    with pytest.raises(CauceError):
        cauce.run(theirs)
    assert cauce.runs(mine) == ()
    assert [one.outcome for one in cauce.runs(theirs)] == ["failed"]
