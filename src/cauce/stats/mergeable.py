"""The two shapes of a summary: one state for the batch, or one state for each column."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, TypeVar

import polars as pl

from cauce.errors import CauceError
from cauce.stats.state_bytes import pack, unpack
from cauce.stats.state_trees import from_tree, to_tree

S = TypeVar("S")
R = TypeVar("R")


class Mergeable(ABC, Generic[S, R]):
    """A summary whose state of a batch is made by `of` and merged by `merge`; both leave inputs alone.

    state_type: the dataclass of the state, by which `load` checks what it reads. version: of its form.
    """

    state_type: ClassVar[Any]
    version: ClassVar[int] = 1

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """The columns of a batch it reads."""

    @abstractmethod
    def start(self) -> S:
        """The state of no rows."""

    @abstractmethod
    def of(self, batch: pl.DataFrame) -> S:
        """The state of one batch alone."""

    @abstractmethod
    def merge(self, left: S, right: S) -> S:
        """The state of the rows of both."""

    @abstractmethod
    def result(self, state: S) -> R:
        """What the rows amount to."""

    def update(self, state: S, batch: pl.DataFrame) -> S:
        """The state with the rows of `batch` added. Raises E0101, E0202."""
        return self.merge(state, self.of(batch)) if batch.height else state

    def dump(self, state: S) -> bytes:
        """The state as versioned, checked bytes."""
        return pack(self, self.version, tree=to_tree(state))

    def load(self, data: bytes) -> S:
        """The state `dump` wrote. Raises E0203, E0204, E0205."""
        tree = unpack(self, self.version, data=data)
        state: S = checked(self, tree)
        return state


def checked(summary: Any, tree: Any) -> Any:
    """The state of `summary` that `tree` holds. Raises E0205."""
    try:
        return from_tree(summary.state_type, tree)
    except (TypeError, ValueError) as error:
        raise CauceError("E0205", summary=type(summary).__name__, detail=type(error).__name__) from error


class ByColumn(ABC, Generic[S, R]):
    """A summary of several columns apart: its state is a tuple, its result a dict by column."""

    state_type: ClassVar[Any]
    version: ClassVar[int] = 1
    columns: tuple[str, ...]

    @abstractmethod
    def start_column(self) -> S:
        """The state of no rows."""

    @abstractmethod
    def of_column(self, series: pl.Series, known: S) -> S:
        """The state of one column of a batch alone; `known`, the state so far, may save work."""

    @abstractmethod
    def merge_column(self, left: S, right: S) -> S:
        """The state of the rows of both."""

    @abstractmethod
    def result_column(self, state: S) -> R:
        """What one column's rows amount to."""

    def start(self) -> tuple[S, ...]:
        """The state of no rows, for each column."""
        return tuple(self.start_column() for _ in self.columns)

    def update(self, state: tuple[S, ...], batch: pl.DataFrame) -> tuple[S, ...]:
        """The state with the rows of `batch` added. Raises E0101, E0202."""
        if not batch.height:
            return state
        every = (column(batch, name) for name in self.columns)
        return tuple(
            self.merge_column(known, self.of_column(series, known))
            for known, series in zip(state, every, strict=True)
        )

    def merge(self, left: tuple[S, ...], right: tuple[S, ...]) -> tuple[S, ...]:
        """The state of the rows of both."""
        return tuple(self.merge_column(one, other) for one, other in zip(left, right, strict=True))

    def result(self, state: tuple[S, ...]) -> dict[str, R]:
        """One result for each column, by name."""
        return {name: self.result_column(own) for name, own in zip(self.columns, state, strict=True)}

    def dump(self, state: tuple[S, ...]) -> bytes:
        """The state as versioned, checked bytes."""
        return pack(self, self.version, tree=to_tree(state))

    def load(self, data: bytes) -> tuple[S, ...]:
        """The state `dump` wrote. Raises E0203, E0204, E0205."""
        tree = unpack(self, self.version, data=data)
        if not isinstance(tree, list) or len(tree) != len(self.columns):
            raise CauceError("E0205", summary=type(self).__name__, detail="columns")
        return tuple(checked(self, item) for item in tree)


def column(batch: pl.DataFrame, name: str) -> pl.Series:
    """The column `name`, without its name. Raises E0101 where there is none."""
    try:
        found = batch.get_column(name)
    except pl.exceptions.ColumnNotFoundError:
        raise CauceError("E0101", column=name, columns=", ".join(batch.columns)) from None
    # Polars runs many methods of a series through its name: one called "^a*$" would be read as a pattern.
    return found.alias("cells")


def at_least(summary: Any, option: str, *, lowest: int) -> None:
    """Refuse a declaration whose `option` is below `lowest` (E0206)."""
    value = getattr(summary, option)
    if value < lowest:
        raise CauceError(
            "E0206", summary=type(summary).__name__, option=option, value=value, needed=f"≥ {lowest}"
        )
