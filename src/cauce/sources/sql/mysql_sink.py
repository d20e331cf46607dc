"""Rows into a table of MySQL or MariaDB: by LOAD DATA where the server lets a client do so, else by INSERT.

LOAD DATA turns what does not fit into a warning. So a load with a warning is undone and its rows are
inserted, which refuses them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import polars as pl

from cauce.sources.sql.mysql import MARK, connected
from cauce.sources.sql.mysql_failures import translated_by
from cauce.sources.sql.wording import quoted
from cauce.sources.sql.writing import RUN, Target, Writing, declared

_AT_ONCE = 1000
_PACKET = 1 << 19
_SLICE = 1 << 12
_QUERY = 0x03
_CANNOT_LOAD = frozenset((1148, 3948, 4166))
_LOADED = (pl.Int64, pl.UInt64, pl.Float64, pl.Boolean, pl.Date, pl.Datetime, pl.String, pl.Decimal)
_LOCAL_FILES = 1 << 7
_FORM = """CHARACTER SET utf8mb4 FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '"' ESCAPED BY ''
LINES TERMINATED BY 0x0A"""
_MOMENT = "%Y-%m-%d %H:%M:%S%.6f"
_CHARACTERS = "CHARACTER SET utf8mb4"
_PLAIN = {
    pl.Int64: "BIGINT",
    pl.UInt64: "BIGINT UNSIGNED",
    pl.Float64: "DOUBLE",
    pl.Boolean: "BOOLEAN",
    pl.Date: "DATE",
    pl.Datetime: "DATETIME(6)",
}


@contextmanager
def mysql_writing(table: Target) -> Iterator[Writing]:
    """A transaction on the table, made where it is not; committed at the end, undone where anything fails."""
    name = table.asked.source(MARK)
    with (
        connected(table.address, _LOCAL_FILES) as connection,
        translated_by(table.address, table.asked),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "SELECT 1 FROM information_schema.tables "
            "WHERE table_schema = COALESCE(%s, DATABASE()) AND table_name = %s",
            (table.asked.table[0] if len(table.asked.table) > 1 else None, table.asked.table[-1]),
        )
        if not cursor.fetchone():
            cursor.execute(
                f"CREATE TABLE IF NOT EXISTS {name} ({_columns(table)}) ENGINE=InnoDB {_CHARACTERS}"
            )
        cursor.execute("SELECT @@local_infile")
        loads = bool(cursor.fetchone()[0]) and all(
            one.base_type() in _LOADED for one in table.dtypes.values()
        )
        connection.begin()
        yield _MysqlWriting(cursor, name, loads)
        connection.commit()


def _columns(table: Target) -> str:
    run = quoted(RUN, MARK)
    return declared(table, _type, mark=MARK).replace(
        f"{run} LONGTEXT", f"{run} CHAR(64) NOT NULL, INDEX ({run})"
    )


def _type(dtype: Any) -> str:
    if isinstance(dtype, pl.Decimal):
        return f"DECIMAL({dtype.precision}, {dtype.scale})"
    return _PLAIN.get(dtype.base_type(), "LONGTEXT")


@dataclass
class _MysqlWriting:
    """A transaction. table: quoted; loads: whether LOAD DATA works."""

    cursor: Any
    table: str
    loads: bool

    def names(self) -> tuple[str, ...]:
        self.cursor.execute(f"SELECT * FROM {self.table} LIMIT 0")  # noqa: S608 - quoted
        return tuple(one[0] for one in self.cursor.description)

    def forget(self, run: str) -> None:
        self.cursor.execute(f"DELETE FROM {_escaped(self.table)} WHERE {quoted(RUN, MARK)} = %s", (run,))  # noqa: S608

    def add(self, frame: pl.DataFrame) -> None:
        self.loads = self.loads and self._loaded(frame)
        if not self.loads:
            self._insert(frame)

    def _loaded(self, frame: pl.DataFrame) -> bool:
        """Whether LOAD DATA took all rows as they are; where it did not, they are not there."""
        import pymysql

        self.cursor.execute("SAVEPOINT cauce_load")
        names = ", ".join(quoted(name, MARK) for name in frame.columns)
        asked = f"LOAD DATA LOCAL INFILE 'rows' INTO TABLE {self.table} {_FORM} ({names})"
        try:
            # In slices: the server inserts those that are there while the next are put into words.
            lines = map(_lines, frame.iter_slices(_SLICE))
            whole = _sent(self.cursor.connection, asked, lines) == (frame.height, 0)
        except pymysql.MySQLError as error:
            if error.args[0] not in _CANNOT_LOAD:
                raise
            return False
        if not whole:
            self.cursor.execute("ROLLBACK TO SAVEPOINT cauce_load")
        return whole

    def _insert(self, frame: pl.DataFrame) -> None:
        names = ", ".join(quoted(name, MARK) for name in frame.columns)
        begin = _escaped(f"INSERT INTO {self.table} ({names}) VALUES ")  # noqa: S608 - quoted
        marks = f"({', '.join(['%s'] * frame.width)})"
        for part in frame.iter_slices(_AT_ONCE):
            cells = [cell for row in part.iter_rows() for cell in row]
            self.cursor.execute(begin + ", ".join([marks] * part.height), cells)

    def count(self, run: str) -> int:
        self.cursor.execute(
            f"SELECT COUNT(*) FROM {_escaped(self.table)} WHERE {quoted(RUN, MARK)} = %s",  # noqa: S608
            (run,),
        )
        return int(self.cursor.fetchone()[0])


def _escaped(text: str) -> str:
    return text.replace("%", "%%")


def _lines(frame: pl.DataFrame) -> bytes:
    """Rows as LOAD DATA reads them: texts in quotes, so that NULL without them is a missing value."""
    flags = [name for name, dtype in frame.schema.items() if dtype == pl.Boolean]
    text: str = frame.with_columns(frame[name].cast(pl.Int8) for name in flags).write_csv(
        include_header=False, quote_style="non_numeric", null_value="NULL", datetime_format=_MOMENT
    )
    return text.encode()


def _sent(connection: Any, asked: str, slices: Iterable[bytes]) -> tuple[int, int]:
    """How many rows LOAD DATA wrote, and its warnings. Sends these bytes, whichever file the server names."""
    from pymysql.protocol import OKPacketWrapper

    connection._execute_command(_QUERY, asked)
    packet = connection._read_packet()
    if packet.is_load_local_packet():
        for lines in slices:
            for begin in range(0, len(lines), _PACKET):
                connection.write_packet(lines[begin : begin + _PACKET])
        connection.write_packet(b"")
        packet = connection._read_packet()
    done = OKPacketWrapper(packet)
    return done.affected_rows, done.warning_count
