"""The loop that asks a search and tells it, over a plain function in place of models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cauce.core.candidates.search.tables import TableSearch, search_of
from cauce.core.candidates.trials import Candidate, FoldScore, Trial
from cauce.spec import project_from_mapping

Worth = Callable[[Any], float | None]


def models(*tables: Mapping[str, Any]) -> tuple[Any, ...]:
    """`[[models]]` tables as read from a project."""
    mapping = {"name": "a", "data": {"source": "a.csv"}, "target": {"column": "y"}, "models": tables}
    return project_from_mapping(mapping).models


def searched(method: str, space: Mapping[str, Any], **settings: Any) -> tuple[Any, ...]:
    """One boosting table with this search."""
    given = {name: settings.pop(name) for name in ("rounds_each",) if name in settings}
    table = {"search": {"method": method, "space": space, **settings}}
    return models(table | {"rounds": given["rounds_each"]} if given else table)


def trial(candidate: Candidate, worth: float | None) -> Trial:
    """A trial of two folds whose mean is `worth`; a failed one for None."""
    if worth is None:
        return Trial(candidate, (), "E0806")
    return Trial(candidate, tuple(FoldScore(at, 10, worth + off, worth) for at, off in ((0, 0.5), (1, -0.5))))


def run(
    search: TableSearch,
    worth: Worth,
    *,
    width: int = 100,
    known: Mapping[str, Trial] | None = None,
    most: int | None = None,
) -> tuple[list[Trial], int]:
    """All trials in order, and how many were computed.

    known: finished trials by the candidate's JSON, which are read and not computed. most: computes so many
    and is then killed.
    """
    done: list[Trial] = []
    computed = 0
    while asked := search.ask(width):
        told = []
        for one in asked:
            found = None if known is None else known.get(repr(one.to_json()))
            if found is None:
                if computed == most:
                    return done + told, computed
                computed += 1
                found = trial(one, worth(one.model))
            told.append(found)
        search.tell(told)
        done += told
    return done, computed


def sequence(tables: tuple[Any, ...], worth: Worth, *, seed: int = 0, width: int = 100) -> list[Any]:
    """The models in the order in which they are asked for."""
    found, _ = run(search_of(tables, seed=seed, higher=True), worth, width=width)
    return [one.candidate.model for one in found]
