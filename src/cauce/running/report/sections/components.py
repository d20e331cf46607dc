"""Principal components: how much each holds, what they are made of, and what scaling did."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cauce.core.features.components import Components
from cauce.core.features.fitted import FittedFeatures
from cauce.language import gettext_noop as _
from cauce.language import translate, translate_plural
from cauce.running.report.blocks import Block, Cell, Chart, Column, Paragraph, Part, Table, gallery
from cauce.running.report.charts.canvas import Frame, axis, shares_axis
from cauce.running.report.charts.lines import Line, Upright, line_chart
from cauce.running.report.wording import NOTHING, count, decimals, name, number, safe, share

MOST_COLUMNS, MOST_SHOWN, MOST_DRAWN = 40, 6, 30


def component_parts(fitted: FittedFeatures | None) -> Iterator[Block]:
    """A part for each declaration; nothing where there is none."""
    for one in () if fitted is None else fitted.components:
        title = translate(_("Principal components: {name}")).format(name=safe(one.name))
        blocks: list[Block] = [Paragraph(_said(one)), *gallery((_variance(one),)), _loadings(one)]
        if one.scale:
            blocks.append(_scaling(one))
        yield Part(title, tuple(blocks))


def _said(one: Components) -> str:
    kept, columns = len(one.loadings), len(one.columns)
    text = translate_plural(
        "{kept} component of {columns} columns holds {share} of their variance in the training rows.",
        "{kept} components of {columns} columns hold {share} of their variance in the training rows.",
        kept,
    )
    said = text.format(kept=count(kept), columns=count(columns), share=share(float(one.shares[:kept].sum())))
    missing = int(one.missing.sum())
    if missing:
        cells = translate_plural(
            "{count} missing cell stands at the mean of its column.",
            "{count} missing cells stand at the mean of their column.",
            missing,
        )
        said = f"{said} {cells.format(count=count(missing))}"
    return said


def _variance(one: Components) -> Chart:
    shown = one.shares[:MOST_DRAWN].tolist()
    places = [at + 1.0 for at in range(len(shown))]
    held = np.minimum(np.cumsum(shown), 1.0).tolist()
    lines = [
        Line(translate(_("all up to this one")), tuple(zip(places, held, strict=True)), marked=True),
        Line(translate(_("this one alone")), tuple(zip(places, shown, strict=True)), marked=True),
    ]
    kept = len(one.loadings)
    text = translate_plural("kept: {count} component", "kept: {count} components", kept)
    return line_chart(
        translate(_("Explained variance by component")),
        translate(
            _(
                "The share of the columns' variance that each direction holds, and all up to it. Where the "
                "lower line is flat, further components add little but noise."
            )
        ),
        frame=Frame(
            axis([1.0, *places], translate(_("component"))),
            shares_axis(translate(_("share of the variance"))),
        ),
        lines=lines,
        upright=Upright(float(kept), text.format(count=count(kept))),
    )


def _loadings(one: Components) -> Table:
    shown = one.loadings[:MOST_SHOWN]
    order = np.argsort(-np.abs(shown[0]), kind="stable")[:MOST_COLUMNS]
    heads = (
        Column(translate(_("column"))),
        *(
            Column(f"{safe(one.name, 24)}:{at + 1} ({share(float(one.shares[at]))})", "number")
            for at in range(len(shown))
        ),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (name(one.columns[at]), *(decimals(float(of[at]), 3) for of in shown)) for at in order.tolist()
    )
    note = ""
    if len(one.columns) > len(rows) or len(one.loadings) > len(shown):
        note = translate(
            _("The strongest columns of the first components; the JSON beside this page has all.")
        )
    caption = translate(_("Loadings: how much of each column is in a component, between −1 and 1."))
    return Table(caption, heads, rows, note)


def _scaling(one: Components) -> Table:
    before = one.spreads**2 * (one.deviations > 0)
    total = float(before.sum())
    varied = int((one.deviations > 0).sum())
    order = np.argsort(-before, kind="stable")[:MOST_COLUMNS]
    heads = (
        Column(translate(_("column"))),
        *(
            Column(translate(title), "number")
            for title in (
                _("mean before"),
                _("deviation before"),
                _("share of the variance before"),
                _("mean after"),
                _("deviation after"),
                _("share of the variance after"),
            )
        ),
    )
    rows = []
    for at in order.tolist():
        varies = bool(one.deviations[at] > 0)
        after = (number(0.0), number(1.0 if varies else 0.0), share(1.0, varied) if varies else NOTHING)
        told = (number(float(one.means[at])), number(float(one.deviations[at])))
        rows.append((name(one.columns[at]), *told, share(float(before[at]), total), *after))
    largest = order[0]
    note = translate(
        _("Without scaling, {column} alone would make {share} of the variance, and so the first component.")
    ).format(column=safe(one.columns[largest]), share=share(float(before[largest]), total))
    return Table(translate(_("Before and after scaling, on the training rows.")), heads, tuple(rows), note)
