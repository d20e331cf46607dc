"""Summaries made of summaries: by group, of some rows, several at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from cauce.errors import CauceError
from cauce.expr.batch import take
from cauce.stats.mergeable import at_least, column
from cauce.stats.scalars import order
from cauce.stats.state_bytes import pack, unpack
from cauce.stats.summary import Summary

_VERSION = 1


def _pack(summary: Any, tree: Any) -> bytes:
    return pack(summary, _VERSION, tree=tree)


def _unpack(summary: Any, data: bytes) -> Any:
    return unpack(summary, _VERSION, data=data)


def _loaded(inner: Summary, data: Any, outer: Any) -> Any:
    if not isinstance(data, bytes):
        raise CauceError("E0205", summary=type(outer).__name__, detail="parts")
    return inner.load(data)


@dataclass(frozen=True)
class GroupedState:
    """Groups in ascending order (null first) with their states; nothing where there were too many."""

    groups: tuple[tuple[Any, Any], ...] = ()
    overflow: bool = False


@dataclass(frozen=True)
class GroupedResults:
    """The result of each group by its value (null as None); empty where `overflow`."""

    groups: dict[Any, Any]
    overflow: bool


@dataclass(frozen=True)
class Grouped:
    """`summary` for each value of `by`: a whole-number, text, boolean or date column of few values.

    limit: groups beyond which the state keeps nothing but `overflow`. Null is a group. Raises E0202.
    """

    by: str
    summary: Summary
    limit: int = 1000

    def __post_init__(self) -> None:
        at_least(self, "limit", lowest=1)

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.by, *self.summary.columns)))

    def start(self) -> GroupedState:
        return GroupedState()

    def update(self, state: GroupedState, batch: pl.DataFrame) -> GroupedState:
        """The state with the rows of `batch` added. Raises E0101, E0202."""
        series = column(batch, self.by)
        if series.dtype.is_float() or series.dtype.is_decimal():
            needed = "whole numbers, texts, booleans or dates"
            raise CauceError("E0202", column=self.by, found=series.dtype, summary="Grouped", needed=needed)
        if state.overflow or series.n_unique() > self.limit:
            return GroupedState(overflow=True)
        found = dict(state.groups)
        own = take(batch, self.columns)
        for (group,), part in own.partition_by(self.by, as_dict=True).items():
            known = found[group] if group in found else self.summary.start()
            found[group] = self.summary.update(known, part)
        return self._kept(found)

    def merge(self, left: GroupedState, right: GroupedState) -> GroupedState:
        if left.overflow or right.overflow:
            return GroupedState(overflow=True)
        found = dict(left.groups)
        for group, own in right.groups:
            found[group] = self.summary.merge(found[group], own) if group in found else own
        return self._kept(found)

    def result(self, state: GroupedState) -> GroupedResults:
        found = {group: self.summary.result(own) for group, own in state.groups}
        return GroupedResults(found, state.overflow)

    def dump(self, state: GroupedState) -> bytes:
        states = [self.summary.dump(own) for _, own in state.groups]
        groups = [group for group, _ in state.groups]
        return _pack(self, {"overflow": state.overflow, "groups": groups, "states": states})

    def load(self, data: bytes) -> GroupedState:
        """The state `dump` wrote. Raises E0203, E0204, E0205."""
        tree = _unpack(self, data)
        try:
            groups = zip(tree["groups"], tree["states"], strict=True)
            found = {group: _loaded(self.summary, own, self) for group, own in groups}
            overflow = bool(tree["overflow"])
        except (KeyError, TypeError, ValueError) as error:
            raise CauceError("E0205", summary="Grouped", detail=type(error).__name__) from error
        return GroupedState(overflow=True) if overflow else self._kept(found)

    def _kept(self, found: dict[Any, Any]) -> GroupedState:
        if len(found) > self.limit:
            return GroupedState(overflow=True)
        return GroupedState(tuple((group, found[group]) for group in sorted(found, key=order)))


@dataclass(frozen=True)
class Filtered:
    """`summary` of the rows whose `column` holds one of `values` (None stands for null)."""

    column: str
    values: tuple[bool | int | str | None, ...]
    summary: Summary

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.column, *self.summary.columns)))

    def start(self) -> Any:
        return self.summary.start()

    def update(self, state: Any, batch: pl.DataFrame) -> Any:
        """The state with the rows of `batch` that qualify added. Raises E0101, E0202."""
        series = column(batch, self.column)
        try:
            wanted = pl.Series(self.values, dtype=series.dtype, strict=True)
        except (pl.exceptions.PolarsError, TypeError, OverflowError) as error:
            needed = "values of the column's kind"
            raise CauceError(
                "E0202", column=self.column, found=series.dtype, summary="Filtered", needed=needed
            ) from error
        own = take(batch, self.columns)
        rows = own.filter(series.is_in(wanted.implode(), nulls_equal=True))
        return self.summary.update(state, rows) if rows.height else state

    def merge(self, left: Any, right: Any) -> Any:
        return self.summary.merge(left, right)

    def result(self, state: Any) -> Any:
        return self.summary.result(state)

    def dump(self, state: Any) -> bytes:
        return _pack(self, self.summary.dump(state))

    def load(self, data: bytes) -> Any:
        """The state `dump` wrote. Raises E0203, E0204, E0205."""
        return _loaded(self.summary, _unpack(self, data), self)


@dataclass(frozen=True)
class Several:
    """Several summaries of the same rows in one pass; the result is a tuple in their order."""

    summaries: tuple[Summary, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for own in self.summaries for name in own.columns))

    def start(self) -> tuple[Any, ...]:
        return tuple(own.start() for own in self.summaries)

    def update(self, state: tuple[Any, ...], batch: pl.DataFrame) -> tuple[Any, ...]:
        """The state with the rows of `batch` added. Raises E0101, E0202."""
        both = zip(self.summaries, state, strict=True)
        return tuple(own.update(known, batch) for own, known in both)

    def merge(self, left: tuple[Any, ...], right: tuple[Any, ...]) -> tuple[Any, ...]:
        every = zip(self.summaries, left, right, strict=True)
        return tuple(own.merge(one, other) for own, one, other in every)

    def result(self, state: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(own.result(known) for own, known in zip(self.summaries, state, strict=True))

    def dump(self, state: tuple[Any, ...]) -> bytes:
        return _pack(self, [own.dump(known) for own, known in zip(self.summaries, state, strict=True)])

    def load(self, data: bytes) -> tuple[Any, ...]:
        """The state `dump` wrote. Raises E0203, E0204, E0205."""
        tree = _unpack(self, data)
        if not isinstance(tree, list) or len(tree) != len(self.summaries):
            raise CauceError("E0205", summary="Several", detail="parts")
        return tuple(_loaded(own, part, self) for own, part in zip(self.summaries, tree, strict=True))
