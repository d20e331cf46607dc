"""The README's two commands are the whole set-up, and a failing gate is named."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted(path for path in (ROOT / "scripts").iterdir() if not path.suffix and path.is_file())


def test_the_readme_gives_two_commands_and_ci_runs_the_second() -> None:
    """Whoever opens the page runs what we run."""
    block = re.search(r"```console\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)
    assert block is not None
    assert block[1] == "$ make demo\n$ make test\n"
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()[-1] == "exec make test"


def test_help_names_every_target() -> None:
    """A target nobody can find is not there."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", text, re.M)
    assert phony is not None
    command = ["make", "--no-print-directory", "help"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {line.split()[0] for line in shown.splitlines()} == set(phony[1].split())


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_executable_and_can_be_read_by_bash(script: Path) -> None:
    """A set-up that stops at a typo is the first thing a new user would see."""
    assert os.access(script, os.X_OK)
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0


def test_an_old_python_is_refused_with_the_way_out(tmp_path: Path) -> None:
    """Without Python 3.11 the set-up says so at once, and how to name another."""
    for name in ("python3", "python3.11", "python3.12", "python3.13"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/bin:/usr/bin"}
    bash = shutil.which("bash") or "bash"
    done = subprocess.run(
        [bash, ROOT / "scripts/find-python"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "make PYTHON=" in done.stderr


def test_each_python_that_is_named_is_looked_for(tmp_path: Path) -> None:
    """The first to meet what breaks under one Python only would be a user who has it."""
    wanted = re.findall(r"Python :: (3\.\d+)", (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for version in wanted:
        standing = tmp_path / f"python{version}"
        standing.write_text(
            f"#!/bin/sh\n{'echo here' if version == wanted[1] else 'exit 1'}\n", encoding="utf-8"
        )
        standing.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/bin:/usr/bin", "HOME": str(tmp_path)}
    done = subprocess.run(
        [ROOT / "scripts" / "pythons"], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [f"{one} {'here' if one == wanted[1] else ''}" for one in wanted]


# Which stand-in program fails, with which words among its arguments, and the gate named for it.
FAILING = {
    "lint": ("ruff", "check"),
    "format": ("ruff", "format"),
    "types": ("mypy", ""),
    "contracts": ("lint-imports", ""),
    "budgets": ("python", "check_budgets"),
    "messages": ("python", "messages"),
    "docs": ("python", "sphinx"),
    "bare install": ("smoke", ""),
    "tests": ("python", "pytest"),
}


def gates(folder: Path, program: str, word: str) -> subprocess.CompletedProcess[str]:
    """Run scripts/test with stand-ins for every program; `program` fails where `word` is in its arguments."""
    binaries = folder / ".venv" / "bin"
    binaries.mkdir(parents=True)
    (folder / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "test", folder / "scripts" / "test")
    for name in ("ruff", "mypy", "lint-imports", "python", "smoke"):
        path = folder / "scripts" / "smoke" if name == "smoke" else binaries / name
        failing = f'case "$*" in *"{word}"*) exit 3;; esac\n' if name == program else ""
        path.write_text(f'#!/bin/sh\n{failing}echo "{name} $*"\n', encoding="utf-8")
        path.chmod(0o755)
    return subprocess.run([folder / "scripts" / "test"], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("gate", FAILING)
def test_the_first_failing_gate_stops_the_run_and_is_named(gate: str, tmp_path: Path) -> None:
    """Nobody has to search a log for what failed."""
    done = gates(tmp_path, *FAILING[gate])
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1] == f"== gate failed: {gate}"
    assert done.stdout.splitlines()[-1] == f"== gate: {gate}"


def test_the_last_line_of_a_good_run_is_the_test_runners(tmp_path: Path) -> None:
    """A run whose closing line is ours would look like one that ran no test."""
    done = gates(tmp_path, "none", "")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1].startswith("python -m pytest")
    assert [line.removeprefix("== gate: ") for line in done.stdout.splitlines() if "gate" in line] == list(
        FAILING
    )


def test_test_files_have_names_of_their_own() -> None:
    """Two of one name in two folders stop the whole suite before its first test."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(name for name in set(names) if names.count(name) > 1) == []
