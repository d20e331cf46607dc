"""The verdict on a table: from its schema and profile where they tell, else from one scan."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from cauce.core.profile.values import Profile
from cauce.core.validation.checks import AnyOf, Check, Missing, Repeating
from cauce.core.validation.expected import Expectation, Expected, Misfit
from cauce.core.validation.knowing import passes
from cauce.core.validation.marking import Failures, FailureState, Marks, RepeatedKeys, lane_names, mark_names
from cauce.core.validation.verdict import Outcome, Verdict
from cauce.stats import Extremes

Look = Callable[..., tuple[Any, ...]]
"""look(work, *summaries): the summaries' results over the numbered rows that `work` makes, from one scan."""


@dataclass(frozen=True)
class Judgement:
    """The verdict, and what the rows to set aside fail: names and checks."""

    verdict: Verdict
    quarantine: tuple[tuple[str, Check], ...] = ()


def judge(expected: Expected, look: Look, *, profile: Profile | None = None) -> Judgement:
    """Judge every expectation. No scan where `profile`, of the same rows, shows that all hold.

    One scan otherwise; a second of the key columns where keys repeat, to tell where, and one more where
    several expectations set rows aside, to count them together.
    """
    seen = _seen(expected, look, profile)
    rows = seen.rows
    outcomes: list[Outcome] = []
    checks: dict[str, Check] = {}
    repeated = _repeated(expected, look, seen)
    for one in expected.expectations:
        if one.kind == "unique" and one.name in repeated:
            check, count, places = repeated[one.name]
            outcomes.append(_outcome(one, count, places, rows))
            checks[one.name] = check
        else:
            count, places = seen.failed.get(one.name, (0, ()))
            outcomes.append(_whole(one, expected, seen) or _outcome(one, count, places, rows))
            if one.check is not None:
                checks[one.name] = one.check
    outcomes += [_misfit(one, seen) for one in expected.misfits]
    verdict = Verdict(rows, tuple(outcomes))
    aside = tuple((one.name, checks[one.name]) for one in verdict.failures if one.action == "quarantine")
    return Judgement(replace(verdict, quarantined=_together(verdict, aside, expected, look)), aside)


@dataclass(frozen=True)
class _Seen:
    """What the profile or the scan showed. failed: rows and places by expectation; keys: repeated lanes."""

    rows: int
    failed: dict[str, tuple[int, tuple[int, ...]]]
    keys: dict[str, Any]
    empty: frozenset[str]
    newest: Any


def _seen(expected: Expected, look: Look, profile: Profile | None) -> _Seen:
    open_ = [
        one for one in expected.expectations if not (profile and passes(one, profile, schema=expected.schema))
    ]
    rows = [one for one in open_ if one.check is not None]
    keys = [one for one in open_ if one.kind == "unique"]
    fresh = [one.columns[0] for one in expected.of_kind("freshness")]
    doubtful = [one.outcome.columns[0] for one in expected.misfits if one.outcome.kind == "type"]
    if profile is not None and not rows and not keys:
        newest = profile[fresh[0]].high if fresh else None
        return _Seen(profile.rows, {}, {}, _empty(doubtful, profile), newest)
    checks = (*(one.check for one in rows if one.check is not None), *map(Missing, doubtful))
    work = Marks(expected.schema, checks, tuple(one.columns for one in keys), tuple(fresh))
    found, *others = look(
        work,
        Failures(mark_names(len(checks))),
        *(RepeatedKeys(lane_names(k)) for k in range(len(keys))),
        *((Extremes(tuple(fresh)),) if fresh else ()),
    )
    counted = list(zip(found.counts, found.places, strict=True))
    gone = zip(doubtful, found.counts[len(rows) :], strict=True)
    return _Seen(
        found.rows,
        {one.name: pair for one, pair in zip(rows, counted, strict=False)},
        {one.name: lanes for one, lanes in zip(keys, others, strict=False)},
        frozenset(name for name, count in gone if count == found.rows),
        others[-1][fresh[0]].high if fresh else None,
    )


def _empty(columns: Iterable[str], profile: Profile) -> frozenset[str]:
    return frozenset(name for name in columns if not profile[name].present)


def _repeated(expected: Expected, look: Look, seen: _Seen) -> dict[str, tuple[Check, int, tuple[int, ...]]]:
    """For each key that repeats: its check, and the rows and places that share a key."""
    columns = {one.name: one.columns for one in expected.expectations}
    found = {
        name: Repeating(columns[name], expected.schema, lanes.first, lanes.second)
        for name, lanes in seen.keys.items()
        if len(lanes.first)
    }
    if not found:
        return {}
    counted = _count(tuple(found.values()), expected, look)
    parts = zip(found.items(), counted.counts, counted.places, strict=True)
    return {name: (check, count, places) for (name, check), count, places in parts}


def _count(checks: tuple[Check, ...], expected: Expected, look: Look) -> FailureState:
    (found,) = look(Marks(expected.schema, checks), Failures(mark_names(len(checks))))
    counted: FailureState = found
    return counted


def _together(verdict: Verdict, aside: tuple[tuple[str, Check], ...], expected: Expected, look: Look) -> int:
    """How many rows fail one of several expectations or more."""
    if len(aside) > 1:
        return _count((AnyOf(tuple(check for _, check in aside)),), expected, look).counts[0]
    return sum(one.failed for one in verdict.failures if one.action == "quarantine")


def limit_outcome(name: str, count: int, *, limit: float, rows: int) -> Outcome:
    """Whether `count` of `rows` rows is within a limit of the project: a whole number of rows, or a share."""
    most = limit if isinstance(limit, int) else limit * rows
    share = count / rows if rows else 0.0
    setting = name.rpartition(".")[2]
    return Outcome(name, "limit", (), {setting: limit}, "stop", count <= most, count, share)


def _outcome(one: Expectation, count: int, places: tuple[int, ...], rows: int) -> Outcome:
    share = count / rows if rows else 0.0
    return Outcome(
        name=one.name,
        kind=one.kind,
        columns=one.columns,
        declared=one.declared,
        action=one.action,
        passed=share <= one.limit,
        failed=count,
        share=share,
        limit=one.limit,
        places=places,
    )


def _whole(one: Expectation, expected: Expected, seen: _Seen) -> Outcome | None:
    """The outcome of what no single row is at fault for."""
    blank = _outcome(one, 0, (), 0)
    if one.kind == "type":
        return replace(blank, observed=expected.schema[one.columns[0]].kind)
    if one.kind == "rows":
        least, most = one.declared.get("min", 0), one.declared.get("max", seen.rows)
        holds = int(str(least)) <= seen.rows <= int(str(most))
        return replace(blank, passed=holds, observed=seen.rows)
    if one.kind == "freshness":
        newest = seen.newest.isoformat() if isinstance(seen.newest, date) else None
        return replace(blank, passed=None, observed=newest)
    return None


def _misfit(one: Misfit, seen: _Seen) -> Outcome:
    """A column without any value is of every kind."""
    columns = one.outcome.columns
    nothing = one.outcome.kind == "type" and columns[0] in seen.empty
    return replace(one.outcome, passed=True) if nothing else one.outcome
