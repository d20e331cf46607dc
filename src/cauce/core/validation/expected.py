"""What a project expects, bound to the schema of a table: each expectation with its check."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

from cauce.core.canonical import Json
from cauce.core.roles import unknown_column
from cauce.core.validation.binding import length_check, levels_check, pattern_check, range_check
from cauce.core.validation.checks import Check, Holding, Missing
from cauce.core.validation.verdict import Action, Kind, Outcome
from cauce.errors import CauceError, CauceErrors
from cauce.expr.formula import parse_formula
from cauce.expr.kinds import kind_of
from cauce.expr.schema import Schema
from cauce.spec.mapping import plain
from cauce.spec.validate import ColumnExpectation, FormulaExpectation, Validate

_WIDER = {"integer": ("float", "decimal")}
_OPTIONS = ("tolerated", "on_failure")
_SIDES = {
    "range": ("min", "max", "above", "below"),
    "levels": ("levels",),
    "pattern": ("pattern",),
    "length": ("min_length", "max_length"),
}
_BINDING = {"range": range_check, "levels": levels_check, "pattern": pattern_check, "length": length_check}


@dataclass(frozen=True)
class Expectation:
    """One expectation over a table. check: which rows fail; None for keys and for what no row decides."""

    name: str
    kind: Kind
    columns: tuple[str, ...]
    declared: dict[str, Json]
    action: Action
    limit: float = 0.0
    check: Check | None = None


@dataclass(frozen=True)
class Misfit:
    """An expectation that the table's schema alone fails, and the error that says so."""

    outcome: Outcome
    error: CauceError


@dataclass(frozen=True)
class Expected:
    """All expectations over one schema, and what does not fit it."""

    schema: Schema
    expectations: tuple[Expectation, ...]
    misfits: tuple[Misfit, ...] = ()

    def of_kind(self, *kinds: Kind) -> tuple[Expectation, ...]:
        """The expectations of these kinds."""
        return tuple(one for one in self.expectations if one.kind in kinds)


def expected_of(declared: Validate, schema: Schema) -> Expected:
    """What `declared` expects of tables of `schema`. Raises nothing: what does not fit is told beside."""
    found: list[Expectation | Misfit] = []
    for column, several in declared.columns.items():
        for one in several:
            found += _of_column(column, one, schema)
    for name, formula in declared.formulas.items():
        found.append(_formula(name, formula, schema))
    for key in declared.unique:
        named = Expectation(
            f"unique.{', '.join(key.columns)}",
            "unique",
            key.columns,
            {"columns": list(key.columns)},
            key.on_failure,
            key.tolerated,
        )
        found.append(_absent(named, "validate.unique", schema) or named)
    found += _of_table(declared, schema)
    bound = [one for one in found if isinstance(one, Expectation)]
    misfits = [one for one in found if isinstance(one, Misfit)]
    return Expected(schema, tuple(_distinct(bound)), tuple(misfits))


def refuse_misfits(declared: Validate, schema: Schema) -> None:
    """Raises every expectation that the project's own schema does not fit: E1401, E1702, E1703, E01xx.

    A declared `type` is not among them: it is judged with the rest.
    """
    misfits = expected_of(declared, schema).misfits
    errors = [one.error for one in misfits if "type" not in one.outcome.declared]
    if errors:
        raise CauceErrors(errors)


def _distinct(found: list[Expectation]) -> Iterator[Expectation]:
    seen: dict[str, int] = {}
    for one in found:
        seen[one.name] = count = seen.get(one.name, 0) + 1
        yield one if count == 1 else replace(one, name=f"{one.name} {count}")


def _of_table(declared: Validate, schema: Schema) -> Iterator[Expectation | Misfit]:
    rows, freshness = declared.rows, declared.freshness
    if rows is not None:
        yield Expectation("rows", "rows", (), _written(rows), rows.on_failure)
    if freshness is not None:
        named = Expectation(
            "freshness", "freshness", (freshness.column,), _written(freshness), freshness.on_failure
        )
        absent = _absent(named, "validate.freshness.column", schema)
        if absent is None and schema[freshness.column].kind not in ("date", "datetime"):
            absent = _unfit(named, "validate.freshness", schema, needed="date, datetime")
        yield absent or named


def _of_column(column: str, one: ColumnExpectation, schema: Schema) -> Iterator[Expectation | Misfit]:
    setting = f"validate.columns.{column}"
    for kind, declared in _parts(one):
        named = Expectation(f"{column}.{kind}", kind, (column,), declared, one.on_failure, one.tolerated)
        if column not in schema:
            yield _misfit(named, "column", unknown_column(setting, column, schema=schema))
            return
        found = schema[column]
        if kind == "type":
            if not _is_of(found.kind, one.type):
                yield _unfit(replace(named, limit=0.0), f"{setting}.type", schema, needed=", ".join(one.type))
            else:
                yield replace(named, limit=0.0)
        elif kind == "nulls":
            yield replace(named, check=Missing(column), limit=float(one.nulls or 0.0))
        elif kind == "unique":
            yield named
        else:
            bound = _BINDING[kind](found, one)
            if isinstance(bound, str):
                yield _unfit(named, f"{setting}.{next(iter(declared))}", schema, needed=bound)
            else:
                yield replace(named, check=bound)


def _parts(one: ColumnExpectation) -> Iterator[tuple[Kind, dict[str, Json]]]:
    """What a table of settings expects, each part with its own settings as they are written."""
    if one.type:
        yield "type", {"type": list(one.type)}
    for kind in ("range", "levels"):
        if declared := _settings(one, kind):
            yield kind, declared
    if one.nulls is not None:
        yield "nulls", {"nulls": one.nulls}
    if one.unique:
        yield "unique", {"unique": True}
    for kind in ("pattern", "length"):
        if declared := _settings(one, kind):
            yield kind, declared  # type: ignore[misc]


def _settings(one: ColumnExpectation, kind: str) -> dict[str, Json]:
    found = {name: plain(getattr(one, name)) for name in _SIDES[kind]}
    return {name: value for name, value in found.items() if value is not None and value != []}


def _is_of(kind: str, wanted: tuple[str, ...]) -> bool:
    return any(kind == one or one in _WIDER.get(kind, ()) for one in wanted)


def _formula(name: str, one: FormulaExpectation, schema: Schema) -> Expectation | Misfit:
    named = Expectation(
        f"formulas.{name}",
        "formula",
        (),
        {"formula": one.formula, "null": one.null},
        one.on_failure,
        one.tolerated,
    )
    try:
        expression = parse_formula(one.formula, schema)
        kind = kind_of(expression, schema)
    except CauceError as error:
        return _misfit(named, "formula", error)
    if kind != "boolean":
        return _misfit(named, "formula", CauceError("E1702", name=name, kind=kind))
    check = Holding(expression, schema, one.null)
    return replace(named, check=check, columns=check.columns)


def _absent(named: Expectation, setting: str, schema: Schema) -> Misfit | None:
    absent = [name for name in named.columns if name not in schema]
    if not absent:
        return None
    return _misfit(named, "column", unknown_column(setting, absent[0], schema=schema))


def _unfit(named: Expectation, setting: str, schema: Schema, *, needed: str) -> Misfit:
    column = named.columns[0]
    kind = schema[column].kind
    error = CauceError("E1703", setting=setting, column=column, kind=kind, needed=needed)
    return _misfit(named, "type", error, observed=kind)


def _misfit(named: Expectation, kind: Kind, error: CauceError, *, observed: Json = None) -> Misfit:
    """No row alone is at fault, so nothing can be set aside: what would quarantine stops."""
    outcome = Outcome(
        name=named.name,
        kind=kind,
        columns=named.columns,
        declared=named.declared,
        action="warn" if named.action == "warn" else "stop",
        passed=False,
        observed=observed,
    )
    return Misfit(outcome, error)


def _written(section: Any) -> dict[str, Json]:
    values = {one.name: plain(getattr(section, one.name)) for one in fields(section)}
    return {name: value for name, value in values.items() if value is not None and name not in _OPTIONS}
