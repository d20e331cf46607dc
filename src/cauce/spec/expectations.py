"""What in `[validate]` contradicts itself, before any data are seen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from cauce.spec.chains import KINDS, MOMENT, NUMBER
from cauce.spec.findings import Finding
from cauce.spec.positions import KeyPath
from cauce.spec.project import Project
from cauce.spec.validate import ColumnExpectation, Validate
from cauce.spec.words import dotted

LOWER, UPPER = ("min", "above"), ("max", "below")
JUDGING = ("type", *LOWER, *UPPER, "levels", "nulls", "unique", "pattern", "min_length", "max_length")


def expectation_findings(project: Project, mapping: dict[str, Any]) -> Iterator[Finding]:
    """Faults in what is expected; `mapping` tells how it is written."""
    declared = project.validate
    for column, expectations in declared.columns.items():
        written = mapping["validate"]["columns"][column]
        for place, one in enumerate(expectations):
            path: KeyPath = ("validate", "columns", column)
            yield from _column((*path, place) if isinstance(written, (list, tuple)) else path, one)
    rows = declared.rows
    if rows is not None:
        if rows.min is None and rows.max is None:
            yield Finding("E0313", ("validate", "rows"), {"key": "validate.rows", "settings": "min, max"})
        yield from _rising(("validate", "rows"), rows.min, rows.max, names=("min", "max"))
    for path, column in _columns(declared):
        if column in project.data.drop:
            told = {"column": column, "first": "data.drop", "second": dotted(path[:2])}
            yield Finding("E0315", path, told, (("data", "drop"),))


def _columns(declared: Validate) -> Iterator[tuple[KeyPath, str]]:
    for column in declared.columns:
        yield ("validate", "columns", column), column
    for key in declared.unique:
        for column in key.columns:
            yield ("validate", "unique"), column
    if declared.freshness is not None:
        yield ("validate", "freshness", "column"), declared.freshness.column


def _column(path: KeyPath, one: ColumnExpectation) -> Iterator[Finding]:
    if not any(_is_set(getattr(one, name)) for name in JUDGING):
        yield Finding("E0313", path, {"key": dotted(path), "settings": ", ".join(JUDGING)})
    for side in (LOWER, UPPER):
        if all(getattr(one, name) is not None for name in side):
            first, second = (dotted((*path, name)) for name in side)
            yield Finding("E0314", (*path, side[1]), {"first": first, "second": second})
    yield from _bounds(path, one)
    yield from _rising(path, one.min_length, one.max_length, names=("min_length", "max_length"))
    if one.pattern is not None:
        reason = refused_pattern(one.pattern)
        if reason is not None:
            told = {"key": dotted((*path, "pattern")), "reason": reason}
            yield Finding("E1704", (*path, "pattern"), told)
    yield from _sorts(path, one)


def _is_set(value: Any) -> bool:
    return value is not None and value is not False and value != ()


def _bounds(path: KeyPath, one: ColumnExpectation) -> Iterator[Finding]:
    for low in LOWER:
        for high in UPPER:
            least, most = getattr(one, low), getattr(one, high)
            if least is None or most is None:
                continue
            if isinstance(least, str) != isinstance(most, str) or _empty(least, most, (low, high)):
                told = {"low": dotted((*path, low)), "high": dotted((*path, high))}
                yield Finding("E1705", (*path, high), told)


def _empty(least: Any, most: Any, names: tuple[str, str]) -> bool:
    first, second = (moment(one) if isinstance(one, str) else one for one in (least, most))
    return bool(first > second or (first == second and names != ("min", "max")))


def moment(text: str) -> datetime:
    """The instant an ISO 8601 date or datetime names; without a zone, as UTC."""
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _rising(path: KeyPath, least: Any, most: Any, *, names: tuple[str, str]) -> Iterator[Finding]:
    if least is not None and most is not None and least > most:
        low, high = (dotted((*path, name)) for name in names)
        yield Finding("E1705", (*path, names[1]), {"low": low, "high": high})


def _sorts(path: KeyPath, one: ColumnExpectation) -> Iterator[Finding]:
    """Bounds that the declared type could never have."""
    if not one.type:
        return
    for name in (*LOWER, *UPPER):
        bound = getattr(one, name)
        wanted = MOMENT if isinstance(bound, str) else NUMBER
        if bound is not None and not any(KINDS[kind] == wanted for kind in one.type):
            told = {"low": dotted((*path, "type")), "high": dotted((*path, name))}
            yield Finding("E1705", (*path, name), told)


def refused_pattern(pattern: str) -> str | None:
    """Why `pattern` is no regular expression that may stand in a group; None where it is one."""
    import polars as pl  # noqa: PLC0415 - only where there is a pattern

    for written in (pattern, whole(pattern)):
        try:
            pl.Series([""]).str.contains(written, literal=False, strict=True)
        except pl.exceptions.ComputeError as error:
            return _said(str(error))
    return None


def _said(error: str) -> str:
    """The part of Polars' message that says what is wrong."""
    lines = [line.strip() for line in error.strip().splitlines()]
    own = [line.removeprefix("error:").strip() for line in lines if line.startswith("error:")]
    return next(iter((*own, *(line for line in lines if "limit" in line), *lines)), "?").rstrip(".")


def whole(pattern: str) -> str:
    """The pattern that matches where `pattern` matches the whole text."""
    return rf"\A(?:{pattern})\z"
