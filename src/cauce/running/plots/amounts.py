"""Residuals, gain importance and training history."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cauce.core.evaluation import History
from cauce.core.linear.path import CoefficientPath
from cauce.core.metrics.results import ResidualHistogram
from cauce.language import format_number, format_significant, translate, translate_plural
from cauce.running.plots.canvas import COLOURS, DASHES, GREY, caption, drawn, legend_below, numbers
from cauce.running.plots.labels import label, labels

FEATURES_SHOWN = 20


def draw_residuals(file: Path, residuals: ResidualHistogram, *, title: str, note: str) -> None:
    """Rows by label minus prediction; the tails outside are told in the caption."""
    with drawn(file, (7, 4.6)) as figure:
        axes = figure.add_subplot()
        axes.stairs(residuals.weight, residuals.edges, fill=True, color=COLOURS[0], alpha=0.85)
        axes.axvline(0, color="black", lw=1.2, ls=DASHES[1], label=translate("no error"))
        axes.set_title(title)
        axes.set_ylim(bottom=0)
        axes.margins(x=0.01)
        numbers(axes.xaxis, translate("Label minus prediction, in the target's unit"))
        numbers(axes.yaxis, translate("Rows"))
        axes.legend(loc="upper right")
        count = round(residuals.below + residuals.above)
        text = translate_plural(
            "{count} row lies outside of the picture.", "{count} rows lie outside of the picture.", count
        )
        caption(figure, f"{note} {text.format(count=format_number(count))}")


def draw_importance(
    file: Path, importance: Sequence[tuple[str, float]], *, words: tuple[str, str, str]
) -> None:
    """The features with the largest importance, as shares of all. words: title, axis and the line below."""
    title, unit, note = words
    total = sum(gain for _name, gain in importance) or 1.0
    top = list(importance[:FEATURES_SHOWN])
    names = labels([name for name, _gain in top], 40)
    gains = [100 * gain / total for _name, gain in top]
    with drawn(file, (7.4, 1.8 + 0.28 * len(top))) as figure:
        axes = figure.add_subplot()
        places = np.arange(len(top))[::-1]
        axes.barh(places, gains, color=COLOURS[0], height=0.7)
        for place, gain in zip(places, gains, strict=True):
            axes.annotate(
                f"{format_number(gain, digits=1)} %",
                (gain, place),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=8.5,
            )
        axes.set_yticks(places, names)
        axes.set_xlim(0, max([*gains, 1e-9]) * 1.15)
        axes.set_title(title)
        numbers(axes.xaxis, unit)
        caption(figure, note)


def draw_path(file: Path, path: CoefficientPath, *, words: tuple[str, str, str, str]) -> None:
    """Standardised coefficients over the strengths of a penalty, which weakens to the right; the chosen one
    is marked. words: title, both axes and the line below."""
    title, across, up, note = words
    from matplotlib.ticker import FuncFormatter  # noqa: PLC0415 - heavy

    named = labels(path.features[: len(COLOURS)], 30)
    with drawn(file, (7.4, 6)) as figure:
        axes = figure.add_subplot()
        axes.axhline(0, color=GREY, lw=0.8)
        for at, values in enumerate(path.coefficients):
            style: dict[str, Any] = {"color": "#bbbbbb", "lw": 0.8}
            if at < len(named):
                style = {
                    "color": COLOURS[at],
                    "ls": DASHES[at],
                    "lw": 1.8,
                    "label": named[at],
                }
            axes.plot(path.strengths, values, zorder=3 - at / 100, **style)
        text = translate("this model: λ = {strength}").format(strength=format_significant(path.chosen, 3))
        axes.axvline(path.chosen, color=GREY, lw=1.2, ls=":", label=text)
        axes.set_xscale("log")
        axes.invert_xaxis()
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: format_significant(x, 1)))
        axes.set_title(title)
        axes.grid(visible=True)
        axes.set_xlabel(across)
        numbers(axes.yaxis, up)
        legend_below(axes)
        caption(figure, note)


def draw_history(file: Path, history: History, *, names: Sequence[str], title: str, note: str) -> None:
    """The loss by round on each dataset, and the round that was kept. names: the datasets' labels."""
    with drawn(file, (7, 5)) as figure:
        axes = figure.add_subplot()
        for at, (name, losses) in enumerate(zip(names, history.losses.values(), strict=True)):
            rounds = np.arange(1, len(losses) + 1)
            mark = "o" if len(losses) == 1 else None
            axes.plot(rounds, losses, color=COLOURS[at], ls=DASHES[at], lw=1.8, marker=mark, label=name)
        if history.best_round is not None:
            text = translate("round kept: {round}").format(round=format_number(history.best_round + 1))
            axes.axvline(history.best_round + 1, color=GREY, lw=1.2, ls=":", label=text)
        axes.set_title(title)
        axes.grid(visible=True)
        numbers(axes.xaxis, translate("Trees") if history.best_round is None else translate("Round"))
        numbers(axes.yaxis, translate("Loss ({metric})").format(metric=label(history.metric)))
        legend_below(axes)
        caption(figure, note)
