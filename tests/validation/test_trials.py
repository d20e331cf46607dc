"""`cauce try`: a table to a model and a report, without a project file and without flattering."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import cauce
from cauce.cli.rendering.trying import _again
from cauce.errors import CauceError
from cauce.spec import read_project


def customers(folder: Path, *, leak: bool = False) -> Path:
    """400 customers whose `churn` follows from income and plan; `refund` is paid after they have left."""
    draw = random.Random(5)
    lines = ["plan,income,joined,churn" + (",refund" if leak else "")]
    for number in range(400):
        plan, income = draw.choice(["basic", "plus", "pro"]), draw.randint(1, 99)
        churn = int(draw.random() < (0.8 if plan == "basic" and income < 50 else 0.15))
        cells = [plan, income, f"2025-{number % 12 + 1:02d}-01", churn]
        lines.append(",".join(map(str, [*cells, churn * draw.randint(5, 90)] if leak else cells)))
    file = folder / "customers.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def test_a_table_becomes_a_model_a_report_and_test_metrics(tmp_path: Path) -> None:
    found = cauce.try_(str(customers(tmp_path)), project=tmp_path, target="churn", split="random")
    assert found.test == {str(one.name): one.value for one in found.run.evaluation.datasets["test"].metrics}
    assert 0.5 < float(found.test["roc_auc[positive=1]"] or 0) < 1
    assert found.run.report.is_file()
    assert found.run.report.is_relative_to(tmp_path / ".cauce" / "try")
    assert found.guesses["task"].value == "binary"
    assert found.run.delivery is None
    assert not (tmp_path / "cauce.toml").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".cauce", "customers.csv"]
    assert cauce.load(found.run.folder).digest == found.run.bundle
    again = cauce.try_(str(tmp_path / "customers.csv"), project=tmp_path, target="churn", split="random")
    assert again.run.ran == ()


def test_the_keyword_names_the_function_too() -> None:
    """Who knows the command finds the function."""
    assert getattr(cauce, "try") is cauce.try_


def test_a_column_that_knows_the_answer_is_left_out_and_named(tmp_path: Path) -> None:
    """The first number somebody sees of their data must not be one that falls apart in production."""
    file = customers(tmp_path, leak=True)
    with_leak = cauce.try_(str(file), project=tmp_path, target="churn", split="random")
    assert [one.finding.column for one in with_leak.remedies] == ["refund"]
    assert with_leak.project.data.known_after == ("refund",)
    assert "refund" not in cauce.load(with_leak.run.folder).columns
    assert 0.5 < float(with_leak.test["roc_auc[positive=1]"] or 0) < 0.95
    document = json.loads(json.dumps(with_leak.to_json()))
    assert document["leaks"][0]["columns"] == ["refund"]
    assert set(document["test"]) >= {"roc_auc[positive=1]", "log_loss"}


def test_what_was_tried_can_be_saved_and_run(tmp_path: Path) -> None:
    file = customers(tmp_path, leak=True)
    found = cauce.try_(str(file), project=tmp_path, save=True, target="churn", split="random")
    saved = read_project(tmp_path)
    assert saved.features.acknowledged == ()
    assert saved.data.known_after == ("refund",)
    assert saved.store.path == ".cauce"
    assert saved.tracking.enabled
    text = (tmp_path / "cauce.toml").read_text(encoding="utf-8")
    assert found.saved == tmp_path / "cauce.toml"
    (tmp_path / "cauce.toml").write_text(
        text.replace("[tracking]\n", "[tracking]\nenabled = false\n"), encoding="utf-8"
    )
    assert cauce.run(tmp_path).bundle == found.run.bundle
    with pytest.raises(CauceError) as caught:
        cauce.try_(str(file), project=tmp_path, save=True, target="churn")
    assert caught.value.code == "E1710"


def test_the_command_says_its_guesses_and_the_metrics(tmp_path: Path) -> None:
    customers(tmp_path, leak=True)
    command = [sys.executable, "-m", "cauce", "try", "customers.csv", "--target", "churn"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=250)
    assert done.returncode == 0, done.stderr
    assert "refund" in done.stderr
    assert "binary" in done.stderr
    assert "roc_auc[positive=1]" in done.stdout
    assert "report.html" in done.stdout


REAL = [("penguins/penguins.csv", "species", "roc_auc[ovr,macro]", 0.95, 1.0)]
LARGE = [
    ("wine_quality_white/winequality-white.csv", "quality", "accuracy", 0.5, 0.75),
    ("diabetes130/diabetic_data.csv", "readmitted", "roc_auc[positive=<30]", 0.63, 0.72),
    ("secop2/contratos_100k.csv", "valor_del_contrato", "r2", -0.2, 0.7),
]


def _tried(folder: Path, source: Path, target: str) -> tuple[Any, float]:
    began = time.process_time()
    positive = "<30" if target == "readmitted" else None
    found = cauce.try_(str(source), project=folder, target=target, positive=positive)
    return found, time.process_time() - began


@pytest.mark.parametrize(("name", "target", "metric", "least", "most"), REAL)
def test_real_tables_reach_what_is_known_of_them(
    name: str, target: str, metric: str, least: float, most: float, tmp_path: Path, shared_data: Path
) -> None:
    """The floors and ceilings are those of a default gradient boosting on the same columns."""
    found, _seconds = _tried(tmp_path, shared_data / name, target)
    assert least < float(found.test[metric] or 0) <= most


@pytest.mark.slow
@pytest.mark.parametrize(("name", "target", "metric", "least", "most"), LARGE)
def test_a_hundred_thousand_rows_take_less_than_a_minute_of_two_processors(
    name: str, target: str, metric: str, least: float, most: float, tmp_path: Path, shared_data: Path
) -> None:
    found, seconds = _tried(tmp_path, shared_data / name, target)
    assert least < float(found.test[metric] or 0) <= most
    assert seconds < 100


def test_the_next_command_tries_the_same_again() -> None:
    """What was saved would be another project, without the options that were given."""
    given = {"target": "a b", "missing": ["NA", ""], "positive": None, "drop": [], "save": False}
    assert _again("x.csv", given) == "x.csv --target 'a b' --missing NA --missing ''"
