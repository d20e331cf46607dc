"""Plots: every picture an evaluation has, readable for any class name, equal bytes for equal numbers."""

import struct
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from cauce.core.evaluation import Evaluation, History
from cauce.core.metrics.building import (
    ClassResults,
    Counted,
    NumberResults,
    evaluated_classes,
    evaluated_numbers,
)
from cauce.core.metrics.results import ConfusionCounts, ErrorSums, ResidualHistogram, scores_of_rows
from cauce.core.metrics.target import Target
from cauce.language import active_language, use_language
from cauce.running.plots import render
from cauce.running.plots.confusion import fewer
from cauce.running.plots.labels import label, labels

HOSTILE = (
    "$x$",
    "$\\frac{",
    "_hidden",
    "",
    "{name}",
    "%s",
    "日本",
    "a\nb\x00\u202e",
    "long " * 60,
    "long " * 61,
    "<b>",
    "😀",
)


def of_classes(classes, rows=400):
    random = np.random.default_rng(4)
    table = random.dirichlet(np.ones(len(classes)), rows)
    label = np.array([random.choice(len(classes), p=row) for row in table])
    predicted = table.argmax(axis=1)
    matrix = np.zeros((len(classes),) * 2)
    np.add.at(matrix, (label, predicted), 1)
    task = "binary" if len(classes) == 2 else "multiclass"
    chosen = [1] if task == "binary" else range(len(classes))
    target = Target(task, classes)
    scores = [scores_of_rows(table[:, at], label == at) for at in chosen]
    found = ClassResults(scores=scores, confusion=ConfusionCounts(classes, matrix))
    return target, evaluated_classes(target, found, counted=Counted(rows=rows))


def evaluation(classes=("NO", "$x$")):
    target, one = of_classes(classes)
    history = History(metric="log_loss", losses={"train": (0.7, 0.6), "validation": (0.7,)}, best_round=0)
    importance = (*((name, 2.0) for name in HOSTILE), *((f"feature {n}", 1.0) for n in range(30)))
    return Evaluation(
        target=target, datasets={"validation": one, "test": one}, importance=importance, history=history
    )


def numbers(histogram):
    sums = dict.fromkeys(ErrorSums.__annotations__, 1.0)
    found = NumberResults(sums=ErrorSums(**sums), residuals=histogram)
    target = Target("regression")
    return Evaluation(
        target=target, datasets={"test": evaluated_numbers(target, found, counted=Counted(rows=9))}
    )


def size(file):
    data = file.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", data[16:24])


def test_a_binary_evaluation_has_all_its_pictures(tmp_path):
    found = render(evaluation(), tmp_path / "plots")
    assert set(found) == {
        "confusion_validation",
        "confusion_test",
        "roc",
        "precision_recall",
        "calibration",
        "importance",
        "history",
    }
    for name, file in found.items():
        width, height = size(file)
        assert file.name == f"{name}.png"
        assert 500 < width < 1500
        assert 300 < height < 1500


def test_class_names_of_any_characters_break_no_picture(tmp_path):
    """A class called `$x$` is shown as it is, not set as mathematics; unknown glyphs raise no warning."""
    found = render(evaluation(HOSTILE), tmp_path)
    assert {"confusion_test", "roc_test", "precision_recall_validation", "calibration_test"} <= set(found)
    target, one = of_classes(("NO", "_$\\frac{"))
    found = render(Evaluation(target=target, datasets={"test": one}), tmp_path / "two")
    assert set(found) == {"confusion_test", "roc", "precision_recall", "calibration"}


def test_the_same_evaluation_gives_the_same_bytes(tmp_path):
    """Otherwise an unchanged run would look changed."""
    small = numbers(ResidualHistogram(np.linspace(-1, 1, 5), np.arange(4.0)))
    small = replace(small, history=evaluation().history, importance=(("a", 1.0),))
    one, other = (render(small, tmp_path / name) for name in ("a", "b"))
    assert len(one) == 3
    for name, file in one.items():
        assert file.read_bytes() == other[name].read_bytes()
        assert b"matplotlib" not in file.read_bytes()


def test_pictures_speak_the_active_language_with_its_numbers(tmp_path):
    assert active_language() == "en"
    small = numbers(ResidualHistogram(np.linspace(-1, 1, 5), np.arange(4.0)))
    english = render(small, tmp_path / "en")
    use_language("es")
    try:
        spanish = render(small, tmp_path / "es")
    finally:
        use_language("en")
    assert english["residuals_test"].read_bytes() != spanish["residuals_test"].read_bytes()


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e9, 1e300])
def test_residuals_of_any_size_are_drawn(tmp_path, scale):
    histogram = ResidualHistogram(np.linspace(-1, 1, 61) * scale, np.arange(60.0), 1.0, 2.0)
    assert set(render(numbers(histogram), tmp_path)) == {"residuals_test"}


def test_an_evaluation_without_rows_or_positives_has_only_what_can_be_drawn(tmp_path):
    target = Target("binary", ("a", "b"))
    nothing = ClassResults(
        scores=[scores_of_rows([], [])], confusion=ConfusionCounts(target.classes, np.zeros((2, 2)))
    )
    empty = evaluated_classes(target, nothing, counted=Counted(rows=0, unlabelled=5))
    assert render(Evaluation(target=target, datasets={"test": empty}), tmp_path) == {}
    single = ClassResults(
        scores=[scores_of_rows([0.2, 0.3], [False, False])],
        confusion=ConfusionCounts(target.classes, np.array([[2.0, 0], [0, 0]])),
    )
    one = evaluated_classes(target, single, counted=Counted(rows=2))
    found = render(Evaluation(target=target, datasets={"test": one}), tmp_path)
    assert set(found) == {"confusion_test", "calibration"}
    assert render(numbers(None), tmp_path) == {}


def test_labels_stay_short_and_distinct():
    shown = labels(HOSTILE, 20)
    assert len(set(shown)) == len(HOSTILE)
    assert all(len(text) <= 25 and text.isprintable() for text in shown)
    assert shown[0] == "$x$"
    assert label("a\nb") == "a\\nb"


def test_many_classes_become_the_most_frequent_and_the_others_together():
    matrix = np.diag(np.arange(1.0, 51.0))
    counts, joined = fewer(ConfusionCounts(tuple(map(str, range(50))), matrix))
    assert (joined, len(counts.classes)) == (31, 20)
    assert counts.matrix.sum() == matrix.sum()
    assert counts.classes[:2] == ("31", "32")
    assert counts.matrix[-1, -1] == np.arange(1, 32).sum()


def test_plots_load_nothing_heavy_until_drawn_and_keep_no_figure():
    code = (
        "import sys, cauce.running.plots; assert 'matplotlib' not in sys.modules;"
        "from pathlib import Path; from cauce.running.plots.canvas import drawn;"
        "import tempfile; folder = Path(tempfile.mkdtemp());"
        "\nwith drawn(folder / 'a.png') as figure: figure.add_subplot()"
        "\nassert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
