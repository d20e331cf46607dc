"""Candidates in words: what each is, by what sets it apart from the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cauce.core.candidates.trials import Candidate, Trial
from cauce.language import format_number, format_significant, translate
from cauce.language import gettext_noop as _
from cauce.spec.mapping import plain

_ASIDE = frozenset(("learner", "search"))
BATCH = ("batches", "batch")
"""Settings that say which rows a candidate learns from, not what it is like."""


def settings_of(candidate: Candidate) -> dict[str, Any]:
    """A candidate's settings by name, those of a penalty and of a subset by their own; its learner and
    search aside."""
    found: dict[str, Any] = {}
    for name, value in plain(candidate.model).items():
        if name not in _ASIDE:
            parts = isinstance(value, Mapping) and name in ("penalty", "subset")
            found |= value if parts else {name: value}
    return found


def varied(candidates: Iterable[Candidate]) -> dict[str, tuple[str, ...]]:
    """By learner, the settings that are not the same in all of its candidates, in the learner's order."""
    by_learner: dict[str, list[dict[str, Any]]] = {}
    for one in candidates:
        by_learner.setdefault(one.model.learner, []).append(settings_of(one))
    return {
        learner: tuple(
            name
            for name in dict.fromkeys(name for one in known for name in one)
            if any(one.get(name) != known[0].get(name) for one in known)
        )
        for learner, known in by_learner.items()
    }


def words(candidates: Sequence[Candidate]) -> dict[int, str]:
    """What to call each candidate, by number: its learner, then the settings in which they differ."""
    names = varied(candidates)
    return {one.number: _said(one, names[one.model.learner]) for one in candidates}


def ranks(trials: Sequence[Trial]) -> dict[int, str]:
    """What to call each candidate for short, by number: # and its rank. trials: as a leaderboard has them."""
    return {one.candidate.number: f"#{rank}" for rank, one in enumerate(trials, 1)}


def _said(candidate: Candidate, names: Sequence[str]) -> str:
    own = settings_of(candidate)
    told = [f"{name} {setting_words(own.get(name))}" for name in names if name not in BATCH]
    told += [_batch_words(own)] if any(name in BATCH for name in names) else []
    return f"{candidate.model.learner}: {', '.join(told)}" if told else candidate.model.learner


def _batch_words(own: Mapping[str, Any]) -> str:
    if "batch" not in own:
        return translate(_("all rows"))
    text = translate(_("batch {number} (of {rows} rows)"))
    return text.format(number=format_number(own["batch"]), rows=format_number(own["batches"]))


def setting_words(value: Any) -> str:
    """A setting's value as a reader of the active language writes it."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return format_significant(value, 6)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name} {setting_words(one)}" for name, one in value.items()) + "}"
    return str(value)


def rungs_of(trials: Iterable[Trial], table: int, *, resource: str) -> dict[int, tuple[Trial, ...]]:
    """The trials of one table's halving by how much of the resource they got, the least first."""
    found: dict[int, list[Trial]] = {}
    for one in trials:
        if one.candidate.table == table:
            found.setdefault(int(getattr(one.candidate.model, resource)), []).append(one)
    return {amount: tuple(found[amount]) for amount in sorted(found)}
