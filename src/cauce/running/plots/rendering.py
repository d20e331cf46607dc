"""Every plot of an evaluation as PNG files, in the active language."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from cauce.core.evaluation import Evaluation
from cauce.core.metrics.dataset import DatasetEvaluation
from cauce.core.metrics.keys import Dataset
from cauce.core.metrics.names import MetricName
from cauce.language import format_number, translate, translate_plural
from cauce.language import gettext_noop as _
from cauce.running.plots.amounts import (
    FEATURES_SHOWN,
    draw_history,
    draw_importance,
    draw_path,
    draw_residuals,
)
from cauce.running.plots.canvas import COLOURS
from cauce.running.plots.confusion import draw_confusion
from cauce.running.plots.labels import label, labels
from cauce.running.plots.lines import Line, draw_calibration, draw_precision_recall, draw_roc

DATASET_NAMES = {"train": _("training"), "validation": _("validation"), "test": _("test")}
_TITLES = {
    "roc": _("ROC curve"),
    "precision_recall": _("Precision and recall"),
    "calibration": _("Calibration: predicted and observed"),
}
_VALUES = {"roc": "roc_auc", "precision_recall": "average_precision", "calibration": "calibration_error"}
_DRAW: dict[str, Callable[..., None]] = {
    "roc": draw_roc,
    "precision_recall": draw_precision_recall,
    "calibration": draw_calibration,
}


def render(evaluation: Evaluation, folder: Path) -> dict[str, Path]:
    """Write every plot this evaluation has as `folder`/name.png; the paths by name.

    Names: confusion_DATASET, residuals_DATASET, importance, history, path; roc, precision_recall and
    calibration with a line for each dataset (binary), or with _DATASET and a line for each class;
    reliability (with more classes _0, _1, _2): calibration of test rows before and after.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = {}
    for name, draw in _plots(evaluation):
        found[name] = folder / f"{name}.png"
        draw(found[name])
    return found


Drawing = tuple[str, Callable[[Path], None]]


def _plots(evaluation: Evaluation) -> Iterator[Drawing]:
    for dataset, one in evaluation.datasets.items():
        yield from _tables(evaluation, dataset, one)
    for kind in _DRAW:
        yield from _curves(evaluation, kind)
    yield from _reliability(evaluation)
    if evaluation.importance:
        yield "importance", lambda file: _importance(file, evaluation)
    if evaluation.path is not None:
        yield "path", lambda file: _path(file, evaluation)
    if evaluation.history is not None and any(evaluation.history.losses.values()):
        yield "history", lambda file: _history(file, evaluation)


def _tables(evaluation: Evaluation, dataset: Dataset, one: DatasetEvaluation) -> Iterator[Drawing]:
    if one.confusion is not None and one.weight > 0:
        note = weights_note({dataset: one})
        counts, title = one.confusion, translate("Confusion matrix, {dataset} rows")
        if evaluation.target.task == "binary":
            text = translate("A probability of {threshold} or more is predicted {positive}.")
            threshold = format_number(evaluation.threshold)
            note = f"{note} {text.format(threshold=threshold, positive=label(evaluation.target.positive))}"
        title = title.format(dataset=dataset_name(dataset))
        yield f"confusion_{dataset}", lambda file: draw_confusion(file, counts, title=title, note=note)
    if one.residuals is not None:
        residuals, heading = one.residuals, translate("Residuals, {dataset} rows")
        heading = heading.format(dataset=dataset_name(dataset))
        rows = rows_note({dataset: one})
        yield f"residuals_{dataset}", lambda file: draw_residuals(file, residuals, title=heading, note=rows)


def _curves(evaluation: Evaluation, kind: str) -> Iterator[Drawing]:
    drawable = {
        name: one for name, one in evaluation.datasets.items() if getattr(one, kind) and one.weight > 0
    }
    if not drawable:
        return
    if evaluation.target.task == "binary":
        yield kind, _of_datasets(evaluation.target.positive, kind, drawable)
        return
    for dataset, one in drawable.items():
        yield f"{kind}_{dataset}", _of_classes(evaluation, kind, dataset, one)


def _of_datasets(
    positive: str, kind: str, datasets: Mapping[Dataset, DatasetEvaluation]
) -> Callable[[Path], None]:
    names = {name: dataset_name(name) for name in datasets}
    lines = [_line(one, kind, positive, names[name]) for name, one in datasets.items()]
    title = translate("{what}, positive class {positive}")
    title = title.format(what=translate(_TITLES[kind]), positive=label(positive))
    more = {"rows": [one.rows for one in datasets.values()]} if kind == "calibration" else {}
    return lambda file: _DRAW[kind](file, lines, title=title, note=weights_note(datasets), **more)


def _of_classes(
    evaluation: Evaluation, kind: str, dataset: Dataset, one: DatasetEvaluation
) -> Callable[[Path], None]:
    chosen = _most_frequent(evaluation, one, kind)
    lines = [_line(one, kind, name, text) for name, text in zip(chosen, labels(chosen), strict=True)]
    title = translate("{what} of each class, {dataset} rows")
    title = title.format(what=translate(_TITLES[kind]), dataset=dataset_name(dataset))
    note, count = weights_note({dataset: one}), len(evaluation.target.classes)
    if count > len(chosen):
        text = translate("The {shown} most frequent of {count} classes.")
        note = f"{note} {text.format(shown=len(chosen), count=count)}"
    more = {"rows": [one.rows] * len(lines)} if kind == "calibration" else {}
    return lambda file: _DRAW[kind](file, lines, title=title, note=note, **more)


def _reliability(evaluation: Evaluation) -> Iterator[Drawing]:
    """Calibration of the test rows before and after, of the positive class or of the most frequent one."""
    answers, test = evaluation.answers, evaluation.datasets.get("test")
    found = None if answers is None else answers.calibration
    before = {} if found is None else found.curves.get("test", {})
    if test is None or test.weight <= 0 or not before:
        return
    named = [one for one in _most_frequent(evaluation, test, "calibration") if one in before]
    for place, positive in enumerate(named[:1] if evaluation.target.task == "binary" else named[:3]):
        lines = [
            Line(translate("before"), before[positive]),
            Line(translate("after"), test.calibration[positive]),
        ]
        title = translate("Calibration of {name}, test rows").format(name=label(positive))
        name = "reliability" if evaluation.target.task == "binary" else f"reliability_{place}"
        note, rows = weights_note({"test": test}), [test.rows] * 2
        yield name, partial(draw_calibration, lines=lines, title=title, note=note, rows=rows)


def _most_frequent(evaluation: Evaluation, one: DatasetEvaluation, kind: str) -> list[str]:
    classes = evaluation.target.classes
    weights = np.zeros(len(classes)) if one.confusion is None else one.confusion.labels
    order = np.argsort(-weights, kind="stable")
    drawable = [int(at) for at in order if classes[at] in getattr(one, kind)]
    return [classes[at] for at in sorted(drawable[: len(COLOURS)])]


def _line(one: DatasetEvaluation, kind: str, positive: str, text: str) -> Line[Any]:
    values = {str(metric.name): metric.value for metric in one.metrics}
    value = values.get(str(MetricName(_VALUES[kind], positive=positive)))
    prevalence = values.get(str(MetricName("prevalence", positive=positive)))
    if prevalence is None and one.confusion is not None and one.weight > 0:
        at = one.confusion.classes.index(positive)
        prevalence = float(one.confusion.labels[at]) / one.weight
    return Line(text, getattr(one, kind)[positive], value, prevalence)


def _importance(file: Path, evaluation: Evaluation) -> None:
    count = len(evaluation.importance)
    note = translate_plural("{count} feature.", "{count} features.", count).format(count=format_number(count))
    title, unit = translate("What the model gains from each feature"), translate("Share of all gain (%)")
    text = translate("The {shown} with the largest gain of {count} features.")
    if evaluation.summed:
        title = translate("How large each feature's standardised coefficient is")
        unit = translate("Share of all standardised coefficients (%)")
        text = translate("The {shown} with the largest standardised coefficient of {count} features.")
    if count > FEATURES_SHOWN:
        note = text.format(shown=FEATURES_SHOWN, count=format_number(count))
    draw_importance(file, evaluation.importance, words=(title, unit, note))


def _path(file: Path, evaluation: Evaluation) -> None:
    path = evaluation.path
    if path is None:
        return
    count = len(path.features) + path.left
    note = translate_plural("{count} coefficient.", "{count} coefficients.", count)
    if count > len(COLOURS):
        note = translate("The {shown} largest of {count} coefficients have a name.")
    words = (
        translate("How coefficients grow as the penalty weakens"),
        translate("λ, strength of the penalty (weaker to the right)"),
        translate("standardised coefficient"),
        note.format(shown=min(len(COLOURS), count), count=format_number(count)),
    )
    draw_path(file, path, words=words)


def _history(file: Path, evaluation: Evaluation) -> None:
    if evaluation.history is None:
        return
    names = [dataset_name(name) for name in evaluation.history.losses]
    rounds = max(len(losses) for losses in evaluation.history.losses.values())
    if evaluation.history.best_round is None:
        title = translate("Loss by number of trees")
        text = translate_plural("{count} tree, averaged.", "{count} trees, averaged.", rounds)
    else:
        title = translate("Loss by training round")
        text = translate_plural("{count} round trained.", "{count} rounds trained.", rounds)
    note = text.format(count=format_number(rounds))
    draw_history(file, evaluation.history, names=names, title=title, note=note)


def dataset_name(dataset: str) -> str:
    """The dataset's name in the active language."""
    return translate(DATASET_NAMES.get(dataset, dataset))


def rows_note(datasets: Mapping[Dataset, DatasetEvaluation]) -> str:
    """How many rows each dataset has."""
    parts = [f"n = {format_number(one.rows)} ({dataset_name(name)})" for name, one in datasets.items()]
    return ", ".join(parts) + "."


def weights_note(datasets: Mapping[Dataset, DatasetEvaluation]) -> str:
    """How many rows each dataset has, and that they are weighted where they are."""
    weighted = any(abs(one.weight - one.rows) > 1e-9 * one.rows for one in datasets.values())
    note = rows_note(datasets)
    return f"{note} {translate('Rows count by their weight.')}" if weighted else note
