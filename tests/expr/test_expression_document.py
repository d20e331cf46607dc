"""The document of meanings has a row for every node and every function, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from cauce.expr.date_format import date_grammar
from cauce.expr.functions import FUNCTIONS
from cauce.expr.grammar import STRIPPED
from cauce.expr.nodes import NODES
from cauce.expr.value_types import node_name

PAGE = (Path(__file__).parents[2] / "docs/meaning/expressions.md").read_text(encoding="utf-8")
TABLE = PAGE.split("## The nodes")[1].split("\n## ")[0]


def test_every_node_has_a_row_and_every_row_a_node():
    rows = [line.split("|")[1] for line in TABLE.splitlines() if line.startswith("| `")]
    named = [name for row in rows for name in re.findall(r"`([a-z0-9_]+)`", row)]
    assert sorted(named) == sorted(node_name(node.__new__(node)) for node in NODES)


def test_every_function_of_formulas_is_in_the_table():
    assert [name for name in FUNCTIONS if f"{name}(" not in TABLE and f"`{name}`" not in TABLE] == []


def test_the_strip_set_is_the_documented_one():
    """White_Space of Unicode's PropList.txt, and the byte order mark."""
    white_space = [*range(0x9, 0xE), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B)]
    white_space += [0x2028, 0x2029, 0x202F, 0x205F, 0x3000]
    assert len(white_space) == 25
    assert set(STRIPPED) == {chr(code) for code in [*white_space, 0xFEFF]}


def test_every_documented_directive_is_read():
    directives = re.findall(r"`(\.?%-?[A-Za-z%])`", PAGE.split("## Formats of dates")[1])
    assert set(directives) >= {"%Y", "%-d", ".%f", "%z"}
    base = "%Y-%m-%d %H:%M:%S"
    formats = {
        "%y": "%y-%m-%d",
        ".%f": base + ".%f",
        "%z": base + "%z",
        "%I": "%Y-%m-%d %I %p",
        "%-I": "%Y-%m-%d %-I %p",
        "%p": "%Y-%m-%d %I %p",
        "%%": "%Y-%m-%d %%",
        "%-m": "%Y-%-m-%d",
        "%-d": "%Y-%m-%-d",
        "%-H": "%Y-%m-%d %-H",
    }
    for directive in directives:
        assert date_grammar(formats.get(directive, base), times=True).fields
