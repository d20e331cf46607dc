"""A large table of PostgreSQL read by several connections at once, all of which see one exported snapshot.

A table is parted by the pages its rows are in, so that no key is needed and rows come in the order in which
one connection would meet them
(https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-SNAPSHOT-SYNCHRONIZATION).
"""

from __future__ import annotations

import contextvars
import os
import socket
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from queue import SimpleQueue
from typing import Any, TypeVar

from cauce.errors import CauceError
from cauce.threads import usable_cores

Made = TypeVar("Made")

_MOST_CONNECTIONS = 4
_LEAST_BYTES = 16 << 20
_AT_ONCE = 8 << 20
_FIRST_VERSION = 140_000
_SIZE = """
SELECT pg_relation_size(c.oid) / current_setting('block_size')::int, pg_table_size(c.oid)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_am a ON a.oid = c.relam
WHERE c.oid = to_regclass(%s) AND c.relkind IN ('r', 'm') AND NOT c.relhassubclass AND a.amname = 'heap'
AND NOT pg_is_in_recovery() AND current_setting('server_version_num')::int >= %s
"""


def page_ranges(connection: Any, source: str) -> tuple[str, ...]:
    """Conditions that part the rows of a table, in order; none where one connection reads it as well.

    source: the quoted table, which the connection's transaction has looked at already: from then on no row
    that it sees can leave the pages there are.
    """
    found = connection.execute(_SIZE, (source, _FIRST_VERSION)).fetchone()
    if found is None or found[1] < _LEAST_BYTES or not found[0]:
        return ()
    pages, size = found
    step = max(1, pages * _AT_ONCE // size)
    bounds = [f"ctid >= '({first},0)'::tid" for first in range(0, pages, step)]
    ends = [f" AND ctid < '({first},0)'::tid" for first in range(step, pages, step)]
    return tuple(begin + end for begin, end in zip(bounds, [*ends, ""], strict=True))


def joined(connection: Any, stack: ExitStack, *, opening: Callable[[], Any]) -> list[Any]:
    """The connection, and as many more that see its snapshot as this machine and the server allow.

    opening: a context that connects; each is entered on the stack.
    """
    import psycopg
    from psycopg import sql

    wanted = min(_MOST_CONNECTIONS, usable_cores())
    found = [connection]
    if wanted < 2:
        return found
    (snapshot,) = connection.execute("SELECT pg_export_snapshot()").fetchone()
    # Fewer connections than wanted read the same rows; a server behind a pool may not know the snapshot.
    with suppress(CauceError, psycopg.Error):
        while len(found) < wanted:
            another = stack.enter_context(opening())
            another.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            another.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(snapshot))
            found.append(another)
    return found


def side_by_side(
    work: Callable[[Any, str], Made], connections: Sequence[Any], *, tasks: Sequence[str]
) -> Generator[Made, None, None]:
    """What the work makes of each task, in their order; each connection does one at a time."""
    idle: SimpleQueue[Any] = SimpleQueue()
    for connection in connections:
        idle.put(connection)

    def done(task: str) -> Made:
        connection = idle.get()
        try:
            return work(connection, task)
        finally:
            idle.put(connection)

    waiting: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(len(connections), "cauce-ranges") as pool:
        try:
            for task in tasks:
                waiting.append(pool.submit(contextvars.copy_context().run, done, task))
                if len(waiting) > len(connections):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BaseException:
            for future in waiting:
                future.cancel()
            for connection in connections:
                hang_up(connection)
            raise


def hang_up(connection: Any) -> None:
    """Let nobody wait any longer for what is left of the rows."""
    with suppress(Exception), socket.socket(fileno=os.dup(connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)
