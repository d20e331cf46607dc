"""Who may import whom: the contracts hold, each is seen to fail once, and `import cauce` is light."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT_IMPORTS = [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"]

PLANTED = {
    "a lower layer imports a higher one": (
        "stats/planted.py",
        "import cauce.running",
        "A layer imports only",
    ),
    "the language imports errors": ("language.py", "import cauce.errors", "A layer imports only"),
    "an adapter imports another": ("sources/planted.py", "import cauce.stores", "A layer imports only"),
    "a module outside every layer": ("planted.py", "X = 1", "A layer imports only"),
    "engines know each other": (
        "engines/local/planted.py",
        "import cauce.engines.spark",
        "Engines do not know",
    ),
    "a decision knows Spark": ("core/planted.py", "import pyspark", "Decisions know no Spark"),
    "a decision knows MLflow, inside a function": (
        "planning/planted.py",
        "def f():\n    from mlflow import tracking",
        "Decisions know no Spark",
    ),
    "a decision knows a cloud": ("expr/planted.py", "import boto3", "Decisions know no Spark"),
    "the command line knows Spark": (
        "cli/planted.py",
        "import pyspark.sql",
        "Only the Spark engine knows Spark",
    ),
    "a run knows MLflow": ("running/planted.py", "import mlflow", "Only tracking knows MLflow"),
    "the service knows project files, by way of another": (
        "core/bundle/inputs.py",
        "import cauce.spec.project",
        "The service imports only what scores",
    ),
    "the service unpickles": ("service/planted.py", "import pickle", "The service imports only what scores"),
    "a run knows the web": (
        "running/planted.py",
        "def f():\n    import uvicorn",
        "Only the service knows the web",
    ),
}

HEAVY = {
    "numpy",
    "polars",
    "pyarrow",
    "xgboost",
    "sklearn",
    "scipy",
    "pandas",
    "pydantic",
    "msgspec",
    "typer",
    "click",
    "rich",
    "matplotlib",
    "jinja2",
    "onnx",
    "onnxruntime",
    "mlflow",
    "pyspark",
    "tomlkit",
    "babel",
    "asyncio",
}


def contracts_of(folder: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(folder / "src")}
    return subprocess.run(
        LINT_IMPORTS, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def broken(output: str) -> list[str]:
    return [line.partition(" BROKEN")[0] for line in output.splitlines() if " BROKEN" in line]


def test_the_layers_hold() -> None:
    """What a user would lose: numbers that cannot depend on the engine that carried the rows."""
    done = contracts_of(ROOT)
    assert (done.returncode, broken(done.stdout)) == (0, []), done.stdout


@pytest.mark.parametrize("planted", PLANTED)
def test_each_contract_fails_where_it_is_broken(planted: str, tmp_path: Path) -> None:
    """A contract that cannot fail holds nothing."""
    module, code, contract = PLANTED[planted]
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    path = tmp_path / "src" / "cauce" / module
    with path.open("a", encoding="utf-8") as file:
        file.write(f"\n{code}\n")
    done = contracts_of(tmp_path)
    assert done.returncode != 0
    assert [name for name in broken(done.stdout) if name.startswith(contract)], done.stdout + done.stderr


def python(code: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_import_cauce_loads_nothing_heavy() -> None:
    """What a user would lose: a command line that answers at once."""
    loaded = python("import sys, cauce; print(*sorted({name.split('.')[0] for name in sys.modules}))").split()
    assert not set(loaded) & HEAVY


def test_the_language_errors_and_threads_load_nothing_heavy() -> None:
    """Threads are settled before any library is imported, so settling them imports none."""
    code = (
        "import sys, cauce.threads, cauce.language, cauce.errors; "
        "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    assert not set(python(code).split()) & HEAVY


def test_import_cauce_takes_less_than_150_ms() -> None:
    """The best of ten, beyond a bare interpreter's start: a busy machine must not decide."""
    code = "import time; start = time.perf_counter(); import cauce; print(time.perf_counter() - start)"
    best = 1.0
    for _ in range(10):
        best = min(best, float(python(code)))
        if best < 0.15:
            break
        time.sleep(0.2)
    assert best < 0.15
