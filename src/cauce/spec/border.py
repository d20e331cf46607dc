"""The one place that knows pydantic: the reader of the project's types and their JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaWarningKind

from cauce.spec.findings import Problem
from cauce.spec.models import Candidate, ModelSettings
from cauce.spec.project import Project


class _Quiet(GenerateJsonSchema):
    ignored_warning_kinds: set[JsonSchemaWarningKind] = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012


@lru_cache(maxsize=1)
def _reader() -> TypeAdapter[Project]:
    return TypeAdapter(Project)


def validated(mapping: dict[str, Any]) -> Project | list[Problem]:
    """The project `mapping` declares, or every problem of its shape."""
    try:
        return _reader().validate_python(mapping)
    except ValidationError as failure:
        found = failure.errors(include_url=False, include_context=False, include_input=False)
        return [Problem(kind=error["type"], steps=error["loc"]) for error in found]


@lru_cache(maxsize=1)
def _model_reader() -> TypeAdapter[ModelSettings]:
    return TypeAdapter(Candidate)


def model_of(mapping: Mapping[str, Any]) -> ModelSettings:
    """The `[[models]]` table that `mapping` declares; ValueError where it is none."""
    return _model_reader().validate_python(mapping)


@lru_cache(maxsize=1)
def raw_schema() -> dict[str, Any]:
    """pydantic's JSON Schema of a project, before it is tidied."""
    return _reader().json_schema(schema_generator=_Quiet)
