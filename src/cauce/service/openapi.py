"""What the service takes and gives, as an OpenAPI 3.1 document: one described field for each column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl

from cauce.core.bundle.manifest import Manifest
from cauce.expr import nodes as n
from cauce.expr.kinds import columns_of
from cauce.expr.schema import Field
from cauce.expr.tree import walk
from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.service.served import Served
from cauce.service.values import takes

MOST_LEVELS = 100
_INTERVAL = ({"name": "interval", "in": "query", "schema": {"type": "boolean"}},)
_FORMATS: Mapping[str, dict[str, Any]] = {
    "float": {"type": ["number", "null"]},
    "integer": {"type": ["integer", "null"], "minimum": -(2**63), "maximum": 2**63 - 1},
    "boolean": {"type": ["boolean", "null"]},
    "text": {"type": ["string", "null"]},
    "date": {"type": ["string", "null"], "format": "date"},
    "datetime": {
        "type": ["string", "null"],
        "pattern": r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?$",
    },
    "zoned": {"type": ["string", "null"], "format": "date-time"},
    "decimal": {"type": ["number", "string", "null"]},
}


def document(served: Served, *, tokens: bool, explains: bool = False) -> dict[str, Any]:
    """The document, in the language in use. tokens: whether they are demanded; explains: whether /explain
    answers."""
    manifest = served.manifest
    row = _row(served)
    predictions = {
        "type": "object",
        "properties": {"predictions": {"type": "array", "items": _given(served)}, **_about()},
        "required": ["predictions"],
    }
    one_or_many = {"oneOf": [row, {"type": "array", "items": row}]}
    named = {"application/json": {"schema": one_or_many, "example": example_row(served.golden)}}
    problem = {"description": translate(_("Why the request cannot be served.")), "content": _problem()}
    refused = dict.fromkeys(("400", "401", "403", "408", "413", "415", "422", "503"), problem)
    single = {"oneOf": [_flat(served), predictions]}
    found: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": manifest.name, "version": served.version, "description": _said(manifest)},
        "paths": {
            "/predict": _posted(named, single, refused, asks=_INTERVAL),
            "/invocations": _posted(_envelopes(row), predictions, refused, asks=_INTERVAL),
            **({"/explain": _posted(named, _explained(served), refused)} if explains else {}),
            **dict(_read()),
        },
    }
    if tokens:
        found["components"] = {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}}
        found["security"] = [{"token": []}]
    return found


def example_row(golden: pl.DataFrame) -> dict[str, Any]:
    """A row that never was, as JSON has it; the fullest of the first ones."""
    rows = golden.head(50).to_dicts()
    fullest = max(rows, key=lambda row: sum(_fine(value) for value in row.values()), default={})
    return {name: written(value) for name, value in fullest.items()}


def written(value: Any) -> Any:
    """A value of a column as JSON has it; null for a number that is none."""
    match value:
        case float():
            return value if _fine(value) else None
        case Decimal():
            return str(value)
        case datetime():
            return value.isoformat()
        case date():
            return value.isoformat()
    return value


def _fine(value: Any) -> bool:
    return value is not None and (not isinstance(value, float) or abs(value) < 1e15)


def _row(served: Served) -> dict[str, Any]:
    levels = levels_of(served.manifest)
    properties = {one.name: field_schema(one, levels.get(one.name, ())) for one in served.manifest.schema}
    closed = {"additionalProperties": False} if served.reader.extra == "refuse" else {}
    return {"type": "object", "properties": properties, "required": list(properties), **closed}


def field_schema(field: Field, levels: tuple[Any, ...]) -> dict[str, Any]:
    """What a column takes; levels: those it had in training, others are taken too."""
    kind = "zoned" if field.kind == "datetime" and field.zone is not None else field.kind
    found: dict[str, Any] = {**_FORMATS[kind], "description": takes(field)}
    if levels:
        words = translate(_("Levels known from training; others are taken as never seen: {levels}"))
        shown = ", ".join(map(str, levels[:MOST_LEVELS]))
        found["description"] += ". " + words.format(levels=shown)
        found["examples"] = [written(one) for one in levels[:MOST_LEVELS]]
    return found


def levels_of(manifest: Manifest) -> dict[str, tuple[Any, ...]]:
    """The levels that the features tell apart, by column."""
    found: dict[str, dict[Any, None]] = {}
    for feature in manifest.features:
        for node in walk(feature.expression):
            match node:
                case n.LookupCode(operand, levels) | n.LookupNumber(operand, levels):
                    known = levels
                case n.LevelEquals(operand, level):
                    known = (level,)
                case _:
                    continue
            columns = columns_of(operand)
            if len(columns) == 1:
                found.setdefault(columns[0], {}).update(dict.fromkeys(known))
    return {name: tuple(levels) for name, levels in found.items()}


def _given(served: Served) -> dict[str, Any]:
    kinds = {"integer": "integer", "boolean": "boolean", "text": "string", "float": "number"}
    fields = served.scorer.answers.fields
    properties = {one.name: {"type": kinds[one.kind]} for one in fields}
    return {"type": "object", "properties": properties, "required": list(properties)}


def _flat(served: Served) -> dict[str, Any]:
    given = _given(served)
    return {**given, "properties": {**given["properties"], **_about()}}


def _about() -> dict[str, Any]:
    return {"model_version": {"type": "string"}, "snapshot": {"type": ["string", "null"]}}


def _explained(served: Served) -> dict[str, Any]:
    """Predictions with a number for each column; by class where there are several outputs."""
    numbers: dict[str, Any] = {"type": "object", "additionalProperties": {"type": "number"}}
    base: dict[str, Any] = {"type": "number"}
    if served.manifest.target.task == "multiclass":
        base, numbers = numbers, {"type": "object", "additionalProperties": numbers}
    given = _given(served)
    members = {"base": base, "contributions": numbers}
    row = {**given, "properties": {**given["properties"], **members}}
    row["required"] = [*given["required"], *members]
    many = {"type": "object", "properties": {"predictions": {"type": "array", "items": row}, **_about()}}
    many["required"] = ["predictions"]
    return {"oneOf": [{**row, "properties": {**row["properties"], **_about()}}, many]}


def _posted(
    taken: Mapping[str, Any],
    given: Mapping[str, Any],
    refused: Mapping[str, Any],
    *,
    asks: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    fine = {
        "description": translate(_("Predictions, in the order of the rows.")),
        "headers": {"X-Request-Id": {"schema": {"type": "string"}}},
        "content": {"application/json": {"schema": given}},
    }
    return {
        "post": {
            "parameters": list(asks),
            "requestBody": {"required": True, "content": dict(taken)},
            "responses": {"200": fine, **refused},
        }
    }


def _envelopes(row: dict[str, Any]) -> dict[str, Any]:
    rows = {"type": "array", "items": row}
    cells = {"type": "array", "items": {"type": "array"}}
    names = {"type": "array", "items": {"type": "string"}}
    split = {
        "type": "object",
        "properties": {"columns": names, "data": cells},
        "required": ["columns", "data"],
    }
    shapes = {"dataframe_records": rows, "dataframe_split": split, "instances": rows, "inputs": {}}
    documents = [
        {"type": "object", "properties": {name: shape}, "required": [name]} for name, shape in shapes.items()
    ]
    text = {"schema": {"type": "string"}}
    return {
        "application/json": {"schema": {"oneOf": documents}},
        "text/csv": text,
        "application/jsonlines": text,
    }


def _read() -> Iterator[tuple[str, Any]]:
    fine = {"responses": {"200": {"description": "OK"}}}
    for path in ("/", "/ping", "/health/live", "/health/ready", "/metrics", "/openapi.json"):
        open_to_all = path in ("/ping", "/health/live", "/health/ready")
        yield path, {"get": {**fine, "security": []} if open_to_all else fine}


def _problem() -> dict[str, Any]:
    texts = ("type", "title", "code", "detail", "hint", "request_id")
    field = {name: {"type": "string"} for name in ("code", "field", "pointer", "detail", "hint")}
    properties: dict[str, Any] = {name: {"type": "string"} for name in texts}
    properties["errors"] = {"type": "array", "items": {"type": "object", "properties": field}}
    return {"application/problem+json": {"schema": {"type": "object", "properties": properties}}}


def _said(manifest: Manifest) -> str:
    words = translate(_("Predicts {target} ({task})."))
    return words.format(target=manifest.target.name, task=manifest.target.task)
