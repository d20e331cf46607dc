"""What the model decides: confusion, thresholds and slices."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cauce.core.evaluation import Evaluation
from cauce.core.metrics.results import ConfusionCounts
from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.running.plots.confusion import fewer
from cauce.running.report.blocks import Block, Cell, Column, Part, Shaded, Table
from cauce.running.report.metrics import dataset_text
from cauce.running.report.wording import NOTHING, count, name, share

_LEVELS = 8


def confusion_parts(evaluation: Evaluation) -> Iterator[Block]:
    """The confusion matrix of the test rows, and of the others behind a fold."""
    for dataset in ("test", "validation", "train"):
        one = evaluation.datasets.get(dataset)
        if one is None or one.confusion is None or one.weight <= 0:
            continue
        title = translate(_("Confusion matrix, {dataset} rows")).format(dataset=dataset_text(dataset))
        yield Part(title, (_confusion(one.confusion),), folded=dataset != "test")


def _confusion(counts: ConfusionCounts) -> Table:
    shown, joined = fewer(counts)
    names: list[Cell] = [name(one, 40) for one in shown.classes]
    if joined:
        names[-1] = translate(_("other ({count})")).format(count=count(joined))
    totals = shown.labels
    rows = tuple(
        (names[at], *(_cell(float(weight), float(totals[at])) for weight in shown.matrix[at]))
        for at in range(len(names))
    )
    heads = (Column(translate(_("true class ↓  predicted →"))), *(Column(one, "number") for one in names))
    caption = translate(
        _("Rows by true class (down) and predicted class (across), with their share of the true class.")
    )
    return Table(caption, heads, rows)


def _cell(weight: float, total: float) -> Shaded:
    if total <= 0:
        return Shaded(NOTHING, 0)
    level = int(np.clip(round(_LEVELS * weight / total), 0, _LEVELS))
    return Shaded(f"{count(weight)} · {share(weight, total)}", level)
