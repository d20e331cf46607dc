"""Shapes and values in words, in the language in use when they are read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.spec.positions import KeyPath
from cauce.spec.schema import branches, learner_names, step_names

_KINDS = {
    "integer": _("a whole number"),
    "number": _("a number"),
    "boolean": _("true or false"),
    "string": _("a text"),
    "object": _("a table"),
    "array": _("a list"),
}
_LIMITS = {
    "minimum": _("at least {limit}"),
    "exclusiveMinimum": _("above {limit}"),
    "maximum": _("at most {limit}"),
    "exclusiveMaximum": _("below {limit}"),
}


@dataclass(frozen=True)
class Translated:
    """A text of the catalogue that is put into the active language when it is shown."""

    text: str

    def __str__(self) -> str:
        return translate(self.text)


@dataclass(frozen=True)
class Expected:
    """What a place in the file takes, from its JSON Schema (as JSON text, so that it is a plain value)."""

    schema: str

    def __str__(self) -> str:
        return _phrase(json.loads(self.schema))


def _phrase(node: dict[str, Any]) -> str:
    if "x-expects" in node:
        return translate(node["x-expects"])
    if "step" in node.get("properties", {}) or node.get("const") in step_names():
        return translate(_("the name of a feature step"))
    if node.get("const") in learner_names():
        node = {"enum": learner_names()}
    if "const" in node:
        return said(node["const"])
    if "enum" in node:
        return translate(_("one of {choices}")).format(choices=", ".join(map(said, node["enum"])))
    if "anyOf" in node:
        return _either(node["anyOf"])
    kinds = [branch["type"] for branch in branches(node) if "type" in branch]
    return _bounded(node, kinds[0]) if kinds else translate(_("something else"))


def _either(alternatives: list[dict[str, Any]]) -> str:
    first, *others = alternatives
    if len(others) == 1 and others[0].get("items") == first:
        return translate(_("{item}, or a list of them")).format(item=_phrase(first))
    phrases = dict.fromkeys(map(_phrase, alternatives))
    return translate(_(" or ")).join(phrases)


def _bounded(node: dict[str, Any], kind: str) -> str:
    if kind == "string" and node.get("maxLength") == 1:
        return translate(_("one character"))
    if kind == "string" and node.get("minLength"):
        return translate(_("a text that is not empty"))
    if kind == "object" and isinstance(node.get("additionalProperties"), dict):
        return translate(_("a table, each value {item}")).format(item=_phrase(node["additionalProperties"]))
    if kind == "array" and node.get("minItems"):
        return translate(_("a list that is not empty"))
    limits = (translate(text).format(limit=node[name]) for name, text in _LIMITS.items() if name in node)
    return ", ".join((translate(_KINDS[kind]), *limits))


@dataclass(frozen=True)
class Got:
    """What stands in the file, in words; lists and tables only by their kind."""

    value: Any

    def __str__(self) -> str:
        return said(self.value)


def said(value: Any) -> str:
    """A value of a TOML file as a reader of the file would name it."""
    if isinstance(value, (list, tuple)):
        return translate(_("a list")) if value else translate(_("an empty list"))
    if isinstance(value, dict):
        return translate(_("a table"))
    if isinstance(value, (date, time)):
        return value.isoformat()
    if value is None or isinstance(value, (str, bool)):
        return json.dumps(value, ensure_ascii=False)
    return repr(value) if isinstance(value, (int, float)) else type(value).__name__


def dotted(path: KeyPath) -> str:
    """A path as the file would write it: `data.source`, `features.columns."dep time"[0]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            bare = step.replace("-", "_").isidentifier() and step.isascii()
            text += f".{step if bare else json.dumps(step, ensure_ascii=False)}"
    return text.removeprefix(".")
