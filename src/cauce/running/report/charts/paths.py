"""Coefficients along the strengths of a penalty, each line with its name at its end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cauce.running.report.blocks import Chart, Column, Table
from cauce.running.report.charts.canvas import (
    BOTTOM,
    LEFT,
    MOST_SERIES,
    TOP,
    WIDTH,
    Axis,
    Scale,
    axis,
    dashes,
    drawing,
)
from cauce.running.report.markup import Element, element
from cauce.running.report.wording import number

_HEIGHT, _NAMES, _GAP = 330.0, 128.0, 14.0
_TICKS = 6
_ROWS = 9


@dataclass(frozen=True)
class Ending:
    """A line by its values. name: in full; short: as it stands at its end, None for a line without."""

    name: str
    values: tuple[float, ...]
    short: str | None = None


@dataclass(frozen=True)
class PathTitles:
    """What the axes are, and what stands at the chosen strength."""

    across: str
    up: str
    chosen: str


def path_chart(
    title: str,
    says: str,
    *,
    strengths: Sequence[float],
    chosen: float,
    lines: Sequence[Ending],
    titles: PathTitles,
) -> Chart:
    """Lines over the logarithm of the strengths (above 0, from strong to weak), the chosen one marked."""
    places = [-math.log10(one) for one in strengths]
    x = Scale(places[0], places[-1], LEFT, WIDTH - _NAMES)
    up = axis((value for line in lines for value in line.values), titles.up, zero=True)
    y = Scale(up.low, up.high, _HEIGHT - BOTTOM, TOP)
    body = [*_across(x, titles.across), *_up(y, up)]
    at = x(-math.log10(chosen))
    body.append(element("line", class_="upright", x1=at, x2=at, y1=y(up.high), y2=y(up.low)))
    for place, line in enumerate(lines):
        body.append(_line(line, place, [x(one) for one in places], y))
    body += _endings(lines, x.end, y)
    rows = _rows(strengths, chosen, lines)
    heads = (Column(titles.across, "number"), *(Column(line.name, "number") for line in lines))
    mark = element("line", x1=1, x2=27, y1=7, y2=7, class_="upright")
    sign = element("svg", mark, viewBox="0 0 28 14", class_="sign", aria_hidden="true")
    return Chart(title, says, drawing(_HEIGHT, *body), Table(title, heads, rows), ((sign, titles.chosen),))


def _rows(strengths: Sequence[float], chosen: float, lines: Sequence[Ending]) -> tuple[tuple[str, ...], ...]:
    """The same numbers to be read: a few strengths, the chosen one among them."""
    last = len(strengths) - 1
    picked = {round(at * last / (_ROWS - 1)) for at in range(_ROWS)} | {list(strengths).index(chosen)}
    return tuple(
        (number(strengths[at], 3), *(number(line.values[at], 3) for line in lines)) for at in sorted(picked)
    )


def _across(x: Scale, title: str) -> list[Element]:
    floor = _HEIGHT - BOTTOM
    found = [element("line", class_="axis", x1=x.start, x2=x.end, y1=floor, y2=floor)]
    powers = range(math.ceil(x.low - 1e-9), math.floor(x.high + 1e-9) + 1)
    step = max(1, math.ceil(len(powers) / _TICKS))
    for power in powers[::step]:
        text = number(10.0**-power, 1)
        found.append(element("text", text, x=x(power), y=floor + 17, text_anchor="middle", class_="tick"))
        found.append(element("line", class_="axis", x1=x(power), x2=x(power), y1=floor, y2=floor + 4))
    middle = (x.start + x.end) / 2
    found.append(element("text", title, x=middle, y=_HEIGHT - 8, text_anchor="middle", class_="title"))
    return found


def _up(y: Scale, up: Axis) -> list[Element]:
    found = []
    for tick, text in zip(up.ticks, up.texts, strict=True):
        kind = "axis" if tick == 0 else "grid"
        found.append(element("line", class_=kind, x1=LEFT, x2=WIDTH - _NAMES, y1=y(tick), y2=y(tick)))
        found.append(element("text", text, x=LEFT - 7, y=y(tick) + 4, text_anchor="end", class_="tick"))
    found.append(element("text", up.title, x=0.0, y=13.0, class_="title"))
    return found


def _line(line: Ending, place: int, across: Sequence[float], y: Scale) -> Element:
    points = zip(across, line.values, strict=True)
    path = "".join(f"{'L' if at else 'M'}{x:.1f} {y(value):.1f}" for at, (x, value) in enumerate(points))
    if line.short is None:
        return element("path", d=path, class_="thread")
    # Beyond the colours the dashes shift, so that no two lines look alike.
    pattern = dashes(place + place // MOST_SERIES) or "none"
    return element("path", d=path, class_=f"line s{place % MOST_SERIES}", stroke_dasharray=pattern)


def _endings(lines: Sequence[Ending], end: float, y: Scale) -> list[Element]:
    """The names beside the lines' ends, moved apart where they would lie on each other."""
    named = [(place, line) for place, line in enumerate(lines) if line.short is not None]
    named.sort(key=lambda one: y(one[1].values[-1]))
    heights = apart([y(line.values[-1]) for _, line in named], low=TOP, high=_HEIGHT - BOTTOM)
    found = []
    for (place, line), height in zip(named, heights, strict=True):
        style = f"line s{place % MOST_SERIES}"
        points = {"x1": end, "y1": y(line.values[-1]), "x2": end + 9, "y2": height}
        found.append(element("line", **points, class_=style, stroke_width=1))
        found.append(element("text", str(line.short), x=end + 12, y=height + 4, class_="label"))
    return found


def apart(wanted: Sequence[float], *, low: float, high: float) -> list[float]:
    """Places near the `wanted` ones (ascending), a line of text apart, within low and high if they fit."""
    down = _pushed(wanted)
    up = [-place for place in reversed(_pushed([-place for place in reversed(wanted)]))]
    # Each keeps lines apart, so their middle does, and crowds stay where they belong.
    middle = [(one + other) / 2 for one, other in zip(down, up, strict=True)]
    lowered = _pushed([max(place, low) for place in middle])
    return [-place for place in reversed(_pushed([-min(place, high) for place in reversed(lowered)]))]


def _pushed(wanted: Sequence[float]) -> list[float]:
    """Each at its place or below the one before."""
    found: list[float] = []
    for place in wanted:
        found.append(max(place, found[-1] + _GAP) if found else place)
    return found
