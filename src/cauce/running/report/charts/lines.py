"""Lines over two axes: curves, losses by round, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cauce.running.report.blocks import Chart, Column, Table
from cauce.running.report.charts.canvas import Frame, dashes, drawing, mark, sign
from cauce.running.report.markup import Element, element
from cauce.running.report.wording import number

MOST_POINTS = 160
_ROWS = 12


@dataclass(frozen=True)
class Line:
    """A line by its points. name: as the legend says it. marked: with a sign at each point.

    stepped: the value holds back to the point before. faint: points to draw without a line.
    """

    name: str
    points: tuple[tuple[float, float], ...]
    marked: bool = False
    stepped: bool = False
    faint: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Upright:
    """A vertical line at a value of the axis across, and what stands there."""

    at: float
    name: str


@dataclass(frozen=True)
class Reference:
    """A dotted line to compare with, from one point to another."""

    name: str
    start: tuple[float, float]
    end: tuple[float, float]


def line_chart(
    title: str,
    says: str,
    *,
    frame: Frame,
    lines: Sequence[Line],
    references: Sequence[Reference] = (),
    upright: Upright | None = None,
) -> Chart:
    """Lines in a frame, each with a colour, dashes and signs of its own."""
    body = [*frame.drawn()]
    for one in references:
        (x1, y1), (x2, y2) = one.start, one.end
        body.append(
            element(
                "line", class_="reference", x1=frame.x(x1), y1=frame.y(y1), x2=frame.x(x2), y2=frame.y(y2)
            )
        )
    if upright is not None:
        x = frame.x(upright.at)
        top, floor = frame.y(frame.up.high), frame.y(frame.up.low)
        body.append(element("line", class_="upright", x1=x, x2=x, y1=top, y2=floor))
    for place, line in enumerate(lines):
        body += _line(frame, line, place)
    legend = [(sign(place, marked=line.marked), line.name) for place, line in enumerate(lines)]
    legend += [(_dotted("reference"), one.name) for one in references[:1]]
    legend += [(_dotted("upright"), upright.name)] if upright is not None else []
    return Chart(
        title,
        says,
        drawing(frame.height, *body),
        _table(title, frame, lines),
        tuple(legend),
    )


def _dotted(kind: str) -> Element:
    line = element("line", x1=1, x2=27, y1=7, y2=7, class_=kind)
    return element("svg", line, viewBox="0 0 28 14", class_="sign", aria_hidden="true")


def _line(frame: Frame, line: Line, place: int) -> list[Element]:
    found = []
    if line.points:
        found.append(
            element(
                "path",
                d=_path(frame, line),
                class_=f"line s{place}",
                stroke_dasharray=dashes(place) or "none",
            )
        )
    if line.marked:
        found += [mark(place, (frame.x(x), frame.y(y))) for x, y in line.points]
    if line.faint:
        marks = [mark(place, (frame.x(x), frame.y(y))) for x, y in line.faint]
        found.append(element("g", *marks, class_="faint"))
    return found


def _path(frame: Frame, line: Line) -> str:
    parts: list[str] = []
    before: float | None = None
    for x, y in thinned(line.points):
        at = f"{frame.x(x):.1f} {frame.y(y):.1f}"
        if before is not None and line.stepped:
            parts.append(f"L{frame.x(before):.1f} {frame.y(y):.1f}")
        parts.append(f"{'L' if parts else 'M'}{at}")
        before = x
    return "".join(parts)


def thinned(points: Sequence[tuple[float, float]], most: int = MOST_POINTS) -> list[tuple[float, float]]:
    """At most so many points, evenly among them; the first and the last are kept."""
    if len(points) <= most:
        return list(points)
    last = len(points) - 1
    return [points[round(at * last / (most - 1))] for at in range(most)]


def _table(title: str, frame: Frame, lines: Sequence[Line]) -> Table:
    """The same numbers to be read: every line at points of its own, a dozen each."""
    rows = tuple(
        (line.name, number(x, 3), number(y, 3))
        for line in lines
        for x, y in thinned((*line.points, *line.faint), _ROWS)
    )
    heads = (Column(""), Column(frame.across.title, "number"), Column(frame.up.title, "number"))
    return Table(title, heads, rows)
