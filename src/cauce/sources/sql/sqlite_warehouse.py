"""Tables of SQLite that take the place of others, in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cauce.sources.sql.claiming import Claimed, Limits, Name
from cauce.sources.sql.sqlite import connected
from cauce.sources.sql.wording import Asked, quoted
from cauce.spec.addresses import Address

LIMITS = Limits(columns=2000, schemas=False, infinite=True)
_MARK = '"'


@contextmanager
def claimed(address: Address, home: Path, *, claim: str) -> Iterator[Claimed]:  # noqa: ARG001
    """The file. Other processes are kept away by who calls this: SQLite has no locks of other names."""
    with connected(address, home, asked=Asked((address.path,))) as connection:
        # Views go on reading the table that has the name, whichever it is.
        connection.execute("PRAGMA legacy_alter_table = ON")
        yield _Claimed(connection)


@dataclass(frozen=True)
class _Claimed:
    """A connection to the file."""

    connection: sqlite3.Connection

    def have(self, name: Name) -> bool:
        text = "SELECT 1 FROM sqlite_master WHERE type IN ('table', 'view') AND name = ? COLLATE NOCASE"
        return self.connection.execute(text, name).fetchone() is not None

    def make_part(self, part: str) -> None:
        """Nothing: the part is the beginning of the tables' names."""

    def drop(self, *names: Name) -> None:
        for (name,) in names:
            self.connection.execute(f"DROP TABLE IF EXISTS {quoted(name, _MARK)}")

    def put(self, pairs: Sequence[tuple[Name, Name]]) -> None:
        with closing(self.connection.cursor()) as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            try:
                for (new,), (old,) in pairs:
                    cursor.execute(f"DROP TABLE IF EXISTS {quoted(old, _MARK)}")
                    cursor.execute(f"ALTER TABLE {quoted(new, _MARK)} RENAME TO {quoted(old, _MARK)}")
                cursor.execute("COMMIT")
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
