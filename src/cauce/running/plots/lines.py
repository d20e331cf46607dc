"""ROC, precision-recall and calibration: one line for each dataset or class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from cauce.core.metrics.curves import Calibration, Curve
from cauce.language import format_number, translate
from cauce.running.plots.canvas import (
    COLOURS,
    DASHES,
    GREY,
    MARKERS,
    caption,
    drawn,
    legend_below,
    numbers,
    shares,
    unit_square,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEW = 20
Drawn = TypeVar("Drawn", Curve, Calibration)


@dataclass(frozen=True, eq=False)
class Line(Generic[Drawn]):
    """A curve or table with its label and the number that sums it up (None: undefined)."""

    name: str
    curve: Drawn
    value: float | None = None
    prevalence: float | None = None


def draw_roc(file: Path, lines: Sequence[Line[Curve]], *, title: str, note: str) -> None:
    """True positive rate over false positive rate, beside the line that guessing gives."""
    with drawn(file, (6.2, 6.6)) as figure:
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1], color=GREY, lw=1, ls=":", label=translate("guessing"))
        for at, line in enumerate(lines):
            text = _valued(line, translate("{name}: AUC {value}"))
            axes.plot(line.curve.x, line.curve.y, color=COLOURS[at], ls=DASHES[at], lw=1.8, label=text)
        across = translate("False positive rate (share of the other rows called positive)")
        unit_square(axes, across=across, up=translate("True positive rate (recall)"))
        axes.set_title(title)
        legend_below(axes)
        caption(figure, note)


def draw_precision_recall(file: Path, lines: Sequence[Line[Curve]], *, title: str, note: str) -> None:
    """Precision over recall as steps, beside each line's prevalence, which guessing gives."""
    with drawn(file, (6.2, 6.6)) as figure:
        axes = figure.add_subplot()
        for at, line in enumerate(lines):
            text = _valued(line, translate("{name}: average precision {value}"))
            style = {"color": COLOURS[at], "ls": DASHES[at]}
            x, y = np.append(0.0, line.curve.x), np.append(line.curve.y[:1], line.curve.y)
            axes.plot(x, y, drawstyle="steps-pre", lw=1.8, label=text, **style)
        for share in sorted({line.prevalence for line in lines if line.prevalence is not None}):
            axes.axhline(share, color=GREY, lw=1, ls=":")
        axes.plot([], [], color=GREY, lw=1, ls=":", label=translate("guessing: prevalence"))
        across = translate("Recall (share of the positive rows found)")
        unit_square(axes, across=across, up=translate("Precision (share of found rows that are positive)"))
        axes.set_title(title)
        legend_below(axes)
        caption(figure, note)


def draw_calibration(
    file: Path, lines: Sequence[Line[Calibration]], *, title: str, note: str, rows: Sequence[int]
) -> None:
    """Share of positives over mean predicted probability, and how many rows each bin holds.

    rows: of each line, to draw bins of few rows faintly.
    """
    with drawn(file, (6.4, 7.8)) as figure:
        top, bottom = figure.subplots(2, 1, height_ratios=(4, 1), sharex=True)
        top.plot([0, 1], [0, 1], color=GREY, lw=1, ls=":", label=translate("perfect calibration"))
        for at, (line, count) in enumerate(zip(lines, rows, strict=True)):
            _bins(top, bottom, line, count, at)
        unit_square(top, across="", up=translate("Share of positive rows"))
        top.set_title(title)
        top.tick_params(labelbottom=False)
        shares(bottom.xaxis, translate("Predicted probability (mean of the bin)"))
        bottom.set_ylim(bottom=0)
        numbers(bottom.yaxis, translate("Share of rows"))
        bottom.grid(visible=True)
        legend_below(bottom, top)
        small = translate("Faint marks: bins of fewer than {few} rows.").format(few=FEW)
        caption(figure, f"{note} {small}")


def _bins(top: Axes, bottom: Axes, line: Line[Calibration], rows: int, at: int) -> None:
    table = line.curve
    style: dict[str, Any] = {"color": COLOURS[at], "ls": DASHES[at], "lw": 1.8}
    held = table.weight * rows / max(table.weight.sum(), 1e-300)
    some, few = held >= FEW, (held < FEW) & (held > 0)
    mark: dict[str, Any] = {"marker": MARKERS[at], "ms": 5}
    text = _valued(line, translate("{name}: calibration error {value}"))
    top.plot(table.score[some], table.share[some], label=text, **mark, **style)
    top.plot(table.score[few], table.share[few], alpha=0.35, **mark, **{**style, "ls": ""})
    bottom.stairs(held / max(rows, 1), np.linspace(0, 1, table.bins + 1), **style)


def _valued(line: Line[Any], text: str) -> str:
    """The line's text in the legend, which leaves out texts that begin with an underscore."""
    if line.value is not None:
        text = text.format(name=line.name, value=format_number(line.value, digits=3))
    else:
        text = line.name
    return f" {text}" if text.startswith("_") else text
