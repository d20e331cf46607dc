"""The code stays small and readable: every budget is kept, and each is seen to fail once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "check_budgets.py"

LONG_FUNCTIONS = "\n".join(
    f"def _f{n}():\n" + "".join(f"    x{line} = {line}\n" for line in range(30)) for n in range(5)
)
MANY_LINES = '"""A."""\n' + "X = 1\n" * 210


def judged(root: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, SCRIPT, "--root", root], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr


def package(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (root / "tests").mkdir(exist_ok=True)
    return root


SOUND = {"src/cauce/__init__.py": '"""A."""\n', "src/cauce/cli/console.py": '"""A."""\n\nprint(1)\n'}

PLANTED = {
    "a file too long": ({"src/cauce/a.py": '"""A."""\n' + "X = 1\n" * 400}, "401 lines, at most 400"),
    "files long on the whole": (
        {"src/cauce/__init__.py": MANY_LINES, "src/cauce/a.py": MANY_LINES},
        "the median file has",
    ),
    "functions long on the whole": (
        {"src/cauce/a.py": '"""A."""\n\n' + LONG_FUNCTIONS},
        "more than 25 lines",
    ),
    "seven parameters": (
        {"src/cauce/a.py": '"""A."""\n\ndef _f(a, *, b, c, d, e, f, g): ...\n'},
        "_f has 7 parameters",
    ),
    "three parameters by position": (
        {"src/cauce/a.py": '"""A."""\n\ndef f(a, b, c):\n    """F."""\n'},
        "f: keyword-only after 2",
    ),
    "three parameters of a method by position": (
        {"src/cauce/a.py": '"""A."""\n\nclass C:\n    """C."""\n    def f(self, a, b, c): ...\n'},
        "f: keyword-only after 2",
    ),
    "three classes deep, over two files": (
        {
            "src/cauce/a.py": '"""A."""\n\nclass A:\n    """A."""\n\nclass B(A):\n    """B."""\n',
            "src/cauce/b.py": '"""B."""\nfrom cauce import a\n\nclass C(a.B):\n    """C."""\n',
        },
        "class C is 3 deep",
    ),
    "a class named after nothing": (
        {"src/cauce/a.py": '"""A."""\n\nclass RunManager:\n    """A."""\n'},
        "name it after what it is",
    ),
    "a module named after nothing": ({"src/cauce/utils.py": '"""A."""\n'}, "no module is named utils"),
    "a package named after nothing": ({"src/cauce/common/a.py": '"""A."""\n'}, "no module is named common"),
    "an import cycle, hidden in a function": (
        {
            "src/cauce/a.py": '"""A."""\nfrom cauce.b import g\n',
            "src/cauce/b.py": '"""B."""\n\ndef g():\n    """G."""\n    from cauce import a\n',
        },
        "import cycle: cauce.",
    ),
    "a heavy library at the top": (
        {"src/cauce/a.py": '"""A."""\nimport pyspark.sql\n'},
        "import pyspark inside",
    ),
    "a second file that prints": (
        {"src/cauce/cli/more.py": '"""A."""\n\nprint(1)\n'},
        "src/cauce/cli/more.py:3: only one file",
    ),
    "printing outside the command line": (
        {"src/cauce/a.py": '"""A."""\nimport sys\n\nsys.stderr.write("x")\n'},
        "only one file of cauce/cli prints",
    ),
    "a module without a docstring": ({"src/cauce/a.py": "X = 1\n"}, "the module says not what it is"),
    "a function without a docstring": (
        {"src/cauce/a.py": '"""A."""\n\ndef f(): ...\n'},
        "f says not what it is",
    ),
    "a mock": ({"tests/test_a.py": "from unittest.mock import Mock\n"}, "1 mocks in 1 lines"),
}


def test_the_code_keeps_its_budgets() -> None:
    """What a user would lose: fixes that come soon, because the code can be read."""
    assert judged(ROOT) == (0, "")


def test_a_sound_package_passes(tmp_path: Path) -> None:
    """A check that always fails would prove nothing below."""
    assert judged(package(tmp_path, SOUND)) == (0, "")


@pytest.mark.parametrize("planted", PLANTED)
def test_each_budget_fails_where_it_is_broken(planted: str, tmp_path: Path) -> None:
    """A budget that cannot fail holds nothing."""
    files, said = PLANTED[planted]
    status, text = judged(package(tmp_path, SOUND | files))
    assert status == 1
    assert said in text


def test_imports_for_type_checkers_alone_make_no_cycle(tmp_path: Path) -> None:
    """Ports name the types of the layer that uses them; that costs nothing when the program runs."""
    files = {
        "src/cauce/a.py": '"""A."""\nfrom cauce.b import g\n',
        "src/cauce/b.py": '"""B."""\nimport typing\n\nif typing.TYPE_CHECKING:\n    from cauce import a\n',
    }
    assert judged(package(tmp_path, SOUND | files)) == (0, "")
