"""The laws of a summary as checks: for Cauce's own and for those an extension adds."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np
import polars as pl

from cauce.stats.summary import Summary

LAW_TOLERANCE = 1e-9


def check_laws(summary: Summary, batches: Sequence[pl.DataFrame], *, scale: float | None = None) -> Any:
    """Check every law of `summary` on these batches and return its result.

    scale: Σ|x| (or of the products summed) where the result holds float sums: they may differ by
    1e-9 of it. None: every number must be equal. Raises AssertionError that names the law.
    """
    whole = pl.concat(batches)
    expected = summary.result(summary.update(summary.start(), whole))
    states = [summary.update(summary.start(), batch) for batch in batches]
    for law, state in _routes(summary, batches, states, whole).items():
        if not same(expected, summary.result(state), scale=scale):
            raise AssertionError(f"{type(summary).__name__}: {law} changes the result")
    _check_bytes(summary, states)
    _check_untouched(summary, batches, states)
    return expected


def _routes(
    summary: Summary, batches: Sequence[pl.DataFrame], states: Sequence[Any], whole: pl.DataFrame
) -> dict[str, Any]:
    """The state of the same rows by every route that must not matter."""
    start, empty = summary.start(), whole.clear()
    one_by_one = [summary.update(start, row) for row in whole.iter_slices(1)]
    return {
        "one batch after another": reduce(summary.update, batches, start),
        "the order of batches": reduce(summary.update, reversed(batches), start),
        "the order of rows": summary.update(start, whole.reverse()),
        "merging from the left": reduce(summary.merge, states, start),
        "merging from the right": reduce(lambda right, left: summary.merge(left, right), states[::-1], start),
        "merging in a tree": _tree(summary, states),
        "the order of merging": _tree(summary, states[::-1]),
        "a batch for each row": _tree(summary, one_by_one),
        "a neutral state on the right": summary.merge(summary.update(start, whole), start),
        "a neutral state on the left": summary.merge(start, summary.update(start, whole)),
        "an empty batch": summary.update(summary.update(summary.update(start, empty), whole), empty),
        "storing the states": _tree(summary, [summary.load(summary.dump(state)) for state in states]),
        "going on from a stored state": reduce(
            lambda state, batch: summary.update(summary.load(summary.dump(state)), batch), batches, start
        ),
    }


def _tree(summary: Summary, states: Sequence[Any]) -> Any:
    if len(states) < 2:
        return states[0] if states else summary.start()
    half = len(states) // 2
    return summary.merge(_tree(summary, states[:half]), _tree(summary, states[half:]))


def _check_bytes(summary: Summary, states: Sequence[Any]) -> None:
    for state in (*states, summary.start()):
        data = summary.dump(state)
        if summary.dump(summary.load(data)) != data:
            raise AssertionError(f"{type(summary).__name__}: a stored state is not the state")


def _check_untouched(summary: Summary, batches: Sequence[pl.DataFrame], states: Sequence[Any]) -> None:
    before = [summary.dump(state) for state in states]
    for state, batch in zip(states, batches, strict=True):
        summary.update(state, batch)
        summary.merge(state, states[0])
        summary.result(state)
    if [summary.dump(state) for state in states] != before:
        raise AssertionError(f"{type(summary).__name__}: update or merge changes a state it was given")


def same(one: Any, other: Any, *, scale: float | None = None) -> bool:
    """Whether two results are equal, NaN to NaN, floats within 1e-9 of `scale`."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return _near(one, other, scale)
    parts, others = _parts(one), _parts(other)
    if parts is None or others is None:
        return bool(one == other)
    return parts.keys() == others.keys() and all(same(parts[key], others[key], scale=scale) for key in parts)


def _parts(value: Any) -> dict[Any, Any] | None:
    """What a result is made of, by name or place; None for a single value."""
    if isinstance(value, pl.DataFrame):
        return {"types": str(value.schema), **value.to_dict(as_series=False)}
    if isinstance(value, pl.Series):
        value = (str(value.dtype), *value.to_list())
    if isinstance(value, np.ndarray):
        value = (*value.shape, *value.reshape(-1).tolist())
    if isinstance(value, list | tuple):
        return dict(enumerate(value))
    if dataclasses.is_dataclass(value):
        return vars(value)
    return value if isinstance(value, dict) else None


def _near(one: float, other: float, scale: float | None) -> bool:
    if one == other or (math.isnan(one) and math.isnan(other)):
        return True
    return scale is not None and abs(one - other) <= LAW_TOLERANCE * max(scale, abs(one), abs(other))
