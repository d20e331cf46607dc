"""The page on reliability says of a promise that it holds only where every test of it ran and passed."""

from __future__ import annotations

import ast
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]

REPORT = """<testsuites><testsuite time="100.5">
<testcase classname="tests.faults.test_a" name="test_kills[every one]" time="61.5">
<properties><property name="killed" value="195 of 195"/></properties></testcase>
<testcase classname="tests.faults.test_a" name="test_disk" time="2"><failure message="x"/></testcase>
<testcase classname="tests.stores.test_b" name="test_cut" time="0.5"/>
<testcase classname="tests.stores.test_b" name="test_strace" time="0">
<skipped message="strace is | not here"/></testcase>
</testsuite></testsuites>"""


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """scripts/reliability.py as a module."""
    spec = importlib.util.spec_from_file_location("reliability", ROOT / "scripts" / "reliability.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["reliability"] = module
    spec.loader.exec_module(module)
    return module


def test_a_promise_holds_only_where_all_its_tests_passed(script: ModuleType, tmp_path: Path) -> None:
    """A page that calls a failed or skipped test a success is worse than none."""
    (tmp_path / "tests.xml").write_text(REPORT, encoding="utf-8")

    def target(number: str, *names: str) -> object:
        return script.Target(number, f"promise {number}", tuple(names), "")

    kills, disk = "tests/faults/test_a.py::test_kills", "tests/faults/test_a.py::test_disk"
    cut, strace = "tests/stores/test_b.py::test_cut", "tests/stores/test_b.py::test_strace"
    targets = [
        target("R1", kills, cut),
        target("R2", kills, disk),
        target("R3", cut, strace),
        target("R4", strace),
        target("R5"),
    ]
    text = script.page(tmp_path / "tests.xml", targets, {"R6": "requests"})
    assert "| R1 | promise R1 | holds | 2 | – |" in text
    assert "| R2 | promise R2 | **does not hold** | 2 | – |" in text
    assert "| R3 | promise R3 | 1 of 2 tests ran | 2 | – |" in text
    assert "| R4 | promise R4 | not run | 1 | – |" in text
    assert "| R5 | promise R5 | not tested | – | – |" in text
    assert "nobody wrote the test: R6 requests." in text
    assert "| kills [every one] | killed | 195 of 195 |" in text
    assert "| faults | 1 | 1 | 0 | 64 |" in text
    assert "Failed:\n\n- " in text
    assert "- stores: strace: strace is | not here" in text
    assert "2 tests passed,\n1 failed, 1 were skipped, in 2 minutes" in text


def test_every_test_that_a_promise_names_exists(script: ModuleType) -> None:
    """A test that was renamed would leave its promise as not run for ever."""
    for target in script.read_targets():
        for name in target.tests:
            file, _, function = name.partition("::")
            tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
            assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, name


def test_every_promise_is_listed_once(script: ModuleType) -> None:
    """One that is left out looks like one that was never asked for."""
    tried, later = [target.number for target in script.read_targets()], list(script.read_later())
    assert sorted([*tried, *later], key=lambda name: int(name[1:])) == [f"R{n}" for n in range(1, 38)]
    for names in (tried, later):
        assert names == sorted(names, key=lambda name: int(name[1:]))
