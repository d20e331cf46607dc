"""Writing a project file: what is set, what it means, and what could be."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import Field, fields, is_dataclass
from typing import Any

from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.spec.features import FeatureStep
from cauce.spec.models import LEARNERS
from cauce.spec.positions import KeyPath
from cauce.spec.project import Project
from cauce.spec.settings import file_name
from cauce.spec.shorthand import SHORT_STEPS, Chains
from cauce.spec.validate import Validate
from cauce.spec.words import dotted

_CHAINS = (("features", "columns"), ("features", "defaults"))
_LEARNERS = tuple(("learner", name) for name in LEARNERS if name != "boosting")
_OPENING = _("A Cauce project. A setting that is commented out here shows what it could be.")


def write_project(project: Project) -> str:
    """The text of a cauce.toml that `read_project` reads back equal, commented in the active language.

    Settings at their default are left out; a few are shown as comments. The project must be one that was
    read (`project_from_mapping` turns answers into one).
    """
    lines = [f"# {translate(_OPENING)}", "", *_pairs(project, ()), *_tables(project, ())]
    return "\n".join(lines) + "\n"


def write_validate(declared: Validate) -> str:
    """The text of the `[validate]` section alone, to be added to a project file."""
    pairs = list(_pairs(declared, ("validate",)))
    head = ["[validate]", *pairs] if pairs else []
    return "\n".join([*head, *_tables(declared, ("validate",))]).strip("\n") + "\n"


def _pairs(section: Any, path: KeyPath) -> Iterator[str]:
    for item in fields(section):
        value = getattr(section, item.name)
        if _is_table(value, (*path, item.name)):
            continue
        if value != item.default or item.name == "schema" or (item.name, value) in _LEARNERS:
            yield from _setting(item, value, path, "")
        elif item.metadata["example"] is not None:
            yield from _setting(item, item.metadata["example"], path, "# ")


def _is_table(value: Any, path: KeyPath) -> bool:
    if path[0] == "models":
        return len(path) == 1
    return isinstance(value, Mapping) or is_dataclass(value)


def _setting(item: Field[Any], value: Any, path: KeyPath, mark: str) -> Iterator[str]:
    yield f"# {translate(item.metadata['description'])}"
    written = _chains(value) if path in _CHAINS else _value(value)
    yield f"{mark}{_key(file_name(item))} = {written}"


def _tables(section: Any, path: KeyPath) -> Iterator[str]:
    for item in fields(section):
        value = getattr(section, item.name)
        inner: KeyPath = (*path, item.name)
        if not _is_table(value, inner):
            continue
        comment = f"# {translate(item.metadata['description'])}"
        if isinstance(value, Mapping):
            yield from _mapping(value, inner, comment)
        for part in value if inner == ("models",) else [value]:
            if is_dataclass(part):
                brackets = "[[models]]" if inner == ("models",) else f"[{dotted(inner)}]"
                pairs = list(_pairs(part, inner))
                yield from ("", comment, brackets, *pairs) if pairs else ()
                yield from _tables(part, inner)


def _mapping(value: Mapping[str, Any], path: KeyPath, comment: str) -> Iterator[str]:
    if not value:
        return
    yield from ("", comment, f"[{dotted(path)}]")
    for name, part in value.items():
        yield f"{_key(name)} = {_chains(part) if path in _CHAINS else _value(part)}"


def _chains(chains: Chains) -> str:
    written = [_list(map(_step, steps)) for steps in chains]
    return written[0] if len(written) == 1 else _list(written)


def _step(step: FeatureStep) -> str:
    changed = {
        item.name: getattr(step, item.name)
        for item in fields(step)
        if item.name in ("step", "method") or getattr(step, item.name) != item.default
    }
    short = ".".join(str(part) for part in changed.values())
    if set(changed) <= {"step", "method"} and short in SHORT_STEPS:
        return _text(short)
    return _table(changed)


def _table(value: Mapping[str, Any]) -> str:
    pairs = ", ".join(f"{_key(name)} = {_value(part)}" for name, part in value.items())
    return f"{{ {pairs} }}" if pairs else "{}"


def _list(parts: Iterable[str]) -> str:
    return f"[{', '.join(parts)}]"


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        # A number and a list of one number are not the same where a list is searched.
        alone = len(value) == 1 and not isinstance(value[0], (int, float))
        return _value(value[0]) if alone else _list(map(_value, value))
    if isinstance(value, Mapping):
        return _table(value)
    if is_dataclass(value):
        changed = {file_name(item): getattr(value, item.name) for item in fields(value)}
        unset = {file_name(item): item.default for item in fields(value)}
        return _table({name: part for name, part in changed.items() if part != unset[name]})
    if isinstance(value, bool):
        return "true" if value else "false"
    return _text(value) if isinstance(value, str) else repr(value)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    bare = name.isascii() and bool(name) and name.replace("-", "a").replace("_", "a").isalnum()
    return name if bare else _text(name)
