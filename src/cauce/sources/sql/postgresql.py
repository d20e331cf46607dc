"""PostgreSQL: one read-only snapshot, rows by COPY."""

from __future__ import annotations

import logging
import math
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from cauce.core.secrets import resolve_secret
from cauce.errors import CauceError
from cauce.sources.sql.options import check_options
from cauce.sources.sql.postgresql_cells import Typed, frame_of, typed_columns
from cauce.sources.sql.postgresql_failures import translated_by
from cauce.sources.sql.postgresql_ranges import hang_up, joined, page_ranges, side_by_side
from cauce.sources.sql.reader import Column, Opening, Reader
from cauce.sources.sql.wording import Asked, select
from cauce.spec.addresses import Address
from cauce.threads import made_ahead

OPTIONS: tuple[str, ...] = ("password", "tls", "ca", "timeout")
MARK = '"'
_TIMEOUT = 10
_BLOCK = 4 << 20
_SETTINGS = (
    "-c default_transaction_read_only=on -c TimeZone=UTC -c DateStyle=ISO,YMD -c extra_float_digits=3 "
    "-c bytea_output=hex -c synchronize_seqscans=off -c client_encoding=UTF8 "
    "-c idle_in_transaction_session_timeout=0"
)


def reader(address: Address, home: Path) -> Opening:  # noqa: ARG001 - a server has no folder
    """What opens snapshots of the database at the address."""
    return partial(_opened, address)


@contextmanager
def connected(address: Address, settings: str = _SETTINGS) -> Iterator[Any]:
    """A connection that fails in our own codes. E2508 and E2509 for its options, E2523 where psycopg is not
    installed."""
    check_options(address, OPTIONS)
    try:
        import psycopg
    except ImportError:
        raise CauceError("E2523", scheme=address.scheme, package="psycopg") from None
    logging.getLogger("psycopg").addHandler(logging.NullHandler())
    with translated_by(address):
        connection = psycopg.connect(**_said(address), options=settings)
    try:
        yield connection
    finally:
        connection.close()


def _said(address: Address) -> dict[str, Any]:
    options = address.options
    found: dict[str, Any] = {
        "host": address.host or "127.0.0.1",
        "port": address.port or 5432,
        "user": address.user or None,
        "dbname": address.path or None,
        "connect_timeout": math.ceil(float(options.get("timeout", _TIMEOUT))),
        "application_name": "cauce",
        "autocommit": True,
    }
    if "password" in options:
        found["password"] = resolve_secret(options["password"]).reveal()
    if options.get("tls") == "off":
        found["sslmode"] = "disable"
    elif options.get("tls") == "verify" or "ca" in options:
        found |= {"sslmode": "verify-full", "sslrootcert": options.get("ca", "system")}
    return found


@contextmanager
def _opened(address: Address, asked: Asked) -> Iterator[Reader]:
    with connected(address) as connection, translated_by(address, asked):
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        version, clock = connection.execute(
            "SELECT current_setting('server_version'), extract(epoch FROM clock_timestamp())::float8"
        ).fetchone()
        # A prepared statement is one statement.
        found = connection.execute(f"{select(['*'], asked.source(MARK))} LIMIT 0", prepare=True).description
        shown = [one for one in found or () if one.name not in asked.drop]
        typed = typed_columns(connection, shown, source=asked.source(MARK))
        yield _PostgresqlReader(connection, address, asked, typed, (f"PostgreSQL {version}", clock))


@dataclass(frozen=True)
class _PostgresqlReader:
    """A snapshot of the server. about: what the server calls itself, its clock."""

    connection: Any
    address: Address
    asked: Asked
    typed: tuple[Typed, ...]
    about: tuple[str, float]
    undated: dict[str, int] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[Column, ...]:
        return tuple(one.column for one in self.typed)

    @property
    def server(self) -> str:
        return self.about[0]

    def seconds(self) -> float:
        return self.about[1]

    def expected(self) -> float | None:
        if self.asked.query is not None:
            return None
        name = self.asked.source(MARK)
        found = self.connection.execute(
            "SELECT reltuples::float8 FROM pg_class WHERE oid = to_regclass(%s)", (name,)
        ).fetchone()
        return found[0] if found and found[0] > 0 else None

    def batches(self) -> Iterator[pl.DataFrame]:
        return made_ahead(self._frames(), abandoned=partial(hang_up, self.connection))

    def _frames(self) -> Generator[pl.DataFrame, None, None]:
        source = self.asked.source(MARK)
        text = select([one.expression for one in self.typed], source)
        with translated_by(self.address, self.asked), ExitStack() as stack:
            ranges = page_ranges(self.connection, source) if self.asked.query is None else ()
            connections = [self.connection]
            if len(ranges) > 1:
                connections = joined(self.connection, stack, opening=partial(connected, self.address))
            if len(connections) == 1:
                yield from self._copied(self.connection, text, self.undated)
                return
            for frames, undated in side_by_side(partial(self._range, text), connections, tasks=ranges):
                for name, count in undated.items():
                    self.undated[name] = self.undated.get(name, 0) + count
                yield from frames

    def _range(self, text: str, connection: Any, condition: str) -> tuple[list[pl.DataFrame], dict[str, int]]:
        undated: dict[str, int] = {}
        return list(self._copied(connection, f"{text} WHERE {condition}", undated)), undated

    def _copied(self, connection: Any, text: str, undated: dict[str, int]) -> Iterator[pl.DataFrame]:
        with connection.cursor() as cursor, cursor.copy(f"COPY ({text}) TO STDOUT (FORMAT csv)") as copy:
            for block in _blocks(copy):
                yield frame_of(block, self.typed, undated=undated)


def _blocks(rows: Any) -> Iterator[bytes]:
    """Some megabytes of whole rows at a time."""
    waiting: list[bytes] = []
    size = 0
    for row in rows:
        waiting.append(row)
        size += len(row)
        if size >= _BLOCK:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)
