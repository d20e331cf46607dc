"""A table of a database while rows are written to it, whichever database it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from cauce.sources.sql.wording import Asked, parts_of, quoted
from cauce.spec.addresses import Address

RUN = "cauce_run"
"""The column that says which run wrote a row."""


class Writing(Protocol):
    """An open transaction on a table that has the columns."""

    def names(self) -> tuple[str, ...]:
        """The table's columns."""
        ...

    def forget(self, run: str) -> None:
        """Delete what an earlier attempt of the run wrote."""
        ...

    def add(self, frame: pl.DataFrame) -> None:
        """Insert rows."""
        ...

    def count(self, run: str) -> int:
        """How many rows of the run are there."""
        ...


@dataclass(frozen=True)
class Target:
    """A table to write to. dtypes: of its columns where it has to be made."""

    address: Address
    home: Path
    dtypes: dict[str, Any]

    @property
    def asked(self) -> Asked:
        """The table's name."""
        return Asked(parts_of(self.address.fragment))


def declared(table: Target, types: Callable[[Any], str], *, mark: str) -> str:
    """The columns of CREATE TABLE. types: from a Polars type to the database's."""
    return ", ".join(f"{quoted(name, mark)} {types(dtype)}" for name, dtype in table.dtypes.items())
