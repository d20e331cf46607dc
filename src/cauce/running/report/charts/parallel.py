"""Candidates over their settings: an axis for each setting, below each other, and a thread for each one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cauce.running.report.blocks import Chart, Column, Table
from cauce.running.report.charts.canvas import WIDTH, Scale, drawing
from cauce.running.report.markup import Element, element

_ROW, _TOP, _EDGE = 62.0, 22.0, 8.0
Standing = Literal["chosen", "good", "other"]
_ORDER: tuple[Standing, ...] = ("other", "good", "chosen")


@dataclass(frozen=True)
class Lane:
    """An axis. ends: from 0 to 1 along it, what stands there in words."""

    title: str
    marks: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Thread:
    """A candidate: where it crosses each lane, from 0 to 1 (None where it has no such setting)."""

    name: str
    places: tuple[float | None, ...]
    texts: tuple[str, ...]
    standing: Standing = "other"


def parallel_chart(
    title: str,
    says: str,
    *,
    lanes: Sequence[Lane],
    threads: Sequence[Thread],
    names: Sequence[tuple[Standing, str]],
) -> Chart:
    """Threads through lanes; the chosen one is drawn last, with a dot on each lane. names: the legend's."""
    scale = Scale(0.0, 1.0, _EDGE, WIDTH - _EDGE)
    height = _TOP + _ROW * (len(lanes) - 1) + 26.0
    body: list[Element] = []
    for thread in sorted(threads, key=lambda one: _ORDER.index(one.standing)):
        body += _thread(thread, scale)
    for place, lane in enumerate(lanes):
        body += _lane(lane, place, scale)
    heads = (Column(""), *(Column(lane.title, "number") for lane in lanes))
    rows = tuple((thread.name, *thread.texts) for thread in threads)
    legend = [(_sign(standing), name) for standing, name in names]
    return Chart(title, says, drawing(height, *body), Table(title, heads, rows), tuple(legend))


def _y(place: int) -> float:
    return _TOP + place * _ROW


def _lane(lane: Lane, place: int, scale: Scale) -> list[Element]:
    y = _y(place)
    found = [
        element("line", class_="axis", x1=scale.start, x2=scale.end, y1=y, y2=y),
        element("text", lane.title, x=0.0, y=y - 7, class_="label halo"),
    ]
    for at, text in lane.marks:
        x = scale(at)
        anchor = "start" if at <= 0.15 else "end" if at >= 0.85 else "middle"
        edge = 0.0 if anchor == "start" else WIDTH if anchor == "end" else x
        found.append(element("line", class_="axis", x1=x, x2=x, y1=y - 3, y2=y + 3))
        found.append(element("text", text, x=edge, y=y + 15, text_anchor=anchor, class_="tick halo"))
    return found


def _thread(thread: Thread, scale: Scale) -> list[Element]:
    """A line through its lanes, broken where it has no place on one."""
    parts, pen = [], "M"
    for place, at in enumerate(thread.places):
        if at is None:
            pen = "M"
            continue
        parts.append(f"{pen}{scale(at):.1f} {_y(place):.1f}")
        pen = "L"
    found = [element("path", d="".join(parts), class_=f"thread {thread.standing}")]
    if thread.standing == "chosen":
        found += [
            element("circle", cx=scale(at), cy=_y(place), r=4.2, class_="mark s1")
            for place, at in enumerate(thread.places)
            if at is not None
        ]
    return found


def _sign(standing: Standing) -> Element:
    line = element("path", d="M1 7L27 7", class_=f"thread {standing}")
    dot = (element("circle", cx=14, cy=7, r=4.2, class_="mark s1"),) if standing == "chosen" else ()
    return element("svg", line, *dot, viewBox="0 0 28 14", class_="sign", aria_hidden="true")
