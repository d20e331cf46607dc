"""Tables and queries of databases, brought here as Parquet under one snapshot of the database."""

from __future__ import annotations

import re

from cauce.errors import CauceError
from cauce.sources.brought import Remote, Wanted
from cauce.sources.sql.reader import Dialect
from cauce.spec.addresses import Address, is_for_sqlalchemy

_READS = re.compile(r"(\s|\(|--[^\n]*\n|/\*.*?\*/)*(select|with|values|table)\b", re.IGNORECASE | re.DOTALL)


def open_database(address: Address, wanted: Wanted) -> Remote:
    """The rows of a table (after # in the address) or of a query. E2507 where neither or both are said,
    E2508 and E2509 for an option that the database does not have, or a value that it cannot have, E2515 for a
    query that does not begin as one."""
    from cauce.sources.sql.options import check_options
    from cauce.sources.sql.rows import SqlRows
    from cauce.sources.sql.wording import Asked, parts_of

    if bool(address.fragment) == bool(wanted.query):
        raise CauceError("E2507", address=address)
    if wanted.query is not None and not _READS.match(wanted.query):
        raise CauceError("E2515")
    dialect = _dialect(address.scheme)
    if dialect.OPTIONS is not None:
        check_options(address, dialect.OPTIONS)
    asked = Asked(parts_of(address.fragment), wanted.query, wanted.drop)
    return SqlRows(address, asked, dialect.reader(address, wanted.home), wanted.onlooker)


def _dialect(scheme: str) -> Dialect:
    if scheme in ("mysql", "mariadb"):
        from cauce.sources.sql import mysql

        return mysql
    if scheme == "sqlite":
        from cauce.sources.sql import sqlite

        return sqlite
    if is_for_sqlalchemy(scheme):
        from cauce.sources.sql import through_sqlalchemy

        return through_sqlalchemy
    from cauce.sources.sql import postgresql

    return postgresql
