"""What a database gives while it is read, whichever it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import polars as pl

from cauce.sources.sql.wording import Asked

ROWS = 1 << 16
"""About how many rows a batch has at most."""


@dataclass(frozen=True)
class Column:
    """A column that can be read. dtype: of its values in every batch, which loses nothing of them."""

    name: str
    dtype: Any


class Lost(Exception):  # noqa: N818 - it says what happened
    """The connection ended before the rows did."""


class Reader(Protocol):
    """An open snapshot of a database, from which nothing can be written."""

    @property
    def columns(self) -> tuple[Column, ...]: ...

    @property
    def server(self) -> str:
        """What the database calls itself, with its version."""
        ...

    def expected(self) -> float | None:
        """About how many rows there are, where that is known without counting."""
        ...

    def seconds(self) -> float | None:
        """The server's clock, in seconds since 1970; None where it is this machine's."""
        ...

    def batches(self) -> Iterator[pl.DataFrame]:
        """Every row once, in columns of the declared types. Raises `Lost`."""
        ...

    @property
    def undated(self) -> dict[str, int]:
        """How many dates of each column were none (0000-00-00, infinity) in the batches so far."""
        ...


Opening = Callable[[Asked], AbstractContextManager[Reader]]


class Dialect(Protocol):
    """What each kind of database brings along."""

    @property
    def OPTIONS(self) -> tuple[str, ...] | None:  # noqa: N802 - a constant of a module
        """The options of an address; None for any, which are the driver's to judge."""
        ...

    def reader(self, address: Any, home: Any) -> Opening:
        """What opens snapshots of the database at the address."""
        ...
