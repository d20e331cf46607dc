"""A database while this process alone replaces its tables, whichever database it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

Name = tuple[str, ...]
"""A table's name, after that of its database (MySQL) or schema (PostgreSQL)."""


@dataclass(frozen=True)
class Limits:
    """What tables of a kind of database can be.

    columns: the most. mark: what encloses names. size: of a name, in characters or bytes as `measure`
    counts. basic: names are of characters up to U+FFFF and do not end with a space. capitals: whether names
    differ by them. schemas: whether tables stand in databases or schemas; else a prefix tells them apart.
    reserved: names that columns cannot have. nan, infinite, zoned: whether there are such values.
    """

    columns: int
    mark: str = '"'
    size: int = 1 << 20
    measure: Callable[[str], int] = len
    basic: bool = False
    capitals: bool = False
    schemas: bool = True
    reserved: frozenset[str] = frozenset()
    nan: bool = False
    infinite: bool = False
    zoned: bool = False


class Claimed(Protocol):
    """A database in which this process alone replaces tables."""

    def have(self, name: Name) -> bool:
        """Whether there is a table or a view of this name."""
        ...

    def make_part(self, part: str) -> None:
        """Make the database or schema where it is not there."""
        ...

    def drop(self, *names: Name) -> None:
        """Drop tables, where they are there."""
        ...

    def put(self, pairs: Sequence[tuple[Name, Name]]) -> None:
        """Let each first table take the place of the second, which may be there: all or none of them."""
        ...


def shown_name(name: Name) -> str:
    """A table's name as one would write it."""
    return ".".join(name)
