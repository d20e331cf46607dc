"""From evidence to one reading for each column, saying aloud whatever is not obvious."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cauce.core.reading.evidence import SUSPICIOUS_WORDS, ColumnEvidence, Evidence
from cauce.core.reading.formats import DAY_FIRST, MONTH_FIRST, Format, NumberMarks, in_order
from cauce.core.reading.notices import Notice
from cauce.errors import CauceError
from cauce.expr.nodes import Cast, Column, Expression, IfElse, IsIn, Literal, Strip
from cauce.expr.schema import Field


@dataclass(frozen=True)
class Reading:
    """How a column becomes one of another kind. formats: of a text column, tried in order; none: it stays
    as it is. declared: whether a cell that cannot be read rejects its row. markers: texts that mean "no
    value". held: the kind of a column that is not text, which is cast."""

    field: Field
    formats: tuple[Format, ...] = ()
    declared: bool = False
    markers: tuple[str, ...] = ()
    held: Field | None = None

    @property
    def source(self) -> Field:
        """The column a batch must hold."""
        return self.held or Field(self.field.name, "text")

    @property
    def text(self) -> Expression:
        """The cell's text, null where it is a declared marker."""
        column = Column(self.field.name)
        if not self.markers:
            return column
        marked = IsIn(Strip(column), tuple(dict.fromkeys(marker.strip() for marker in self.markers)))
        return IfElse(marked, Literal(None, "text"), column)

    @property
    def expression(self) -> Expression:
        if self.held is not None:
            column = Column(self.field.name)
            return column if self.held == self.field else Cast(column, self.field.kind)
        return in_order(self.formats, self.text) if self.formats else self.text


@dataclass(frozen=True)
class _Customs:
    """What columns that leave no doubt say about all: comma decimals, days before months. None: nothing."""

    comma: bool | None
    day_first: bool | None


def decide(evidence: Evidence, *, comma: bool | None) -> tuple[dict[str, Reading], list[Notice]]:
    """A reading for every column of the evidence. comma: whether the decimal mark is declared to be one.

    E0427 where the order of day and month of a column declared as date cannot be told.
    """
    customs = _customs(evidence, comma)
    readings, notices = {}, []
    for column in evidence.columns.values():
        reading, said = _open_reading(column, customs)
        readings[column.name] = reading
        notices.extend(said)
    for name, counts in evidence.tallies.items():
        readings[name] = _declared_reading(name, counts, customs)
    return readings, notices


def _customs(evidence: Evidence, comma: bool | None) -> _Customs:
    numbers, days = set(), set()
    for column in evidence.columns.values():
        if not column.values:
            continue
        commas = {item.marks.has_comma_decimals for item in column.alive if item.kind in ("integer", "float")}
        orders = {_day_first(item) for item in column.alive if item.pattern}
        numbers |= commas if len(commas) == 1 else set()
        days |= orders if len(orders) == 1 else set()
    if comma is None and len(numbers) == 1:
        comma = True in numbers
    days -= {None}
    if len(days) == 1:
        return _Customs(comma, days.pop())
    return _Customs(comma, True if comma and not days else None)


def _day_first(item: Format) -> bool | None:
    if item.pattern.startswith(DAY_FIRST):
        return True
    return False if item.pattern.startswith(MONTH_FIRST) else None


def _open_reading(column: ColumnEvidence, customs: _Customs) -> tuple[Reading, list[Notice]]:
    chosen, said = _chosen(column, customs)
    if chosen is None:
        return Reading(Field(column.name, "text")), said
    return Reading(_field(column.name, chosen), (chosen,)), said


def _field(name: str, item: Format) -> Field:
    return Field(name, item.kind, zone="UTC" if item.zoned else None)


def _chosen(column: ColumnEvidence, customs: _Customs) -> tuple[Format | None, list[Notice]]:
    """The format of a column without a declared kind; None: it stays text."""
    if not column.alive:
        return None, _word_notices(column)
    if not column.values:
        return None, [Notice.of("W0417", column=column.name)]
    best, said = _among(column, customs)
    if best is not None and column.markers:
        found = ", ".join(f"{text} ({count})" for text, count in sorted(column.markers.items()))
        return None, [Notice.of("W0410", column=column.name, kind=best.kind, markers=found)]
    return best, said


def _word_notices(column: ColumnEvidence) -> list[Notice]:
    said = []
    if column.nearly and column.nearly[0] * 4 >= column.nearly[1] > 0:
        said.append(Notice.of("W0413", column=column.name, read=column.nearly[0], count=column.nearly[1]))
    marked = {text: count for text, count in column.markers.items() if text in SUSPICIOUS_WORDS}
    if marked:
        found = ", ".join(f"{text} ({count})" for text, count in sorted(marked.items()))
        said.append(Notice.of("W0429", column=column.name, markers=found))
    if column.empty_texts:
        said.append(Notice.of("W0416", column=column.name))
    return said


def _among(column: ColumnEvidence, customs: _Customs) -> tuple[Format | None, list[Notice]]:
    numbers = tuple(item for item in column.alive if item.kind in ("integer", "float"))
    if numbers:
        return _number(column, numbers, customs)
    truths = [item for item in column.alive if item.kind == "boolean"]
    if truths:
        if truths[0].words:
            return None, [Notice.of("W0428", column=column.name)]
        return truths[0], []
    return _time(column, customs)


def _number(
    column: ColumnEvidence, alive: tuple[Format, ...], customs: _Customs
) -> tuple[Format | None, list[Notice]]:
    if column.leading_zeros:
        return None, [Notice.of("W0408", column=column.name, count=column.leading_zeros)]
    if column.inexact_wholes and alive[0].kind == "float":
        return None, [Notice.of("W0409", column=column.name, count=column.inexact_wholes)]
    comma = [item for item in alive if item.marks.has_comma_decimals]
    point = [item for item in alive if not item.marks.has_comma_decimals]
    either = comma and point and (point[0].marks != NumberMarks() or point[0].kind != "integer")
    pool = comma if comma and (customs.comma or not point) else point
    best, said = pool[0], []
    if either and customs.comma is None:
        said.append(Notice.of("W0415", column=column.name, mark=best.marks.decimal))
    elif (marks := best.marks) != NumberMarks(marks.decimal) or (
        marks.decimal == "," and best.kind == "float"
    ):
        said.append(Notice.of("W0414", column=column.name, example=_example(best)))
    if column.rounded:
        said.append(Notice.of("W0418", column=column.name, count=column.rounded))
    return best, said


def _example(item: Format) -> str:
    marks = item.marks
    return f"{marks.currency}1{marks.grouping}234" + (f"{marks.decimal}5" if item.kind == "float" else "")


def _time(column: ColumnEvidence, customs: _Customs) -> tuple[Format | None, list[Notice]]:
    fitting = [item for item in column.alive if _day_first(item) in (None, customs.day_first)]
    if len(column.alive) == 1:
        fitting = list(column.alive)
    if not fitting:
        return None, [Notice.of("W0411", column=column.name)]
    best, said = fitting[0], []
    if _day_first(best) is not None:
        said.append(Notice.of("W0412", column=column.name, pattern=best.pattern))
    if column.rounded:
        said.append(Notice.of("W0418", column=column.name, count=column.rounded))
    return best, said


def _declared_reading(name: str, counts: Mapping[Format, int], customs: _Customs) -> Reading:
    most = max(counts.values())
    leading = [item for item, count in counts.items() if count == most]
    orders = {_day_first(item) for item in leading} - {None}
    if most and len(orders) == 2:
        if customs.day_first is None:
            raise CauceError("E0427", column=name)
        leading = [item for item in leading if _day_first(item) == customs.day_first]
    comma = [item for item in leading if item.marks.has_comma_decimals]
    point = [item for item in leading if not item.marks.has_comma_decimals]
    best = (comma if comma and (customs.comma or not point) else point)[0]
    return Reading(_field(name, best), (best,), declared=True)
