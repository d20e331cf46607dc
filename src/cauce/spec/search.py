"""How the best settings of a learner are looked for."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

from cauce.language import gettext_noop as _
from cauce.spec.findings import Finding
from cauce.spec.positions import KeyPath
from cauce.spec.settings import (
    EMPTY,
    AtLeastOne,
    Exact,
    Expects,
    FrozenMap,
    OneOrMany,
    Scalar,
    section,
    setting,
)
from cauce.spec.space import MOST, SpaceError, combinations, dimension, ends, searchable, space_of
from cauce.spec.words import Got, dotted

TRIALS = 40
RESOURCE = {"boosting": "rounds", "forest": "trees"}
"""What halving gives little of to many candidates, by learner."""
_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}

Trials = Annotated[int, Exact(ge=1, le=MOST)]
Width = Annotated[int, Exact(ge=1, le=100)]
Factor = Annotated[int, Exact(ge=2, le=10)]
Refinements = Annotated[int, Exact(ge=0, le=5)]
SearchSeed = Annotated[int, Exact(ge=0, le=2**31 - 1)]
TimeLimit = Annotated[
    str,
    Exact(pattern=r"^[0-9]{1,6}(\.[0-9]{1,3})? ?(s|min|h)$"),
    Expects(_('a text such as "30 min", "90 s" or "2 h"')),
]
Tried = Annotated[
    tuple[Scalar, ...],
    AtLeastOne(),
    OneOrMany(),
    Expects(_('a list of values, or a range such as "1..10" or "log 0.01..0.3"')),
]


@section
class Search:
    """How the best settings of a learner are looked for."""

    method: Literal["grid", "random", "tpe", "halving"] = setting(
        _(
            "grid tries every combination; random draws; tpe draws where it went well before; halving draws "
            "many, gives them few rounds, and more to the best."
        )
    )
    space: FrozenMap[Tried] = setting(
        _(
            'What is tried, by setting: a list of values, or a range: "3..10", "log 0.01..0.3"; with "in 5" '
            "five values of it. Two numbers in a list are a range, but in a grid two values."
        ),
        default=EMPTY,
    )
    trials: Trials | None = setting(
        _("How many candidates are tried, 40 where absent; in halving, how many begin."), default=None
    )
    rounds: Trials | None = setting(
        _("The budget as a number of rounds, each of `width` candidates, instead of `trials`."), default=None
    )
    width: Width = setting(
        _("How many candidates are asked for at once, before their results are told."), default=4
    )
    time_limit: TimeLimit | None = setting(
        _("After this time no further round begins, such as 30 min."), default=None
    )
    seed: SearchSeed | None = setting(_("Another seed for the draws than the project's."), default=None)
    factor: Factor = setting(
        _("In halving: one in so many goes on, with so many times the rounds."), default=3
    )
    refine: Refinements = setting(
        _("How often the space is narrowed around the best and searched again."), default=0
    )

    @property
    def budget(self) -> int:
        """How many candidates are drawn; a grid has as many as it has."""
        if self.rounds is not None:
            return self.rounds * self.width
        return TRIALS if self.trials is None else self.trials

    @property
    def seconds(self) -> float | None:
        """`time_limit` in seconds."""
        if self.time_limit is None:
            return None
        number, unit = re.fullmatch(r"([0-9.]+) ?([a-z]+)", self.time_limit).groups()  # type: ignore[union-attr]
        return float(number) * _SECONDS[unit]


def search_findings(models: Sequence[Any], mapping: dict[str, Any]) -> Iterator[Finding]:
    """What is wrong with the searches of `models` beside their shape; `mapping` as written."""
    for at, model in enumerate(models):
        search = getattr(model, "search", None)
        if search is not None:
            path: KeyPath = ("models", at, "search")
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
    near = difflib.get_close_matches(name.lower(), known, n=1)
    return Finding("E0306", path, told | {"near": near[0]}) if near else Finding("E0307", path, told)


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
    from cauce.spec.refusals import findings  # noqa: PLC0415 - it knows the schema, which knows this

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


def refined(models: Sequence[Any]) -> tuple[Any, ...]:
    """The models, every search of which is refined once more."""
    return tuple(_searching(one, lambda search: replace(search, refine=search.refine + 1)) for one in models)


def drawing(models: Sequence[Any], trials: int) -> tuple[Any, ...]:
    """The models, every search of which that draws tries so many candidates."""

    def change(search: Search) -> Search:
        return search if search.method == "grid" else replace(search, trials=trials, rounds=None)

    return tuple(_searching(one, change) for one in models)


def _searching(model: Any, change: Callable[[Search], Search]) -> Any:
    search = getattr(model, "search", None)
    return model if search is None else replace(model, search=change(search))
