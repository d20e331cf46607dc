"""How texts become the values of a model's columns, also where the training data were no texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cauce.core.bundle.inputs import InputColumn
from cauce.core.bundle.manifest import Manifest
from cauce.core.reading.decision import Reading
from cauce.core.reading.formats import BOOLEAN, Format, declared_time_formats, number_formats, time_formats
from cauce.expr.kinds import field_of
from cauce.expr.schema import Field, Schema
from cauce.expr.value_types import NUMBERS


def readable(column: InputColumn, manifest: Manifest) -> InputColumn:
    """The column with a reading of texts: its own, else the plain form of its kind."""
    if column.text is not None:
        return column
    said = manifest.reading
    markers = (*said.get("missing", ()), *said.get("missing_in", {}).get(column.name, ()))  # type: ignore[misc,union-attr]
    reading = Reading(column.field, _formats(column.field, said), declared=True, markers=markers)
    if column.field.kind != "text" and not reading.formats:
        return column
    text = reading.expression
    found = field_of(text, Schema((Field(column.name, "text"),)), name=column.name)
    return replace(column, text=text) if found == column.field else column


def _formats(field: Field, said: Mapping[str, Any]) -> tuple[Format, ...]:
    if field.kind in NUMBERS:
        every = number_formats(said.get("decimal") or ".", said.get("thousands") or "", currencies=())
        if field.kind == "decimal":
            whole = (item for item in every if item.kind == "float")
            return tuple(replace(item, kind="decimal", scale=field.scale or 0) for item in whole)
        return tuple(item for item in every if item.kind == field.kind)
    if field.kind == "boolean":
        return (BOOLEAN,)
    declared = declared_time_formats(tuple(said.get("date_formats") or ()))
    plain = tuple(item for item in time_formats() if item.pattern.startswith("%Y-%m-%d"))
    zoned = field.zone is not None
    return tuple(item for item in declared or plain if item.kind == field.kind and item.zoned == zoned)
