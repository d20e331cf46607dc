"""Links, rights, other disks, and files where folders should be: each works or ends with a code."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import whole_run

import cauce
from cauce.cli.main import run_line

PLAIN = "--bounding-set=-dac_override,-dac_read_search,-fowner"


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that ran."""
    folder = whole_run.make_project(tmp_path_factory.mktemp("odd") / "project")
    whole_run.run(folder)
    return folder


@pytest.fixture
def project(ran: Path, tmp_path: Path) -> Path:
    """A copy of it, to be spoilt."""
    return Path(shutil.copytree(ran, tmp_path / "project", symlinks=True))


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder on another file system than the temporary one."""
    shared = Path("/dev/shm")
    if not shared.is_dir() or shared.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system here")
    folder = Path(tempfile.mkdtemp(dir=shared))
    yield folder
    shutil.rmtree(folder)


def as_anybody(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command without root's right to read and write everything."""
    line = [sys.executable, "-m", "cauce", *arguments]
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root's rights cannot be dropped without setpriv")
        line = ["setpriv", PLAIN, *line]
    done = subprocess.run(line, cwd=project, capture_output=True, text=True, timeout=120, check=False)
    assert "Traceback" not in done.stderr
    return done


def line(*arguments: str) -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return run_line(list(arguments))


def test_a_folder_that_cannot_be_written_is_said(project: Path) -> None:
    """A shared project that others may only read would end in a traceback."""
    shutil.rmtree(project / ".cauce")
    project.chmod(0o555)
    done = as_anybody(project, "run")
    project.chmod(0o755)
    assert done.returncode in (73, 77), done.stderr
    assert "E0505" in done.stderr
    assert not (project / ".cauce").exists()


def test_a_store_that_cannot_be_written_can_be_read(project: Path) -> None:
    """What was made yesterday could not even be looked at."""
    before = whole_run.visible(project)
    text = (project / "cauce.toml").read_text(encoding="utf-8")
    folders = [path for path in (project / ".cauce").rglob("*") if path.is_dir()]
    for folder in [*folders, project / ".cauce"]:
        folder.chmod(0o555)
    looked = as_anybody(project, "status")
    (project / "cauce.toml").write_text(text.replace("rounds = 5", "rounds = 6"), encoding="utf-8")
    done = as_anybody(project, "run")
    for folder in [project / ".cauce", *folders]:
        folder.chmod(0o755)
    assert looked.returncode == 0, looked.stderr
    assert done.returncode in (73, 77), done.stderr
    assert "E0505" in done.stderr
    assert whole_run.visible(project) == before


def test_data_that_may_not_be_read_are_named(project: Path) -> None:
    """It would be taken for a table without rows."""
    (project / "rows.csv").chmod(0)
    done = as_anybody(project, "run")
    assert done.returncode not in (0, 70), done.stderr
    assert "E0402" in done.stderr
    assert "rows.csv" in done.stderr


def test_a_store_behind_a_link_on_another_disk_holds_the_same_model(
    ran: Path, tmp_path: Path, elsewhere: Path
) -> None:
    """Models are moved by renaming, which no system does between disks; names of files need not be UTF-8."""
    project = whole_run.make_project(tmp_path / "project")
    (project / ".cauce").symlink_to(elsewhere)
    (project / "data").mkdir()
    odd = os.fsencode(project / "data") + b"/\xff\xfe.csv"
    (project / "rows.csv").rename(os.fsdecode(odd))
    text = (project / "cauce.toml").read_text(encoding="utf-8")
    (project / "cauce.toml").write_text(text.replace('"rows.csv"', '"data"'), encoding="utf-8")
    made = whole_run.run(project)
    assert made["bundle"] == whole_run.run(ran)["bundle"]
    assert (project / ".cauce").is_symlink()
    assert (elsewhere / "ledger").is_dir()
    (model,) = (project / ".cauce" / "models").iterdir()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scored = cauce.predict(project / "data", model=model, out=tmp_path / "here.parquet")
    assert scored.rows + scored.rejected == whole_run.ROWS


def test_an_output_that_is_a_link_becomes_a_file_and_its_target_stays(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who may place a link would choose which of the user's files is overwritten."""
    monkeypatch.chdir(project)
    (project / "thesis.txt").write_text("x", encoding="utf-8")
    for name in ("out.csv", "none.csv"):
        (project / name).symlink_to("thesis.txt" if name == "out.csv" else "nothing")
        assert line("predict", "rows.csv", "--out", name) == 73
        assert (project / name).is_symlink()
        assert line("predict", "rows.csv", "--out", name, "--overwrite") == 0
        assert not (project / name).is_symlink()
    assert (project / "thesis.txt").read_text(encoding="utf-8") == "x"
    assert not (project / "nothing").exists()


@pytest.mark.parametrize("name", ["folder.csv", "rows.csv/out.csv", "n" * 300 + ".csv", "none/out.csv"])
def test_an_output_that_cannot_be_is_refused(
    project: Path, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder, a file in a file, a name too long, a folder that is not there."""
    monkeypatch.chdir(project)
    (project / "folder.csv").mkdir()
    before = {path.name for path in project.iterdir()}
    for more in ((), ("--overwrite",)):
        status = line("predict", "rows.csv", "--out", name, *more)
        err = capsys.readouterr().err
        assert (status, name) == (0, "none/out.csv") or (status not in (0, 70) and "error[E" in err), err
    assert {path.name for path in project.iterdir()} - {"none"} == before
    assert line("report", "--out", name.replace(".csv", ".html")) != 70


@pytest.mark.parametrize("place", ["", "ledger", "objects", "bundles", "runs", "snapshots", "models"])
def test_a_file_where_a_folder_of_the_store_should_be_is_named(
    tmp_path: Path, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A copy that went wrong leaves such stores."""
    project = whole_run.make_project(tmp_path / "project")
    spot = project / ".cauce" / place if place else project / ".cauce"
    spot.parent.mkdir(exist_ok=True)
    spot.write_text("x", encoding="utf-8")
    status = line("run", "--project", str(project))
    err = capsys.readouterr().err
    assert status in (73, 74), err
    assert "error[E0504]" in err or "error[E0506]" in err, err
    assert spot.read_text(encoding="utf-8") == "x"
