"""Rows that the workers of an engine read by themselves, and short questions put to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

import polars as pl

from cauce.core.reading.notices import Notice
from cauce.expr.schema import Schema

Question = Callable[[], Any]
"""Something short to find out where the data are: a serialisable value whose answer is plain JSON."""

Ask = Callable[[Sequence[Question]], Iterable[Any]]
"""Puts questions and gives their answers in the questions' order, or raises what the first one raises."""

Transform = Callable[[int, Iterator[pl.DataFrame]], Iterator[pl.DataFrame]]
"""What a task makes of its batches, given the number of its part of the table: a serialisable value."""


class Piece(Protocol):
    """Some rows of a source that one task reads without the others: a serialisable value."""

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """The rows, in order, with these columns of the source's schema (None: all of them)."""
        ...


class InPieces(Protocol):
    """A source whose rows are read where the workers are."""

    @property
    def schema(self) -> Schema: ...

    @property
    def pieces(self) -> Sequence[Piece]:
        """Pieces that together hold every row once, in the source's order."""
        ...


@runtime_checkable
class Asking(Protocol):
    """An engine with workers that read files themselves."""

    def ask(self, questions: Sequence[Question]) -> Iterable[Any]:
        """See `Ask`."""
        ...


@runtime_checkable
class HeldRows(Protocol):
    """Rows that only the engine reaches, such as a table of its catalog; scanned like a source.

    held: the kinds that the columns have there. notices: what is to be said of them.
    """

    @property
    def name(self) -> str: ...

    @property
    def held(self) -> Schema: ...

    @property
    def schema(self) -> Schema: ...

    @property
    def notices(self) -> tuple[Notice, ...]: ...

    def made_by(self, transform: Transform, schema: Schema) -> HeldRows:
        """The same rows after `transform`, which makes batches of `schema`."""
        ...


@runtime_checkable
class HoldingTables(Protocol):
    """An engine with tables of its own."""

    def open_table(self, asked: Any, *, drop: Sequence[str] = ()) -> HeldRows:
        """The rows of the table of that name, or of one given as the engine's own object."""
        ...

    def open_remote(self, paths: Sequence[str], *, form: str, drop: Sequence[str] = ()) -> HeldRows:
        """The rows of files that the engine alone can open. form: parquet, orc, or auto to go by names."""
        ...
