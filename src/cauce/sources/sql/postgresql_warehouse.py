"""Tables of PostgreSQL that take the place of others, in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cauce.errors import CauceError
from cauce.sources.sql.claiming import Claimed, Limits, Name, shown_name
from cauce.sources.sql.postgresql import MARK, connected
from cauce.sources.sql.postgresql_failures import translated_by
from cauce.sources.sql.wording import Asked, quoted
from cauce.spec.addresses import Address

LIMITS = Limits(
    columns=1600,
    size=63,
    measure=lambda name: len(name.encode()),
    capitals=True,
    reserved=frozenset(("tableoid", "xmin", "cmin", "xmax", "cmax", "ctid")),
    nan=True,
    infinite=True,
    zoned=True,
)
_SETTINGS = "-c TimeZone=UTC -c client_encoding=UTF8"
_PATIENCE, _WAITED = 5, "55P03"
_LIKE = (
    "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
    "WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
)


@contextmanager
def claimed(address: Address, home: Path, *, claim: str) -> Iterator[Claimed]:  # noqa: ARG001
    """The database while no other connection has the lock of this name."""
    number = int.from_bytes(hashlib.sha256(f"cauce {claim}".encode()).digest()[:8], "big", signed=True)
    with connected(address, _SETTINGS) as connection, connection.cursor() as cursor:
        held = _Claimed(connection, cursor, address)
        held.claim(number)
        yield held


@dataclass(frozen=True)
class _Claimed:
    """A connection that holds the lock."""

    connection: Any
    cursor: Any
    address: Address

    def claim(self, number: int) -> None:
        """Take the lock, which a connection that just ended may still hold for a moment."""
        self.run(f"SET lock_timeout = '{_PATIENCE}s'")
        try:
            self.run("SELECT pg_advisory_lock(%s)", (number,))
        except CauceError as error:
            if error.values.get("number") != _WAITED:
                raise
            raise CauceError("E2569", address=self.address) from None
        self.run("SET lock_timeout = '60s'")

    def run(self, text: str, values: Any = None, *, name: Name = ()) -> list[Any]:
        """What a statement gives; its failures in our own codes."""
        with translated_by(self.address, Asked(name or (self.address.path,))):
            self.cursor.execute(text, values)
            return list(self.cursor.fetchall()) if self.cursor.description else []

    def have(self, name: Name) -> bool:
        return self.run("SELECT to_regclass(%s)", (Asked(name).source(MARK),), name=name)[0][0] is not None

    def make_part(self, part: str) -> None:
        if not self.run("SELECT 1 FROM pg_namespace WHERE nspname = %s", (part,)):
            self.run(f"CREATE SCHEMA IF NOT EXISTS {quoted(part, MARK)}", name=(part,))

    def drop(self, *names: Name) -> None:
        for name in names:
            if self.have(name):
                self.run(f"DROP TABLE {Asked(name).source(MARK)}", name=name)

    def put(self, pairs: Sequence[tuple[Name, Name]]) -> None:
        with translated_by(self.address, Asked((shown_name(pairs[0][1]),))), self.connection.transaction():
            for new, old in pairs:
                self._put(new, old)

    def _put(self, new: Name, old: Name) -> None:
        """With the same columns rows are replaced, so that views and rights stay."""
        if not self.have(old):
            self.run(f"ALTER TABLE {Asked(new).source(MARK)} RENAME TO {quoted(old[-1], MARK)}", name=old)
            return
        if self.run(_LIKE, (Asked(new).source(MARK),)) == self.run(_LIKE, (Asked(old).source(MARK),)):
            source, place = Asked(new).source(MARK), Asked(old).source(MARK)
            self.run(f"DELETE FROM {place}", name=old)  # noqa: S608 - quoted
            self.run(f"INSERT INTO {place} SELECT * FROM {source}", name=old)  # noqa: S608 - quoted
            self.run(f"DROP TABLE {source}", name=new)
            return
        try:
            self.run(f"DROP TABLE {Asked(old).source(MARK)}", name=old)
        except CauceError as error:
            if error.values.get("number") != "2BP01":
                raise
            raise CauceError("E2568", table=shown_name(old)) from None
        self.run(f"ALTER TABLE {Asked(new).source(MARK)} RENAME TO {quoted(old[-1], MARK)}", name=old)
