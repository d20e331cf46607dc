"""Rows that the workers of an engine read by themselves, and short questions put to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

import polars as pl

from cauce.expr.schema import Schema

Question = Callable[[], Any]
"""Something short to find out where the data are: a serialisable value whose answer is plain JSON."""

Ask = Callable[[Sequence[Question]], Iterable[Any]]
"""Puts questions and gives their answers in the questions' order, or raises what the first one raises."""


class Piece(Protocol):
    """Some rows of a source that one task reads without the others: a serialisable value."""

    def batches(self) -> Iterator[pl.DataFrame]:
        """The rows, with all columns of the source's schema."""
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
