"""What is wrong with the shape of a project file, told by place, value and nearest right word."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Sequence
from typing import Any

from cauce.spec.findings import Finding, Problem
from cauce.spec.nearest import nearest
from cauce.spec.positions import KeyPath
from cauce.spec.schema import choices, description_at, known_names, learners_with, node_at
from cauce.spec.shorthand import is_one_chain
from cauce.spec.words import Expected, Got, Translated, dotted

_UNKNOWN = ("unexpected_keyword_argument", "extra_forbidden")
_MISSING = ("missing", "missing_argument", "union_tag_not_found")
_STAND_INS: dict[KeyPath, Any] = {
    ("name",): "project",
    ("data",): {"source": "data"},
    ("data", "source"): "data",
    ("target",): {},
}


def findings(problems: Iterable[Problem], mapping: dict[str, Any]) -> list[Finding]:
    """The problems in the file's own terms, one for each place."""
    located = {path: problem.kind for problem in problems for path in (_located(problem, mapping),)}
    around = {path[:length] for path in located for length in range(len(path))}
    faults = [_finding(path, kind, mapping) for path, kind in located.items() if path not in around]
    misspelled = {meant(fault) for fault in faults}
    return [fault for fault in faults if fault.code != "E0310" or fault.path not in misspelled]


def meant(fault: Finding) -> KeyPath | None:
    """The setting that a misspelled one was meant to be."""
    return (*fault.path[:-1], fault.values["near"]) if fault.code == "E0306" else None


def _located(problem: Problem, mapping: dict[str, Any]) -> KeyPath:
    """The steps that exist in the file; the others name branches of unions, or stand for shorthand."""
    path: KeyPath = ()
    value: Any = mapping
    implied = False
    for step in problem.steps:
        if isinstance(step, int) and isinstance(value, (list, tuple)):
            if not implied and is_chains_path(path) and is_one_chain(value):
                implied = True
                continue
        elif not (isinstance(value, dict) and step in value):
            continue
        path, value = (*path, step), value[step]
    if problem.kind in ("missing", "missing_argument"):
        return (*path, problem.steps[-1])
    tag = "learner" if path[:1] == ("models",) else "step"
    if problem.kind == "union_tag_not_found" and isinstance(value, dict):
        return (*path, tag)
    return (*path, tag) if problem.kind == "union_tag_invalid" else path


def is_chains_path(path: KeyPath) -> bool:
    """Whether a column's chains stand at `path`."""
    return len(path) == 3 and path[:2] in (("features", "columns"), ("features", "defaults"))


def _finding(path: KeyPath, kind: str, mapping: dict[str, Any]) -> Finding:
    key = dotted(path)
    if kind in _UNKNOWN:
        return _unknown_key(path, mapping)
    value = value_at(mapping, path)
    if kind in _MISSING and value is None:
        return Finding("E0310", path, {"key": key, "description": _described(path, mapping)})
    refused = _not_served(path, value)
    if refused:
        return Finding(refused, path, {"value": value})
    possible = choices(path, mapping)
    near = nearest(value, possible) if isinstance(value, str) else None
    if near:
        return Finding("E0309", path, {"key": key, "got": Got(value), "near": json.dumps(near)})
    expected = Expected(json.dumps(node_at(path, mapping)))
    told = {"expected": expected, "got": Got(value), "description": _described(path, mapping)}
    return Finding("E0308", path, {"key": key, **told})


def _described(path: KeyPath, mapping: dict[str, Any]) -> Translated:
    return Translated(description_at(path, mapping))


def _unknown_key(path: KeyPath, mapping: dict[str, Any]) -> Finding:
    known = known_names(path[:-1], mapping)
    name = str(path[-1])
    owners = learners_with(name) if path[:1] == ("models",) and len(path) == 3 else ()
    if owners:
        told = {"key": dotted(path), "owners": ", ".join(owners), "known": ", ".join(sorted(known))}
        learner = value_at(mapping, (*path[:-1], "learner")) or "boosting"
        return Finding("E0831", path, {**told, "learner": learner})
    near = nearest(name, known)
    told = {"key": dotted(path), "known": ", ".join(sorted(known))}
    return Finding("E0306", path, told | {"near": near}) if near else Finding("E0307", path, told)


def _not_served(path: KeyPath, value: Any) -> str | None:
    return "E0339" if path[:1] == ("features",) and value == "pca" else None


def value_at(mapping: Any, path: KeyPath) -> Any:
    """What stands at `path`, or None."""
    for step in path:
        try:
            mapping = mapping[step]
        except (KeyError, IndexError, TypeError):
            return None
    return mapping


def repaired(mapping: dict[str, Any], faults: Sequence[Finding]) -> dict[str, Any]:
    """A copy without what is refused, so that the rest can still be checked."""
    kept = copy.deepcopy(mapping)
    for fault in faults:
        path = removable(fault.path)
        parent = value_at(kept, path[:-1])
        if isinstance(parent, dict):
            parent.pop(path[-1], None)
    for path, stand_in in _STAND_INS.items():
        parent = value_at(kept, path[:-1])
        if isinstance(parent, dict) and path[-1] not in parent:
            parent[str(path[-1])] = copy.deepcopy(stand_in)
    return kept


def removable(path: KeyPath) -> KeyPath:
    """The setting to leave out for a fault at `path`: a list goes whole, but each model on its own."""
    if is_chains_path(path[:3]):
        return path[:3]
    start = 2 if path[:1] == ("models",) else 0
    indexes = (place for place, step in enumerate(path) if place >= start and isinstance(step, int))
    return path[: next(indexes, len(path))]
