"""Every benchmark ends with a line that a program can read."""

from __future__ import annotations

import ast
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


def prints_json(path: Path) -> bool:
    """Whether it, or a benchmark whose functions it uses, writes its result as JSON."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    beside = [FOLDER / f"{name}.py" for name in imported if name]
    return "print(json.dumps(" in ast.unparse(tree) or any(
        one.is_file() and prints_json(one) for one in beside
    )


def test_the_last_line_of_each_is_a_result() -> None:
    """Figures of two releases could only be compared by eye."""
    scripts = [path for path in FOLDER.glob("*.py") if "def main(" in path.read_text(encoding="utf-8")]
    assert len(scripts) > 20
    assert [path.name for path in scripts if not prints_json(path)] == []
