"""Every benchmark ends with a line that a program can read."""

from __future__ import annotations

import ast
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
PRINTING = {"profile.py": "compare", "spark_profile.py": "measured_on_spark"}
"""Those whose result a function of another one prints."""


def prints_json(path: Path) -> bool:
    """Whether it prints its result as JSON."""
    text = ast.unparse(ast.parse(path.read_text(encoding="utf-8")))
    return "print(json.dumps(" in text or f"{PRINTING.get(path.name)}(" in text


def test_each_prints_its_result() -> None:
    """Figures of two releases could only be compared by eye."""
    scripts = [path for path in FOLDER.glob("*.py") if "def main(" in path.read_text(encoding="utf-8")]
    assert len(scripts) > 20
    assert [path.name for path in scripts if not prints_json(path)] == []
