"""Steps on dates, datetimes and texts that learn nothing, and the value as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cauce.core.features.filling import moment, moment_literal
from cauce.core.features.rule import MOMENTS, NUMBERS, Rule
from cauce.core.features.stream import Setting, Stream
from cauce.expr import nodes as n
from cauce.expr.choices import Part
from cauce.expr.nodes import Expression, literal
from cauce.expr.schema import Kind
from cauce.language import gettext_noop as _
from cauce.spec.features import DateParts, Elapsed

DATE_PARTS_OF: dict[str, tuple[Part, ...]] = {
    "date": ("year", "month", "day", "weekday"),
    "datetime": ("year", "month", "day", "weekday", "hour"),
}
_TIMES = ("hour", "minute", "second")


def parts(step: DateParts, kind: Kind) -> tuple[Part, ...]:
    """The parts a step gives of a date or datetime."""
    return tuple(dict.fromkeys(step.parts)) or DATE_PARTS_OF[kind]


def _parts_make(step: DateParts, stream: Stream, _state: None, _setting: Setting) -> tuple[Stream, ...]:
    def one(part: Part) -> Stream:
        made = stream.then("date_parts", lambda x: n.DatePart(x, part), part=part)
        return replace(made, kind="integer").named(f":{part}")

    return tuple(one(part) for part in parts(step, stream.kind))


def _parts_check(step: DateParts, stream: Stream, _setting: Setting) -> tuple[str, str] | None:
    timed = stream.kind == "date" and any(part in _TIMES for part in step.parts)
    return ("parts", _("a date has no time of day")) if timed else None


def _elapsed_make(step: Elapsed, stream: Stream, _state: None, setting: Setting) -> tuple[Stream, ...]:
    own, other = _both(step, stream, setting)
    name = step.since if step.column is None else step.column
    made = stream.then("elapsed", lambda x: n.Elapsed(other, own(x), step.unit), unit=step.unit, other=name)
    return (replace(made, kind="float").named(f":{step.unit}_since={name}"),)


def _both(
    step: Elapsed, stream: Stream, setting: Setting
) -> tuple[Callable[[Expression], Expression], Expression]:
    """The change of this moment, and the other moment, that make them of one kind."""
    if step.column is not None:
        other: Expression = n.Column(step.column)
        if stream.kind == "datetime" and setting.schema[step.column].kind == "date":
            return _same, n.Cast(other, "datetime")
        mixed = stream.kind != setting.schema[step.column].kind
        return (_as_datetime if mixed else _same), other
    if stream.kind == "date" and len(str(step.since)) == 10:
        return _same, literal(moment(str(step.since), "date"))
    since = moment(str(step.since), "datetime")
    return (_as_datetime if stream.kind == "date" else _same), moment_literal(since, stream.zone)


def _same(x: Expression) -> Expression:
    return x


def _as_datetime(x: Expression) -> Expression:
    return n.Cast(x, "datetime")


def _elapsed_check(step: Elapsed, stream: Stream, setting: Setting) -> tuple[str, str] | None:
    if step.column is None:
        try:
            moment(str(step.since), "datetime")
        except ValueError:
            return "since", _("it is neither a date nor a datetime without zone")
        return None
    other = setting.schema[step.column]
    if other.kind not in MOMENTS:
        return "column", _("that column is neither a date nor a datetime")
    zones = (stream.zone, other.zone)
    return None if zones[0] == zones[1] else ("column", _("only one of them is an instant with a zone"))


def _length_make(_step: Any, stream: Stream, _state: None, _setting: Setting) -> tuple[Stream, ...]:
    made = stream.then("text_length", n.Length)
    return (replace(made, kind="integer").named(":length"),)


def _raw_start(_step: Any, stream: Stream) -> Stream:
    return stream.floating() if stream.kind == "decimal" else stream


RAW = Rule(
    make=lambda _step, stream, _state, _setting: (stream,), takes=(*NUMBERS, "boolean"), start=_raw_start
)
DATE_PARTS = Rule(make=_parts_make, takes=MOMENTS, check=_parts_check)
ELAPSED = Rule(make=_elapsed_make, takes=MOMENTS, check=_elapsed_check)
TEXT_LENGTH = Rule(make=_length_make, takes=("text",))
