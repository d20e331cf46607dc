"""Every code that can be raised is explained, and every explanation belongs to a code that is raised."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path
from string import Formatter

import pytest

from cauce.errors import CATALOGUE, CauceError
from cauce.errors.entry import Entry

ROOT = Path(__file__).resolve().parents[2]
CODE = re.compile(r"[EW]\d{4}")
RAISERS = {"CauceError", "CauceWarning", "warn", "warn_now"}


def trees() -> list[tuple[Path, ast.Module]]:
    folder = ROOT / "src" / "cauce"
    paths = [path for path in sorted(folder.rglob("*.py")) if "catalogue" not in path.parts]
    return [(path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"))) for path in paths]


def said() -> dict[str, list[str]]:
    """Code -> the places that name it."""
    found = defaultdict(list)
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
                found[node.value].append(f"{path}:{node.lineno}")
    return dict(found)


def fields(entry: Entry) -> set[str]:
    texts = (entry.says, entry.hint)
    return {name for text in texts for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_every_code_raised_is_in_the_catalogue() -> None:
    """An unknown code would turn a user's mistake into a crash."""
    unknown = {code: places for code, places in said().items() if code not in CATALOGUE}
    assert unknown == {}


def test_every_entry_of_the_catalogue_is_raised_somewhere() -> None:
    """A code nobody raises is documentation of something that does not happen."""
    assert sorted(CATALOGUE.keys() - said().keys()) == []


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=CATALOGUE.keys())
def test_every_entry_says_what_happened_what_to_do_and_why(entry: Entry) -> None:
    """Without any of the three the user is left where the error found them."""
    assert CODE.fullmatch(entry.code)
    assert all(
        text == text.strip() and len(text) >= 10 for text in (entry.says, entry.hint, entry.explanation)
    )
    assert len(entry.explanation) > len(entry.says) / 2
    assert all(name.isidentifier() for name in fields(entry)), "values are named, one word each"


def test_every_place_that_raises_gives_the_values_its_texts_need() -> None:
    """A missing value would show as a KeyError instead of the message."""
    faults = []
    for path, tree in trees():
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and ast.unparse(node.func) in RAISERS and node.args):
                continue
            code = node.args[0].value if isinstance(node.args[0], ast.Constant) else None
            given = {keyword.arg for keyword in node.keywords}
            if code in CATALOGUE and None not in given and (lacking := fields(CATALOGUE[code]) - given):
                faults.append(f"{path}:{node.lineno}: {code} needs {sorted(lacking)}")
    assert faults == []


def test_ranges_belong_to_one_part_each() -> None:
    """The first two digits tell a reader of a log which part speaks; a part may use files part_*.py."""
    owners = defaultdict(set)
    for path in sorted((ROOT / "src/cauce/errors/catalogue").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "code" and isinstance(node.value, ast.Constant):
                owners[str(node.value.value)[1:3]].add(path.stem.split("_")[0])
    assert {digits: names for digits, names in owners.items() if len(names) > 1} == {}


@pytest.mark.parametrize(
    ("reason", "end"),
    [("It is gone.", ": It is gone."), ("gone", ": gone."), ("x" * 200, "xx…"), ("1.2.", ": 1.2.")],
)
def test_a_value_that_ends_with_a_stop_is_not_followed_by_another(reason: str, end: str) -> None:
    """A list that was cut, and a system's own sentence, ended with two."""
    message = CauceError("E1201", path="a.json", reason=reason).message
    assert message.endswith(end)
    assert "a.json of" in message
