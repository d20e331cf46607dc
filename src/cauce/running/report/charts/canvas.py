"""What every chart shares: its frame, its scales, ticks, and the signs of its lines."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cauce.running.report.markup import Element, element
from cauce.running.report.wording import number

WIDTH = 420.0
LEFT, RIGHT, TOP, BOTTOM = 46.0, 12.0, 32.0, 44.0
_WIDEST = 7.4
"""How wide a character of a tick is at the most, in the units of a drawing."""
MOST_SERIES = 5
"""So many lines have colours and signs of their own."""

_FAR, _NEAR = 1e300, 1e-290
"""Beyond and below, differences of floats are infinite or nothing."""

_DASHES = ("", "6 3", "2 3", "9 3 2 3", "12 4")


@dataclass(frozen=True)
class Scale:
    """Values from low to high as places from start to end."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The place of a value; those outside stand at the edge."""
        span = self.high - self.low
        at = 0.5 if span <= 0 else (min(max(value, self.low), self.high) - self.low) / span
        return self.start + at * (self.end - self.start)


@dataclass(frozen=True)
class Axis:
    """A scale's values: the range, the ticks to write, and what they are."""

    low: float
    high: float
    title: str
    ticks: tuple[float, ...]
    texts: tuple[str, ...]


def axis(values: Iterable[float], title: str, *, zero: bool = False, most: int = 6) -> Axis:
    """An axis that holds all values between round numbers. zero: 0 is on it too."""
    finite = [min(max(value, -_FAR), _FAR) for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(finite), max(finite)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if high - low <= abs(high) * 1e-9 or high - low < _NEAR:
        room = abs(low) * 0.1 or 1.0
        low, high = low - room, high + room
    step = _round_step((high - low) / (most - 1))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    digits = max(0, 2 - math.floor(math.log10(step)))
    ticks = tuple(round(at * step, digits) for at in range(first, last + 1))
    return Axis(ticks[0], ticks[-1], title, ticks, _texts(ticks, step))


def shares_axis(title: str) -> Axis:
    """From 0 to 1."""
    return axis((0.0, 1.0), title)


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(nice * power for nice in (1.0, 2.0, 2.5, 5.0, 10.0) if nice * power >= rough * (1 - 1e-9))


def _texts(ticks: Sequence[float], step: float) -> tuple[str, ...]:
    """Ticks in short: thousands and more by a letter, the decimals that the step needs."""
    from cauce.language import format_number

    largest = max(abs(tick) for tick in ticks)
    if largest >= 1e15 or (0 < step < 1e-6):
        return tuple(number(tick, 3) for tick in ticks)
    size, unit = next(((size, unit) for size, unit, least in _UNITS if largest >= least), (1.0, ""))
    places = max(0, -math.floor(math.log10(step / size) + 1e-9))
    if not math.isclose(step / size * 10**places, round(step / size * 10**places), rel_tol=1e-9):
        places += 1
    return tuple(
        f"{format_number(tick / size + 0.0, digits=places)}{unit}".replace("-", "−") for tick in ticks
    )


_UNITS = (
    (1e12, "\u202fT", 1e12),
    (1e9, "\u202fG", 1e9),
    (1e6, "\u202fM", 1e6),
    (1e3, "\u202fk", 1e4),
)
"""A unit's size, its letter, and from which number on it is used."""


@dataclass(frozen=True)
class Frame:
    """The plotting area with its two axes, in a drawing `height` high."""

    across: Axis
    up: Axis
    height: float = 310.0

    @property
    def x(self) -> Scale:
        """Across, from left to right."""
        return Scale(self.across.low, self.across.high, LEFT, WIDTH - RIGHT)

    @property
    def y(self) -> Scale:
        """Up: larger values stand higher."""
        return Scale(self.up.low, self.up.high, self.height - BOTTOM, TOP)

    def drawn(self) -> tuple[Element, ...]:
        """Grid, ticks and titles."""
        return (*self._across(), *self._up())

    def _across(self) -> Iterable[Element]:
        floor = self.height - BOTTOM
        yield element("line", class_="axis", x1=LEFT, x2=WIDTH - RIGHT, y1=floor, y2=floor)
        for tick, text in zip(self.across.ticks, self.across.texts, strict=True):
            yield element(
                "text", text, x=inside(self.x(tick), text), y=floor + 17, text_anchor="middle", class_="tick"
            )
        middle = (LEFT + WIDTH - RIGHT) / 2
        yield element(
            "text", self.across.title, x=middle, y=self.height - 8, text_anchor="middle", class_="title"
        )

    def _up(self) -> Iterable[Element]:
        for tick, text in zip(self.up.ticks, self.up.texts, strict=True):
            at = self.y(tick)
            yield element("line", class_="grid", x1=LEFT, x2=WIDTH - RIGHT, y1=at, y2=at)
            yield element("text", text, x=LEFT - 7, y=at + 4, text_anchor="end", class_="tick")
        yield element("text", self.up.title, x=0.0, y=13.0, class_="title")


def inside(x: float, text: str) -> float:
    """The middle of a tick's text that would stand at x, moved so that nothing of it is cut off."""
    half = len(text) * _WIDEST / 2
    return min(max(x, half), WIDTH - half)


def drawing(height: float, *children: Element) -> Element:
    """The picture itself; the page says beside it what it shows."""
    return element("svg", *children, viewBox=f"0 0 {WIDTH:.0f} {height:.0f}", focusable="false")


def dashes(number: int) -> str:
    """The dashes of the line with this number."""
    return _DASHES[number % len(_DASHES)]


def mark(number: int, at: tuple[float, float]) -> Element:
    """The sign of the line with this number: circle, square, triangle, diamond, cross."""
    x, y = at
    kind, style = number % MOST_SERIES, f"mark s{number % MOST_SERIES}"
    if kind == 0:
        return element("circle", cx=x, cy=y, r=3.6, class_=style)
    shapes = {
        1: f"M{x - 3.2:.1f} {y - 3.2:.1f}h6.4v6.4h-6.4z",
        2: f"M{x:.1f} {y - 4.2:.1f}l4 7h-8z",
        3: f"M{x:.1f} {y - 4.6:.1f}l4.6 4.6l-4.6 4.6l-4.6 -4.6z",
        4: f"M{x - 4:.1f} {y - 1.2:.1f}h2.8v-2.8h2.4v2.8h2.8v2.4h-2.8v2.8h-2.4v-2.8h-2.8z",
    }
    return element("path", d=shapes[kind], class_=style)


def sign(number: int, *, marked: bool = False) -> Element:
    """A short piece of the line with this number, for a legend."""
    line = element(
        "line", x1=1, x2=27, y1=7, y2=7, class_=f"line s{number}", stroke_dasharray=dashes(number) or "none"
    )
    marks = (mark(number, (14, 7)),) if marked else ()
    return element("svg", line, *marks, viewBox="0 0 28 14", class_="sign", aria_hidden="true")
