"""What is imported is declared, what is declared is imported, and the locks hold both."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCKS = sorted((ROOT / "constraints").glob("*.txt"))
MODULES = {"xgboost-cpu": "xgboost", "scikit-learn": "sklearn"}


def declared(requirements: list[str]) -> set[str]:
    names = {re.split(r"[<>=!~;\[ ]", text, maxsplit=1)[0] for text in requirements}
    return {MODULES.get(name, name.replace("-", "_")) for name in names} - {"cauce"}


BASE = declared(PROJECT["dependencies"])
EXTRAS = declared([text for texts in PROJECT["optional-dependencies"].values() for text in texts])


def imported() -> dict[str, str]:
    """Third-party module -> a place that imports it."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "src" / "cauce").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for name in names:
                found.setdefault(name.split(".")[0], f"{path.relative_to(ROOT)}:{node.lineno}")
    return {
        name: place
        for name, place in found.items()
        if name not in sys.stdlib_module_names and name not in ("cauce", "__future__")
    }


def test_everything_imported_is_declared() -> None:
    """A library that happens to be there on our machine is missing on the user's."""
    undeclared = {name: place for name, place in imported().items() if name not in BASE | EXTRAS}
    assert undeclared == {}


def test_everything_in_the_base_install_is_used() -> None:
    """Every unused one is megabytes and a security notice for nothing."""
    assert sorted(BASE - imported().keys()) == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_locks_hold_hashes_and_no_address(lock: Path) -> None:
    """An install takes exactly the bytes that were tested, from whatever index the user trusts."""
    text = lock.read_text(encoding="utf-8")
    assert not re.search(r"(https?|file)://", text)
    pins = re.findall(r"^([a-z0-9._-]+)==\S+.*\\\n(    --hash=sha256:[0-9a-f]{64})", text, re.M)
    assert len(pins) == len(re.findall(r"^[a-z0-9]", text, re.M)) > 0


def test_the_locks_agree_with_each_other_and_with_the_project() -> None:
    """`make demo`, `make test` and a bare install give a user the same numbers."""
    versions: dict[tuple[str, str], set[str]] = {}
    for lock in LOCKS:
        for name, version, marker in re.findall(
            r"^([a-z0-9._-]+)==(\S+)(?: ; (.*?))? \\$", lock.read_text(encoding="utf-8"), re.M
        ):
            versions.setdefault((name, marker), set()).add(version)
    assert {key: found for key, found in versions.items() if len(found) > 1} == {}
    base = (ROOT / "constraints" / "base.txt").read_text(encoding="utf-8")
    for requirement in PROJECT["dependencies"]:
        name = re.split(r"[<>=!~;\[ ]", requirement, maxsplit=1)[0]
        assert f"\n{name}==" in f"\n{base}", f"run make lock: {name} is not in constraints/base.txt"
