"""The list of defects is whole, and each has a test that is there."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest
from rows import DEFECTS, Defect

TESTS = Path(__file__).resolve().parents[1]
WANTED = {
    "A": range(8, 28),
    "B": (2, 3, 4, 5, 19, 31, 32),
    "C": (2, 4, 10, 13, 14, 17, 18, 22),
    "D": (1, 3, 6, 7, 8),
    "E": range(1, 7),
}


@cache
def functions(file: str) -> frozenset[str]:
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def test_every_defect_is_listed_once_and_in_order() -> None:
    """One that is left out looks like one that Cauce does not have."""
    assert [one.row for one in DEFECTS] == [
        f"{name} D{n}" for name, numbers in WANTED.items() for n in numbers
    ]


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda one: one.row)
def test_every_defect_has_tests_that_exist(defect: Defect) -> None:
    """A test that was renamed or removed would leave its defect to come back."""
    assert defect.loss.endswith(".")
    assert defect.tests
    for name in defect.tests:
        file, _, function = name.partition("::")
        assert function in functions(file), name
