"""Bars and dots by name, and histograms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cauce.running.report.blocks import Chart, Column, Table
from cauce.running.report.charts.canvas import TOP, WIDTH, Frame, Scale, axis, drawing, inside
from cauce.running.report.markup import Element, element
from cauce.running.report.wording import number

_ROW, _BAR = 34.0, 9.0
_LABEL = 58
"""So many characters fit into a line, the amount among them."""


@dataclass(frozen=True)
class Item:
    """A named amount. text: the amount as it is written. low, high: an interval around it, if known."""

    name: str
    value: float
    text: str
    low: float | None = None
    high: float | None = None


def bar_chart(title: str, says: str, *, items: Sequence[Item], heads: tuple[str, str]) -> Chart:
    """A bar for each item under its name, so that long names fit on a telephone. heads: of its table."""
    ends = [bound for one in items for bound in (one.value, one.high or 0.0, one.low or 0.0)]
    largest, least = max([*ends, 0.0]), min([*ends, 0.0])
    scale = Scale(least, largest if largest > least else least + 1.0, 2.0, WIDTH - 2.0)
    body = [part for place, one in enumerate(items) for part in _bar(one, place * _ROW, scale)]
    return Chart(title, says, drawing(max(len(items), 1) * _ROW + 4, *body), _table(title, items, heads))


def _bar(item: Item, top: float, scale: Scale) -> list[Element]:
    zero, end, y = scale(0.0), scale(item.value), top + 20
    found = [
        element("text", _cut(item), x=2.0, y=top + 14, class_="label"),
        element("text", item.text, x=WIDTH - 2, y=top + 14, text_anchor="end", class_="value"),
        element("rect", x=2.0, y=y, width=WIDTH - 4, height=_BAR, class_="track"),
        element("rect", x=min(zero, end), y=y, width=abs(end - zero), height=_BAR, class_="bar"),
    ]
    if item.low is not None and item.high is not None:
        found.append(_whisker(scale(item.low), scale(item.high), y + _BAR / 2))
    return found


def dot_chart(
    title: str,
    says: str,
    *,
    items: Sequence[Item],
    heads: tuple[str, str],
    reference: float | None = None,
) -> Chart:
    """A dot with its interval for each item, on one scale; a dotted line at `reference`."""
    bounds = [bound for one in items for bound in (one.value, one.low, one.high) if bound is not None]
    across = axis([*bounds, *(() if reference is None else (reference,))], heads[1], most=5)
    height = len(items) * _ROW + 44
    scale = Scale(across.low, across.high, 22.0, WIDTH - 22.0)
    body = []
    for tick, text in zip(across.ticks, across.texts, strict=True):
        x = scale(tick)
        body.append(element("line", class_="grid", x1=x, x2=x, y1=4.0, y2=height - 38))
        at = inside(x, text)
        body.append(element("text", text, x=at, y=height - 24, text_anchor="middle", class_="tick"))
    body.append(element("text", heads[1], x=WIDTH / 2, y=height - 6, text_anchor="middle", class_="title"))
    if reference is not None:
        x = scale(reference)
        body.append(element("line", class_="reference", x1=x, x2=x, y1=4.0, y2=height - 38))
    for place, one in enumerate(items):
        body += _dot(one, place * _ROW, scale)
    return Chart(title, says, drawing(height, *body), _table(title, items, heads))


def _dot(item: Item, top: float, scale: Scale) -> list[Element]:
    y = top + 25
    found = [
        element("text", _cut(item), x=2.0, y=top + 15, class_="label"),
        element("text", item.text, x=WIDTH - 2, y=top + 15, text_anchor="end", class_="value"),
    ]
    if item.low is not None and item.high is not None:
        found.append(_whisker(scale(item.low), scale(item.high), y))
    found.append(element("circle", cx=scale(item.value), cy=y, r=4.2, class_="mark s0"))
    return found


def _whisker(low: float, high: float, y: float) -> Element:
    path = f"M{low:.1f} {y - 4:.1f}v8M{low:.1f} {y:.1f}H{high:.1f}M{high:.1f} {y - 4:.1f}v8"
    return element("path", d=path, class_="whisker")


def _table(title: str, items: Sequence[Item], heads: tuple[str, str]) -> Table:
    columns = (Column(heads[0]), Column(heads[1], "number"))
    return Table(title, columns, tuple((one.name, one.text) for one in items))


def _cut(item: Item) -> str:
    """The name as far as there is room beside the amount; the table has all of it."""
    room = max(12, _LABEL - len(item.text))
    return item.name if len(item.name) <= room else f"{item.name[: room - 1]}…"


@dataclass(frozen=True)
class Bins:
    """Rows by value. edges: ascending, one more than weights. outside: rows left and right of the edges."""

    edges: tuple[float, ...]
    weights: tuple[float, ...]
    outside: tuple[float, float] = (0.0, 0.0)


def histogram(title: str, says: str, *, bins: Bins, across: str, up: str) -> Chart:
    """Rows by value as areas."""
    frame = Frame(axis(bins.edges, across, most=5), axis((0.0, *bins.weights), up, zero=True, most=4), 250.0)
    body = [*frame.drawn(), *_areas(bins, frame.x, frame.y)]
    if frame.across.low < 0 < frame.across.high:
        x = frame.x(0.0)
        body.append(element("line", class_="reference", x1=x, x2=x, y1=TOP, y2=frame.y(0.0)))
    rows = tuple(
        (f"{number(low, 3)} … {number(high, 3)}", number(weight, 3))
        for low, high, weight in zip(bins.edges[:-1], bins.edges[1:], bins.weights, strict=True)
    )
    table = Table(title, (Column(across), Column(up, "number")), rows)
    return Chart(title, says, drawing(frame.height, *body), table)


def sparkline(bins: Bins, says: str) -> Element:
    """A small histogram for a cell of a table."""
    wide, high = 120.0, 28.0
    x = Scale(bins.edges[0], bins.edges[-1], 0.0, wide)
    y = Scale(0.0, max(*bins.weights, 1e-300), high, 1.0)
    return element(
        "svg",
        *_areas(bins, x, y),
        viewBox=f"0 0 {wide:.0f} {high:.0f}",
        class_="spark",
        role="img",
        aria_label=says,
    )


def _areas(bins: Bins, x: Scale, y: Scale) -> list[Element]:
    floor = y(0.0)
    path = "".join(
        f"M{x(low):.1f} {floor:.1f}V{y(weight):.1f}H{max(x(high) - 0.6, x(low) + 0.6):.1f}V{floor:.1f}z"
        for low, high, weight in zip(bins.edges[:-1], bins.edges[1:], bins.weights, strict=True)
        if weight > 0 and math.isfinite(weight)
    )
    return [element("path", d=path, class_="area")] if path else []
