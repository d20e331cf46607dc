"""Charts and numbers of a page say what the values say."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from told_run import profile

from cauce.language import use_language
from cauce.running.report.charts.bars import Bins, Item, bar_chart, dot_chart, histogram, sparkline
from cauce.running.report.charts.canvas import (
    MOST_SERIES,
    WIDTH,
    Frame,
    Scale,
    axis,
    dashes,
    mark,
    shares_axis,
)
from cauce.running.report.charts.lines import Line, line_chart, thinned
from cauce.running.report.markup import Element
from cauce.running.report.wording import decimals, moment, number, share, short, ungrouped

finite = st.floats(-1e12, 1e12, allow_nan=False).map(lambda x: 0.0 if abs(x) < 1e-6 else x)


def parts(drawing: Element, tag: str, kind: str = "") -> list[Element]:
    """Every element of the tag below, with this class."""
    found = [
        one for child in drawing.children if isinstance(child, Element) for one in parts(child, tag, kind)
    ]
    mine = drawing.tag == tag and (not kind or kind in drawing.attributes.get("class", "").split())
    return [drawing, *found] if mine else found


@pytest.mark.parametrize("values", [(-1.7e308, 1.7e308), (5e-324, 1e-323), (math.nan, math.inf), (7.0,), ()])
def test_no_values_are_too_strange_for_an_axis(values: tuple[float, ...]) -> None:
    """A chart that cannot be drawn would take the whole report with it."""
    found = axis(values, "x")
    assert found.low < found.high
    assert all(math.isfinite(tick) for tick in found.ticks)


@given(st.lists(finite, min_size=1, max_size=20), st.booleans())
def test_an_axis_holds_its_values_between_round_ticks(values: list[float], zero: bool) -> None:
    """A point beyond the axis would be drawn at its edge, where it is not."""
    found = axis(values, "x", zero=zero)
    slack = 1e-9 * (found.high - found.low)
    assert found.low <= min(values) + slack
    assert max(values) <= found.high + slack
    assert not zero or found.low <= 0 <= found.high
    assert 2 <= len(found.ticks) <= 12
    steps = [after - before for before, after in zip(found.ticks, found.ticks[1:], strict=False)]
    assert max(steps) - min(steps) <= 1e-6 * max(steps) + 1e-9 * max(map(abs, found.ticks))


@given(st.lists(st.floats(-1e6, 1e6, allow_nan=False), min_size=2, max_size=6, unique=True))
def test_ticks_are_not_two_numbers_under_one_text(values: list[float]) -> None:
    """Two places on an axis with the same label cannot be read."""
    assume(max(values) - min(values) > 1e-4 * max(map(abs, values)))
    found = axis(values, "x")
    assert len(set(found.texts)) == len(found.texts)


def test_bars_are_as_long_as_their_values() -> None:
    """A bar of half the value must be half as long."""
    items = [Item("whole", 4.0, "4"), Item("half", 2.0, "2"), Item("none", 0.0, "0")]
    chart = bar_chart("t", "s", items=items, heads=("name", "value"))
    widths = [float(one.attributes["width"]) for one in parts(chart.drawing, "rect", "bar")]
    assert widths[0] == pytest.approx(2 * widths[1], abs=0.2)
    assert widths[2] == 0
    assert chart.data.rows == (("whole", "4"), ("half", "2"), ("none", "0"))


def test_bars_below_zero_go_to_the_left_of_it() -> None:
    items = [Item("gain", 3.0, "3"), Item("loss", -1.0, "−1")]
    chart = bar_chart("t", "s", items=items, heads=("name", "value"))
    gain, loss = parts(chart.drawing, "rect", "bar")
    zero = float(gain.attributes["x"])
    assert float(loss.attributes["x"]) + float(loss.attributes["width"]) == pytest.approx(zero, abs=0.2)
    assert float(gain.attributes["width"]) == pytest.approx(3 * float(loss.attributes["width"]), abs=0.4)


def test_a_whisker_ends_where_the_interval_does() -> None:
    """Doubt drawn too short is a lie."""
    items = [Item("a", 0.5, "0.5", 0.25, 0.75), Item("b", 1.0, "1")]
    chart = dot_chart("t", "s", items=items, heads=("name", "value"), reference=0.5)
    path = parts(chart.drawing, "path", "whisker")[0].attributes["d"]
    low, high = (float(text) for text in re.findall(r"M([\d.]+) [\d.]+v8", path))
    dot = float(parts(chart.drawing, "circle")[0].attributes["cx"])
    line = float(parts(chart.drawing, "line", "reference")[0].attributes["x1"])
    assert dot == pytest.approx((low + high) / 2, abs=0.1) == pytest.approx(line, abs=0.1)


def test_a_curve_starts_and_ends_where_it_does_however_long_it_is() -> None:
    """Thinning must not cut the ends off."""
    points = [(at / 9999, (at / 9999) ** 2) for at in range(10_000)]
    kept = thinned(points)
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert len(kept) <= 200
    frame = Frame(shares_axis("x"), shares_axis("y"))
    chart = line_chart("t", "s", frame=frame, lines=[Line("curve", tuple(points))])
    path = parts(chart.drawing, "path", "line")[0].attributes["d"]
    ends = [float(text) for text in re.findall(r"[ML]([\d.]+) ", path)]
    assert (ends[0], ends[-1]) == (pytest.approx(frame.x(0.0), abs=0.1), pytest.approx(frame.x(1.0), abs=0.1))


def test_histograms_show_each_bin_at_its_place() -> None:
    bins = Bins((0.0, 1.0, 3.0), (10.0, 5.0))
    chart = histogram("t", "s", bins=bins, across="value", up="rows")
    assert [row[1] for row in chart.data.rows] == ["10", "5"]
    path = parts(chart.drawing, "path", "area")[0].attributes["d"]
    tops = [float(text) for text in re.findall(r"V([\d.]+)H", path)]
    floor = float(re.findall(r"M[\d.]+ ([\d.]+)V", path)[0])
    assert floor - tops[0] == pytest.approx(2 * (floor - tops[1]), abs=0.3)
    assert sparkline(bins, "rows of x").attributes["aria-label"] == "rows of x"


def test_lines_differ_in_more_than_colour() -> None:
    """One reader in twelve tells no red from green, and paper is grey."""
    assert len({dashes(at) for at in range(MOST_SERIES)}) == MOST_SERIES
    shapes = {(mark(at, (0, 0)).tag, mark(at, (0, 0)).attributes.get("d")) for at in range(MOST_SERIES)}
    assert len(shapes) == MOST_SERIES


def test_a_scale_without_width_divides_by_nothing() -> None:
    assert Scale(1.0, 1.0, 0.0, 10.0)(1.0) == 5.0


@given(st.floats(-1e308, 1e308) | st.integers(-(10**20), 10**20))
def test_a_number_is_written_so_that_it_can_be_read_back(value: float) -> None:
    """Four digits of it, with the sign and the power it has."""
    text = number(value).replace(",", "").replace("−", "-")
    mantissa, _, power = text.partition(" × 10")
    exponent = int(power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")) or 0)
    assert math.isclose(float(f"{mantissa}e{exponent}"), value, rel_tol=1e-3, abs_tol=1e-300)


@pytest.mark.parametrize(
    ("value", "english", "spanish"),
    [
        (1234567, "1,234,567", "1.234.567"),
        (0.00123456, "0.001235", "0,001235"),
        (8_200_000.5, "8,200,000", "8.200.000"),
        (-0.5, "−0.5", "−0,5"),
        (1.5e-7, "1.500 × 10⁻⁷", "1,500 × 10⁻⁷"),
        (math.inf, "∞", "∞"),
        (None, "–", "–"),
    ],
)
def test_numbers_follow_the_readers_language(value: float | None, english: str, spanish: str) -> None:
    """1.234 is a thousand to one reader and one and a quarter to the other."""
    assert number(value) == english
    use_language("es")
    assert number(value) == spanish


def test_shares_and_times_follow_the_language_too() -> None:
    assert (share(1, 8), share(1, 1e6), share(0, 5), share(1, 0)) == (
        "12.5\u202f%",
        "< 0.1\u202f%",
        "0.0\u202f%",
        "–",
    )
    assert decimals(0.5) == "0.5000"
    assert moment("2026-11-21T09:05:00-05:00") == "21 November 2026, 14:05 UTC"
    assert moment("no time") == "no time"
    use_language("es")
    assert share(1, 8) == "12,5\u202f%"
    assert moment("2026-11-21T09:05:00-05:00").startswith("21 de ")


@given(st.floats(1, 1e14))
def test_ticks_are_short_enough_for_their_margin(largest: float) -> None:
    """Contract values in the thousands of millions lost their first digits at the edge of the drawing."""
    assert max(len(text) for text in axis((0.0, largest), "x").texts) <= 6


def test_a_long_name_leaves_room_for_its_amount() -> None:
    """A name written over its number makes both unreadable; the table below has the whole name."""
    item = Item("CONTRATO INTERADMINISTRATIVO NO. 020 996 DEL DEPARTAMENTO", 1.0, "996,043,617 · 12 rows")
    chart = bar_chart("t", "s", items=(item,), heads=("a", "b"))
    (label,) = parts(chart.drawing, "text", "label")
    assert len(str(label.children[0])) + len(item.text) <= 58
    assert chart.data.rows[0][0] == item.name


@pytest.mark.parametrize(
    ("value", "text"), [(8753865956.2, "8,754\u202fM"), (-2.5e7, "−25\u202fM"), (9_999_999.0, "9,999,999")]
)
def test_millions_are_written_so_that_they_fit_a_tile(value: float, text: str) -> None:
    """Ten digits in a large face break over two lines."""
    use_language("en")
    assert short(value) == text


def test_no_tick_is_cut_off_at_the_edge_of_a_drawing() -> None:
    """The last amount of an axis lost its end: "200,0" for "200,000"."""
    frame = Frame(axis((-2_000_000.0, 2_000_000.0), "x"), axis((0.0, 1.0), "y"))
    for one in (part for part in frame.drawn() if part.attributes.get("text-anchor") == "middle"):
        half = 7 * len(str(one.children[0])) / 2 if one.attributes["class"] == "tick" else 0
        assert half <= float(one.attributes["x"]) <= WIDTH - half


def test_years_have_no_marks_between_thousands() -> None:
    """Nobody reads 2,014 as a year; other numbers keep their marks."""
    years = replace(profile().columns[0], kind="integer")
    assert replace(years, low=2009, high=2014).years
    assert not replace(years, low=9, high=2014).years
    assert [ungrouped(one) for one in (2014, 2013.5, 12.5, None)] == ["2014", "2014", "12.5", "–"]
