"""The JSON Schema of a project file, for editors, for the documentation and for what errors expect."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from cauce.language import translate
from cauce.spec.positions import KeyPath

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_LEFT_OUT = ("title", "discriminator")
_NULL = {"type": "null"}
TAGS = {"step": None, "learner": "boosting"}
"""The settings that say which of several tables is meant, and what their absence means."""


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of cauce.toml, described in the active language.

    It holds for the file's shape; what depends on several settings is checked by `read_project` alone.
    """
    described: dict[str, Any] = _described(tidy_schema())
    return {"$schema": DIALECT, "title": "cauce.toml", **described}


def _described(node: Any) -> Any:
    if isinstance(node, list):
        return [_described(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {name: _described(part) for name, part in node.items() if name != "x-expects"}
    if isinstance(kept.get("description"), str):
        kept["description"] = translate(kept["description"])
    return kept


@lru_cache(maxsize=1)
def tidy_schema() -> dict[str, Any]:
    """The schema in English, without what only pydantic needs; `x-expects` says a shape in words."""
    from cauce.spec.border import raw_schema  # noqa: PLC0415 - pydantic is slow to import

    schema = copy.deepcopy(raw_schema())
    definitions = schema["$defs"]
    for definition in (schema, *definitions.values()):
        _tidy_object(definition)
    definitions["Target"]["oneOf"] = [{"required": ["column"]}, {"required": ["formula"]}]
    return schema


def _tidy_object(definition: dict[str, Any]) -> None:
    definition.pop("title", None)
    definition["description"] = " ".join(definition["description"].split("\n\n")[0].split())
    properties = definition["properties"]
    definition["properties"] = {name: _tidy(node) for name, node in properties.items()}
    for tag, absent in TAGS.items():
        if tag in properties and properties[tag]["const"] != absent:
            definition["required"] = [tag, *definition.get("required", ())]
            definition["properties"][tag].pop("default", None)


def _tidy(node: Any) -> Any:
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {name: _tidy(part) for name, part in node.items() if name not in _LEFT_OUT}
    if kept.get("default", 0) is None:
        del kept["default"]
    if _NULL in kept.get("anyOf", ()):
        present = [branch for branch in kept.pop("anyOf") if branch != _NULL]
        kept |= present[0] if len(present) == 1 else {"anyOf": present}
    return kept


def branches(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The alternatives a node stands for: references followed, unions taken apart."""
    if "$ref" in node:
        yield from branches(tidy_schema()["$defs"][node["$ref"].rpartition("/")[2]])
    for union in ("anyOf", "oneOf"):
        for branch in node.get(union, ()):
            if "required" not in branch or "type" in branch:
                yield from branches(branch)
    if "type" in node or "const" in node:
        yield node


def node_at(path: KeyPath, value: Any) -> dict[str, Any]:
    """The schema of what stands at `path` in the mapping `value`; an empty one where nothing is known."""
    node = tidy_schema()
    for step in path:
        node = _child(node, step, value)
        value = _part(value, step)
    return node


def _part(value: Any, step: str | int) -> Any:
    try:
        return value[step]
    except (KeyError, IndexError, TypeError):
        return None


def _child(node: dict[str, Any], step: str | int, value: Any) -> dict[str, Any]:
    if isinstance(step, int):
        nested = any(isinstance(item, (list, tuple)) for item in value or ())
        items = [branch["items"] for branch in branches(node) if "items" in branch]
        fitting = [item for item in items if _is_list(item) == nested]
        return next(iter(fitting or items), {})
    for branch in branches(node):
        properties = branch.get("properties", {})
        if step in properties and (step in TAGS or _is_meant(properties, value)):
            return dict(properties[step])
        if isinstance(branch.get("additionalProperties"), dict):
            return dict(branch["additionalProperties"])
    return {}


def _is_list(node: dict[str, Any]) -> bool:
    return node.get("type") == "array"


def known_names(path: KeyPath, value: Any) -> tuple[str, ...]:
    """The settings that the table at `path` of the mapping `value` can hold."""
    table = value
    for step in path:
        table = _part(table, step)
    for branch in branches(node_at(path, value)):
        properties = branch.get("properties", {})
        if properties and _is_meant(properties, table):
            return tuple(properties)
    return ()


def _is_meant(properties: dict[str, Any], table: Any) -> bool:
    """Whether the table says that it is the one with these properties, where there are several."""
    for tag, absent in TAGS.items():
        const = properties.get(tag, {}).get("const")
        if const is not None and const != (absent if _part(table, tag) is None else _part(table, tag)):
            return False
    return True


def choices(path: KeyPath, value: Any) -> tuple[str, ...]:
    """The texts that can stand at `path` of the mapping `value`, where they are a fixed list."""
    if path and path[-1] == "step":
        return step_names()
    if path[:1] == ("models",) and path[-1] == "learner":
        return learner_names()
    found = [branch.get("enum", [branch.get("const")]) for branch in branches(node_at(path, value))]
    return tuple(text for texts in found for text in texts if isinstance(text, str))


def step_names() -> tuple[str, ...]:
    """The names of the feature steps, as tables name them."""
    steps = (node["properties"].get("step") for node in tidy_schema()["$defs"].values())
    return tuple(sorted(step["const"] for step in steps if step))


def learner_names() -> tuple[str, ...]:
    """The names of the learners, as tables under [[models]] name them."""
    learners = (node["properties"].get("learner") for node in tidy_schema()["$defs"].values())
    return tuple(learner["const"] for learner in learners if learner)


def learners_with(name: str) -> tuple[str, ...]:
    """The learners that have the setting `name`."""
    tables = [node["properties"] for node in tidy_schema()["$defs"].values()]
    return tuple(one["learner"]["const"] for one in tables if "learner" in one and name in one)


def description_at(path: KeyPath, value: Any) -> str:
    """The English one-line description of the setting at `path`, or of the one it is part of."""
    for length in range(len(path), 0, -1):
        node = node_at(path[:length], value)
        alternatives = list(branches(node))
        for described in (node, *alternatives) if len(alternatives) == 1 else (node,):
            if "description" in described:
                return str(described["description"])
    return ""
