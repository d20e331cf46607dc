"""Databases of which SQLAlchemy has a dialect: one transaction, columns that hold what their values are.

The driver's values decide: it is asked twice, once for what they are and once for the rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from cauce.core.secrets import resolve_secret
from cauce.errors import CauceError, raise_alone
from cauce.sources.sql.driver_values import Seen, series_of
from cauce.sources.sql.reader import ROWS, Column, Opening, Reader
from cauce.sources.sql.wording import Asked
from cauce.spec.addresses import Address, is_secret_name

OPTIONS: tuple[str, ...] | None = None
_LEVELS = ("SERIALIZABLE", "REPEATABLE READ")
"""Under which a transaction sees one moment; the first that a dialect has is taken."""


def reader(address: Address, home: Path) -> Opening:  # noqa: ARG001 - a path is the driver's to read
    """What opens a transaction on the database at the address."""
    return partial(_opened, address)


@contextmanager
def _opened(address: Address, asked: Asked) -> Iterator[Reader]:
    with _connected(address) as connection, _translated_by(address, asked):
        if asked.query is None:
            _found(connection, asked, address)
        text = f"SELECT * FROM {_source(connection, asked)}"  # noqa: S608 - quoted, or the user's own query
        yield SqlalchemyReader(connection, address, asked, text, _columns(connection, text, asked))


@contextmanager
def _connected(address: Address) -> Iterator[Any]:
    """A connection in a transaction. E2510 where it fails, E2524 where a package is not installed."""
    with _translated_by(address):
        try:
            import sqlalchemy

            engine = sqlalchemy.create_engine(_url(address), poolclass=sqlalchemy.NullPool)
        except ModuleNotFoundError as error:
            raise CauceError("E2524", scheme=address.scheme, package=error.name or "") from None
        connection = engine.connect()
    with closing(connection):
        with _translated_by(address):
            levels = _levels(connection)
            if levels:
                connection = connection.execution_options(isolation_level=levels[0])
            connection = connection.execution_options(stream_results=True)
        yield connection
        connection.rollback()


def _url(address: Address) -> Any:
    from sqlalchemy import URL

    options = {
        name: resolve_secret(value).reveal() if is_secret_name(name) else value
        for name, value in address.options.items()
    }
    return URL.create(
        address.scheme,
        username=address.user or None,
        password=options.pop("password", None),
        host=address.host or None,
        port=address.port,
        database=address.path or None,
        query=options,
    )


def _levels(connection: Any) -> list[str]:
    try:
        known = connection.dialect.get_isolation_level_values(connection.connection.dbapi_connection)
    except NotImplementedError:
        return []
    return [level for level in _LEVELS if level in known]


@contextmanager
def _translated_by(address: Address, asked: Asked | None = None) -> Iterator[None]:
    """Turn SQLAlchemy's errors into E2510, E2517, E2520 and E2524; none repeats a cell or a secret."""
    try:
        from sqlalchemy import exc
    except ModuleNotFoundError:
        raise CauceError("E2524", scheme=address.scheme, package="sqlalchemy") from None
    try:
        yield
    except exc.NoSuchModuleError:
        raise CauceError("E2524", scheme=address.scheme, package=address.scheme.partition("+")[0]) from None
    except exc.SQLAlchemyError as error:
        name = type(getattr(error, "orig", None) or error).__name__
        if asked is None:
            raise_alone(CauceError("E2510", address=address, reason=name))
        if getattr(error, "connection_invalidated", False):
            raise_alone(CauceError("E2520", address=address, times=1))
        raise_alone(CauceError("E2517", address=address, number=name))


def _found(connection: Any, asked: Asked, address: Address) -> None:
    """E2513 where the table is not there."""
    import sqlalchemy

    *schema, table = asked.table
    if not sqlalchemy.inspect(connection).has_table(table, schema=".".join(schema) or None):
        raise CauceError("E2513", address=address, name=asked.name)


def _source(connection: Any, asked: Asked) -> str:
    """What stands after FROM; Oracle knows no AS before the name of a query."""
    quoted = connection.dialect.identifier_preparer.quote_identifier
    if asked.query is None:
        return ".".join(quoted(part) for part in asked.table)
    text = asked.query.strip().rstrip(";")
    return f"(\n{text}\n) {quoted('cauce_query')}"


def _columns(connection: Any, text: str, asked: Asked) -> tuple[Column, ...]:
    """Each column with the one type that all its values have."""
    with connection.exec_driver_sql(text) as result:
        names = tuple(result.keys())
        seen = [Seen(name) for name in names]
        while rows := result.fetchmany(ROWS):
            for one, values in zip(seen, zip(*rows, strict=True), strict=True):
                if one.name not in asked.drop:
                    one.look(values)
    return tuple(Column(one.name, one.dtype()) for one in seen if one.name not in asked.drop)


@dataclass(frozen=True)
class SqlalchemyReader:
    """A transaction. text: what gives the rows."""

    connection: Any
    address: Address
    asked: Asked
    text: str
    columns: tuple[Column, ...]
    undated: dict[str, int] = field(default_factory=dict)

    @property
    def server(self) -> str:
        return f"{self.connection.dialect.name} ({self.connection.dialect.driver})"

    def seconds(self) -> None:
        return None

    def expected(self) -> None:
        return None

    def batches(self) -> Iterator[pl.DataFrame]:
        with (
            _translated_by(self.address, self.asked),
            self.connection.exec_driver_sql(self.text) as result,
        ):
            kept = [place for place, name in enumerate(result.keys()) if name not in self.asked.drop]
            while rows := result.fetchmany(ROWS):
                yield self._frame(list(zip(*rows, strict=True)), kept)

    def _frame(self, cells: Sequence[Sequence[Any]], kept: Sequence[int]) -> pl.DataFrame:
        return pl.DataFrame(
            [series_of(column, cells[place]) for place, column in zip(kept, self.columns, strict=True)]
        )
