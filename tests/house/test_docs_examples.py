"""Every example marked as tested in README and docs does what the page says it does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(python|console) tested( slow)?\n(.*?)^```$", re.M | re.S)
LIMIT_SECONDS = 280


@dataclass(frozen=True)
class Example:
    """A fenced block. kind: python (a script of its own) or console (commands after "$ ", with outputs)."""

    place: str
    kind: str
    text: str


def examples_of(page: Path) -> list[tuple[Example, bool]]:
    text = page.read_text(encoding="utf-8")
    return [
        (
            Example(f"{page.name}:{text.count(chr(10), 0, found.start()) + 1}", found[1], found[3]),
            bool(found[2]),
        )
        for found in FENCE.finditer(text)
    ]


def pages_with_examples() -> list[object]:
    found = [(page, examples_of(page)) for page in PAGES if "_build" not in page.parts]
    return [
        pytest.param(
            [example for example, _ in examples],
            id=str(page.relative_to(ROOT)),
            marks=[pytest.mark.slow] if any(slow for _, slow in examples) else [],
        )
        for page, examples in found
        if examples
    ]


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "COLUMNS": "100",
        "NO_COLOR": "1",
    }
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )


def matches(shown: str, printed: str) -> bool:
    """Whether `printed` is what the page shows; "..." stands for anything, blanks at line ends are free."""
    plain = "\n".join(line.rstrip() for line in printed.strip().splitlines())
    wanted = "\n".join(line.rstrip() for line in shown.strip().splitlines())
    return re.fullmatch(".*".join(map(re.escape, wanted.split("..."))), plain, re.S) is not None


def check_console(example: Example, folder: Path) -> None:
    for step in re.split(r"^\$ ", example.text, flags=re.M)[1:]:
        command, _, shown = step.partition("\n")
        done = run(["bash", "-c", command], folder)
        assert done.returncode == 0, f"{example.place}: $ {command}\n{done.stdout}"
        assert not shown.strip() or matches(shown, done.stdout), (
            f"{example.place}: $ {command}\n{done.stdout}"
        )


def check_python(example: Example, folder: Path) -> None:
    done = run([sys.executable, "-W", "error", "-c", example.text], folder)
    assert done.returncode == 0, f"{example.place}\n{done.stdout}"


@pytest.mark.parametrize("examples", pages_with_examples())
def test_the_examples_of_a_page_run_in_order(examples: list[Example], tmp_path: Path) -> None:
    """A reader who types what a page says gets what the page says."""
    for example in examples:
        (check_console if example.kind == "console" else check_python)(example, tmp_path)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("console", "$ false\n"),
        ("console", "$ echo one\ntwo\n"),
        ("console", "$ echo one two three\none ... four\n"),
        ("python", "assert 1 == 2\n"),
        ("python", "import warnings\nwarnings.warn('old')\n"),
    ],
)
def test_an_example_that_is_wrong_fails(kind: str, text: str, tmp_path: Path) -> None:
    """A runner that cannot fail checks nothing."""
    check = check_console if kind == "console" else check_python
    with pytest.raises(AssertionError):
        check(Example("page:1", kind, text), tmp_path)


def test_an_example_that_is_right_passes(tmp_path: Path) -> None:
    """Commands share a folder, dots stand for anything, output may be left unsaid."""
    check_console(Example("page:1", "console", "$ echo 17 rows > a\n$ cat a\n... rows\n$ pwd\n"), tmp_path)
