"""Tables of MySQL or MariaDB that take the place of others, in one RENAME."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cauce.errors import CauceError
from cauce.sources.sql.claiming import Claimed, Limits, Name, shown_name
from cauce.sources.sql.mysql import MARK, connected
from cauce.sources.sql.mysql_failures import translated_by
from cauce.sources.sql.wording import Asked, quoted
from cauce.spec.addresses import Address

LIMITS = Limits(columns=1017, mark=MARK, size=64, basic=True)
_CLAIM, _PATIENCE = 64, 5
_OLD = "cauce_old_"


@contextmanager
def claimed(address: Address, home: Path, *, claim: str) -> Iterator[Claimed]:  # noqa: ARG001
    """The server while no other connection has the lock of this name."""
    with connected(address) as connection, connection.cursor() as cursor:
        held = _Claimed(cursor, address)
        held.run("SET SESSION lock_wait_timeout = 60", ())
        held.run("SELECT GET_LOCK(%s, %s)", (f"cauce {claim}"[:_CLAIM], _PATIENCE))
        if cursor.fetchone()[0] != 1:
            raise CauceError("E2569", address=address)
        yield held


@dataclass(frozen=True)
class _Claimed:
    """A connection that holds the lock."""

    cursor: Any
    address: Address

    def run(self, text: str, values: Any = None, *, name: Name = ()) -> None:
        """Run a statement; its failures in our own codes."""
        with translated_by(self.address, Asked(name or (self.address.path,))):
            self.cursor.execute(text, values)

    def have(self, name: Name) -> bool:
        self.run(
            "SELECT 1 FROM information_schema.tables WHERE table_schema = %s AND table_name = %s",
            name,
            name=name,
        )
        return bool(self.cursor.fetchone())

    def make_part(self, part: str) -> None:
        self.run("SELECT 1 FROM information_schema.schemata WHERE schema_name = %s", (part,))
        if not self.cursor.fetchone():
            text = f"CREATE DATABASE IF NOT EXISTS {quoted(part, MARK)} CHARACTER SET utf8mb4"
            self.run(text, name=(part,))

    def drop(self, *names: Name) -> None:
        # Only what is there: a note on what is not would be printed by the driver.
        for name in names:
            if self.have(name):
                self.run(f"DROP TABLE {Asked(name).source(MARK)}", name=name)

    def put(self, pairs: Sequence[tuple[Name, Name]]) -> None:
        aside = [(old, (*old[:-1], _OLD + old[-1])) for _, old in pairs]
        self.drop(*(name for _, name in aside))
        there = [(old, name) for old, name in aside if self.have(old)]
        moves = [*there, *pairs]
        text = ", ".join(f"{Asked(one).source(MARK)} TO {Asked(other).source(MARK)}" for one, other in moves)
        self.run(f"RENAME TABLE {text}", name=(shown_name(pairs[0][1]),))
        self.drop(*(name for _, name in there))
