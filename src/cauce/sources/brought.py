"""What it means that rows are somewhere else: what is asked for, what is brought, and who brings it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from cauce.core.reading.notices import Notice
from cauce.sources.options import FileFormat

if TYPE_CHECKING:
    import polars as pl

Report = Callable[[float, float | None], None]
"""Hears how many rows (or bytes) are here, of how many where that is known."""


class Onlooker(Protocol):
    """Sees rows while they are on their way into a file."""

    def looking(self, schema: Any) -> AbstractContextManager[Callable[[pl.DataFrame], None]]:
        """Takes the frames of rows of the file's Arrow schema, all of them in order, every column in one
        piece. Rows that end with an exception are no rows, and begin anew."""
        ...


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a project says beside the address. home: what a relative path is relative to. query: of a
    database, in place of a table. drop: columns that need not be brought. onlooker: who wants to see rows
    that may have changed before all are here, where they come as frames."""

    home: Path
    query: str | None = None
    drop: tuple[str, ...] = ()
    onlooker: Onlooker | None = None


@dataclass(frozen=True)
class Brought:
    """What was brought. files: their names in the folder, in order. format: what they are.

    identity: of the rows, where it was computed on the way; None: the files' bytes say whether they changed.
    """

    files: tuple[str, ...]
    format: FileFormat = "auto"
    identity: str | None = None
    notices: tuple[Notice, ...] = ()


class Remote(Protocol):
    """Rows at an address. Nothing is asked of the other side before a method is called."""

    def check(self) -> tuple[str, ...]:
        """Whether the rows could be brought now: sentences on what was found, or what `bring` would raise."""
        ...

    def bring(self, folder: Path, report: Report) -> Brought:
        """Bring all rows as files into the address's own folder, which is empty or holds what earlier calls
        left there, whole or cut off: who can ask whether anything changed brings only that (web addresses,
        Socrata). All rows, once each, or an error; the files of an earlier call stay for a day."""
        ...


@runtime_checkable
class Remembering(Protocol):
    """Rows of which nobody can tell whether they changed but by bringing them."""

    def known(self, folder: Path) -> str:
        """The identity of what was brought there last, for who runs nothing. Says that it may have changed;
        another text where nothing was ever brought."""
        ...
