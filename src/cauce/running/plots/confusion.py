"""The confusion matrix: counts and the share of each label's row."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cauce.core.metrics.results import ConfusionCounts
from cauce.language import format_number, translate
from cauce.running.plots.canvas import GREY, caption, drawn
from cauce.running.plots.labels import labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 20


def draw_confusion(file: Path, counts: ConfusionCounts, *, title: str, note: str) -> None:
    """Labels down, predictions across, coloured by the share of the label's row."""
    counts, joined = fewer(counts)
    size = len(counts.classes)
    names = labels(counts.classes, 18 if size > 2 else 28)
    if joined:
        names[-1] = translate("other ({count})").format(count=format_number(joined))
    side = max(5.6, 2.6 + 0.62 * size)
    with drawn(file, (side + 1.2, side)) as figure:
        axes = figure.add_subplot()
        image = _cells(axes, counts)
        axes.set_title(title)
        ticks = range(size)
        tilt = 0 if max(map(len, names)) * size <= 44 else 45
        axes.set_xticks(
            ticks,
            names,
            rotation=tilt,
            ha="right" if tilt else "center",
            rotation_mode="anchor" if tilt else None,
        )
        axes.set_yticks(ticks, names)
        axes.set(xlabel=translate("Predicted class"), ylabel=translate("True class"))
        bar = figure.colorbar(image, ax=axes, shrink=0.8, ticks=[0, 0.25, 0.5, 0.75, 1])
        bar.ax.set_yticklabels([f"{percent} %" for percent in (0, 25, 50, 75, 100)])
        bar.set_label(translate("Share of the true class's rows"))
        caption(figure, note)


def _cells(axes: Axes, counts: ConfusionCounts) -> Any:
    matrix, total = counts.matrix, counts.labels[:, None]
    shares = np.divide(matrix, total, out=np.zeros_like(matrix), where=total > 0)
    image = axes.imshow(shares, cmap="cividis", vmin=0, vmax=1, aspect="equal")
    font = 11 if len(matrix) <= 4 else 7.5
    for (row, column), weight in np.ndenumerate(matrix):
        share = format_number(float(100 * shares[row, column]), digits=1)
        text = f"{amount(float(weight))}\n{share} %" if total[row, 0] > 0 else "–"
        colour = "black" if shares[row, column] > 0.55 else "white"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=font)
    for spine in axes.spines.values():
        spine.set_color(GREY)
    return image


def amount(weight: float) -> str:
    """A count, or a weight with one decimal, short enough for a cell."""
    for size, unit in ((1e9, "G"), (1e6, "M")):
        if weight >= size:
            return f"{format_number(weight / size, digits=1)} {unit}"
    whole = abs(weight - round(weight)) < 1e-9
    return format_number(round(weight)) if whole else format_number(weight, digits=1)


def fewer(counts: ConfusionCounts) -> tuple[ConfusionCounts, int]:
    """The most frequent classes, all others as one at the end, and how many those are."""
    if len(counts.classes) <= SHOWN:
        return counts, 0
    order = np.argsort(-counts.labels, kind="stable")
    kept, rest = np.sort(order[: SHOWN - 1]), order[SHOWN - 1 :]
    group = np.full(len(counts.classes), SHOWN - 1)
    group[kept] = np.arange(SHOWN - 1)
    matrix = np.zeros((SHOWN, SHOWN))
    np.add.at(matrix, (group[:, None], group[None, :]), counts.matrix)
    return ConfusionCounts((*(counts.classes[at] for at in kept), ""), matrix), len(rest)
