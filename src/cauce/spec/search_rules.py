"""What a search in a project file can have wrong: its settings together, and every value it tries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cauce.spec.findings import Finding
from cauce.spec.nearest import nearest
from cauce.spec.positions import KeyPath
from cauce.spec.refusals import findings
from cauce.spec.search import RESOURCE, Search
from cauce.spec.space import MOST, SpaceError, combinations, dimension, ends, searchable, space_of
from cauce.spec.words import Got, dotted


def search_findings(models: Sequence[Any], mapping: dict[str, Any]) -> Iterator[Finding]:
    """What is wrong with the searches of `models` beside their shape; `mapping` as written."""
    for at, model in enumerate(models):
        search = getattr(model, "search", None)
        if search is not None:
            path: KeyPath = ("models", at, "search")
            if model.subset is not None:
                told = {"first": dotted(path), "second": dotted(("models", at, "subset"))}
                yield Finding("E2180", ("models", at, "subset"), told, (path,))
            yield from _budget(search, path)
            yield from _space(model, path, mapping)


def _budget(search: Search, path: KeyPath) -> Iterator[Finding]:
    method = search.method
    misplaced = {
        "trials": search.trials is not None and method == "grid",
        "rounds": search.rounds is not None and method in ("grid", "halving"),
        "seed": search.seed is not None and method == "grid",
        "factor": search.factor != 3 and method != "halving",
    }
    for name, found in misplaced.items():
        if found:
            yield Finding("E2135", (*path, name), {"key": dotted((*path, name)), "method": method})
    if search.trials is not None and search.rounds is not None:
        told = {"first": dotted((*path, "trials")), "second": "rounds"}
        yield Finding("E0314", (*path, "rounds"), told, ((*path, "trials"),))
    if search.rounds is not None and search.budget > MOST:
        yield Finding("E2136", (*path, "rounds"), {"count": search.budget, "most": MOST})


def _space(model: Any, path: KeyPath, mapping: dict[str, Any]) -> Iterator[Finding]:
    search, where = model.search, (*path, "space")
    if not search.space:
        yield Finding("E2137", where if "space" in _at(mapping, path) else path, {"key": dotted(where)})
    known, found = searchable(type(model)), []
    for name in search.space:
        if name not in known:
            found.append(_unknown(name, where, model))
        else:
            found += _entry(name, where, model, mapping)
    yield from found
    if not found:
        yield from _whole_space(model, where)


def _unknown(name: str, where: KeyPath, model: Any) -> Finding:
    known, path = sorted(searchable(type(model))), (*where, name)
    if name in type(model).__dataclass_fields__:
        return Finding("E2130", path, {"setting": name, "known": ", ".join(known)})
    told = {"key": dotted(path), "known": ", ".join(known)}
    near = nearest(name, known)
    return Finding("E0306", path, told | {"near": near}) if near else Finding("E0307", path, told)


def _entry(name: str, where: KeyPath, model: Any, mapping: dict[str, Any]) -> Iterator[Finding]:
    """Faults of one entry: its values against the setting's own bounds, then what they say together."""
    path, tried, kind = (*where, name), model.search.space[name], searchable(type(model))[name]
    default = type(model).__dataclass_fields__[name].default
    if _at(mapping, where[:2]).get(name, default) != default:
        told = {"first": dotted((*where[:2], name)), "second": dotted(path)}
        yield Finding("E0314", path, told, ((*where[:2], name),))
    listed = isinstance(_at(mapping, where).get(name), list)
    faults = list(_refused(name, ends(tried), model, path=path, listed=listed))
    yield from faults
    if faults:
        return
    try:
        dimension(tried, kind, grid=model.search.method == "grid")
    except SpaceError as error:
        yield Finding(
            error.code, path, {"key": dotted(path), "got": Got(tried[0] if len(tried) == 1 else tried)}
        )


def _refused(
    name: str, values: Sequence[Any], model: Any, *, path: KeyPath, listed: bool
) -> Iterator[Finding]:
    """What the setting itself says to each value, told at the value's own place."""
    from cauce.spec.border import validated  # noqa: PLC0415 - pydantic is slow to import

    text = len(values) == 1 and searchable(type(model))[name] != "other" and isinstance(values[0], str)
    models = [{"learner": model.learner, name: value} for value in values]
    probe = {"name": "x", "data": {"source": "x"}, "target": {"column": "x"}, "models": models}
    problems = [] if text else validated(probe)
    for fault in findings(problems, probe) if isinstance(problems, list) else ():
        place = (*path, fault.path[1]) if listed else path
        yield Finding(fault.code, place, {**fault.values, "key": dotted(place)})


def _whole_space(model: Any, where: KeyPath) -> Iterator[Finding]:
    search, space = model.search, space_of(model)
    count = combinations(space.values())
    if search.method == "grid" and count is not None and count > MOST:
        yield Finding("E2136", where, {"count": count, "most": MOST})
    if search.method == "halving":
        path: KeyPath = (*where, RESOURCE[model.learner])
        if RESOURCE[model.learner] in space:
            yield Finding("E2138", path, {"key": dotted(path), "setting": RESOURCE[model.learner]})


def _at(mapping: Any, path: KeyPath) -> Any:
    """The table at `path` as it is written; an empty one where there is none."""
    for step in path:
        try:
            mapping = mapping[step]
        except (KeyError, IndexError, TypeError):
            return {}
    return mapping if isinstance(mapping, dict) else {}
