"""MySQL and MariaDB: one read-only snapshot, rows as the server's binary protocol carries them.

PyMySQL connects and logs in; the rows are read here, whole blocks at a time, because an object for each of
their cells costs more than everything else together.
"""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from cauce.core.secrets import resolve_secret
from cauce.errors import CauceError
from cauce.sources.sql import mysql_rows
from cauce.sources.sql.mysql_failures import translated_by
from cauce.sources.sql.mysql_packets import row_blocks
from cauce.sources.sql.options import check_options
from cauce.sources.sql.reader import Column, Opening, Reader
from cauce.sources.sql.wording import Asked, quoted, select
from cauce.spec.addresses import Address
from cauce.threads import made_ahead

OPTIONS: tuple[str, ...] = ("password", "tls", "ca", "timeout", "socket")
MARK = "`"
_PREPARE, _EXECUTE = 0x16, 0x17
_TIMEOUT = 10.0
_SILENCE = 900.0


def reader(address: Address, home: Path) -> Opening:  # noqa: ARG001 - a server has no folder
    """What opens snapshots of the database at the address."""
    return partial(_opened, address)


@contextmanager
def connected(address: Address, flags: int = 0) -> Iterator[Any]:
    """A connection in UTC that fails in our own codes. flags: what the client says it can do besides.
    E2508 and E2509 for its options, E2523 where PyMySQL is not installed."""
    check_options(address, OPTIONS)
    try:
        import pymysql
    except ImportError:
        raise CauceError("E2523", scheme=address.scheme, package="pymysql") from None
    with translated_by(address):
        connection = pymysql.connect(
            **_settings(address),
            charset="utf8mb4",
            client_flag=flags,
            init_command="SET time_zone = '+00:00', net_write_timeout = 900",
        )
    try:
        yield connection
    finally:
        with suppress(Exception):
            connection._force_close()  # a polite end would read what is left of the rows


def _settings(address: Address) -> dict[str, Any]:
    options = address.options
    found: dict[str, Any] = {
        "host": address.host or "127.0.0.1",
        "port": address.port or 3306,
        "user": address.user,
        "database": address.path or None,
        "connect_timeout": float(options.get("timeout", _TIMEOUT)),
        "read_timeout": _SILENCE,
    }
    if "password" in options:
        found["password"] = resolve_secret(options["password"]).reveal().encode()
    if "socket" in options:
        found["unix_socket"] = options["socket"]
    if options.get("tls") == "off":
        found["ssl_disabled"] = True
    elif options.get("tls") == "verify" or "ca" in options:
        # PyMySQL's own settings for this leave the host's name unasked where no `ca` is given.
        with translated_by(address):
            found["ssl"] = ssl.create_default_context(cafile=options.get("ca"))
    return found


@contextmanager
def _opened(address: Address, asked: Asked) -> Iterator[Reader]:
    with connected(address) as connection, translated_by(address, asked):
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
            cursor.execute("SELECT @@version_comment, VERSION(), UNIX_TIMESTAMP(NOW(6))")
            comment, version, clock = cursor.fetchone()
        source = asked.source(MARK)
        _, found = _prepared(connection, select(["*"], source))
        shown = [one for one in found if one.name not in asked.drop]
        columns = tuple(mysql_rows.column_of(one) for one in shown)
        yield _MysqlReader(
            connection,
            address=address,
            asked=asked,
            columns=columns,
            shown=tuple(shown),
            about=(f"{comment} {version}", float(clock)),
        )


def _prepared(connection: Any, text: str) -> tuple[int, list[Any]]:
    """A prepared statement's number, and its columns. The server takes one statement and no more."""
    from pymysql.protocol import FieldDescriptorPacket

    connection._execute_command(_PREPARE, text.encode("utf-8", "surrogatepass"))
    head = connection._read_packet().get_all_data()
    number, columns, parameters = struct.unpack_from("<xIHH", head)
    for count in (parameters, columns):
        found = [connection._read_packet(FieldDescriptorPacket) for _ in range(count)]
        if count:
            connection._read_packet()
    return number, found


@dataclass
class _MysqlReader:
    """A snapshot of the server. about: what the server calls itself, its clock."""

    connection: Any
    address: Address = field(kw_only=True)
    asked: Asked = field(kw_only=True)
    columns: tuple[Column, ...] = field(kw_only=True)
    shown: tuple[Any, ...] = field(kw_only=True)
    about: tuple[str, float] = field(kw_only=True)
    undated: dict[str, int] = field(default_factory=dict)

    @property
    def server(self) -> str:
        return self.about[0]

    def seconds(self) -> float:
        return self.about[1]

    def expected(self) -> float | None:
        if self.asked.query is not None:
            return None
        with translated_by(self.address, self.asked), self.connection.cursor() as cursor:
            cursor.execute(
                "SELECT table_rows FROM information_schema.tables "
                "WHERE table_schema = COALESCE(%s, DATABASE()) AND table_name = %s",
                (self.asked.table[0] if len(self.asked.table) > 1 else None, self.asked.table[-1]),
            )
            found = cursor.fetchone()
        return None if found is None or found[0] is None else float(found[0])

    def batches(self) -> Iterator[pl.DataFrame]:
        return made_ahead(self._frames(), abandoned=self._hang_up)

    def _frames(self) -> Generator[pl.DataFrame, None, None]:
        order = mysql_rows.asking_order(self.shown)
        parts = [mysql_rows.expression(self.shown[at], quoted(self.shown[at].name, MARK)) for at in order]
        with translated_by(self.address, self.asked):
            number, found = _prepared(self.connection, select(parts, self.asked.source(MARK)))
            self._execute(number, len(found))
            columns = tuple(zip(found, (self.columns[at] for at in order), strict=True))
            layout = mysql_rows.Layout(columns, order, self.undated)
            blocks = row_blocks(self.connection._rfile)
            yield from map(layout.frame, made_ahead(blocks, abandoned=self._hang_up))

    def _execute(self, number: int, columns: int) -> None:
        connection = self.connection
        connection._execute_command(_EXECUTE, struct.pack("<IBI", number, 0, 1))
        connection._read_packet()
        for _ in range(columns + 1):
            connection._read_packet()

    def _hang_up(self) -> None:
        """Let nobody wait any longer for what is left of the rows."""
        # PyMySQL forgets the socket of a connection that was lost.
        with suppress(OSError, AttributeError):
            self.connection._sock.shutdown(socket.SHUT_RDWR)


def opening(address: Address) -> AbstractContextManager[Any]:
    """A connection for whoever writes."""
    return connected(address)
