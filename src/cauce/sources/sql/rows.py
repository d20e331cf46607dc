"""The rows of a database as a Parquet file, of one snapshot; begun again where a connection is lost."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from cauce.core.faults import translated
from cauce.core.reading.notices import Notice
from cauce.errors import CauceError, warn
from cauce.language import gettext_noop as _
from cauce.language import translate, translate_plural
from cauce.sources.brought import Brought, Onlooker, Report
from cauce.sources.downloads import replace_json
from cauce.sources.sql.reader import Lost, Opening, Reader
from cauce.sources.sql.retrying import until_done
from cauce.sources.sql.wording import Asked
from cauce.spec.addresses import Address

_NAME = re.compile(r"rows\.(\d+)\.[0-9a-f]{16}\.parquet")
_LAST = "rows.json"
_DAY = 86_400.0
_GROUP = 1 << 17
_SKEW = 60.0


@dataclass(frozen=True)
class SqlRows:
    """The rows of a table or a query. opening: opens a snapshot of the database. onlooker: sees rows that do
    not begin as those of the last time did."""

    address: Address
    asked: Asked
    opening: Opening
    onlooker: Onlooker | None = None

    def check(self) -> tuple[str, ...]:
        """What was found: server, columns, clock. Raises what reading raises before the first row."""
        try:
            with self.opening(self.asked) as reader:
                _checked(reader, self.asked)
                found = translate_plural(
                    "{server} lets {name} be read: {count} column",
                    "{server} lets {name} be read: {count} columns",
                    len(reader.columns),
                ).format(server=reader.server, name=self.asked.name, count=len(reader.columns))
                clock = reader.seconds()
        except Lost:
            raise CauceError("E2520", address=self.address, times=1) from None
        skew = 0.0 if clock is None else abs(clock - time.time())
        if skew <= _SKEW:
            return (found,)
        away = translate(_("its clock is {seconds} s away from this machine's")).format(seconds=round(skew))
        return (found, away)

    def known(self, folder: Path) -> str:
        """The identity of what was brought last. W2530 says so; W2531 where nothing was ever brought."""
        last = _last(folder)
        if last is None:
            warn("W2531", address=self.address)
            return "unread"
        warn("W2530", address=self.address, time=last["time"])
        return last["identity"]

    def bring(self, folder: Path, report: Report) -> Brought:
        """Bring the rows as one Parquet file. E2520 where the connection was lost five times."""
        return until_done(lambda: self._attempt(folder, report), self.address)

    def _attempt(self, folder: Path, report: Report) -> Brought:
        with translated(folder):
            folder.mkdir(parents=True, exist_ok=True)
            _sweep(folder)
        file = folder / f"rows.{os.getpid()}.{secrets.token_hex(8)}.parquet"
        last = _last(folder) or {}
        looking = _Looking(self.onlooker, last.get("begin"))
        try:
            with self.opening(self.asked) as reader:
                _checked(reader, self.asked)
                identity = _write(file, reader, looking=looking, report=report)
                undated = reader.undated
        except BaseException:
            file.unlink(missing_ok=True)
            raise
        now = datetime.now(UTC).isoformat(timespec="seconds")
        replace_json(folder / _LAST, {"identity": identity, "time": now, "begin": looking.begin})
        notices = tuple(Notice.of("W2525", column=name, count=count) for name, count in undated.items())
        return Brought((file.name,), "parquet", identity, notices)


def _last(folder: Path) -> dict[str, str] | None:
    try:
        found = json.loads((folder / _LAST).read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and {"identity", "time"} <= set(found) else None


def _sweep(folder: Path) -> None:
    """Remove the files of earlier calls whose process has ended, or that are a day old."""
    for path in folder.glob("rows.*.parquet"):
        found = _NAME.fullmatch(path.name)
        with suppress(FileNotFoundError):
            if found and (not _runs(int(found[1])) or time.time() - path.stat().st_mtime > _DAY):
                path.unlink()


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _checked(reader: Reader, asked: Asked) -> None:
    """E2519 where nothing is left to read, E2521 where two columns have one name."""
    names = Counter(column.name for column in reader.columns)
    if not names:
        raise CauceError("E2519", name=asked.name)
    for name, count in names.items():
        if count > 1:
            raise CauceError("E2521", column=name)


@dataclass
class _Looking:
    """Shows an onlooker the frames of rows. known: what `begin` was the last time; rows that begin as those
    did are hardly others, and are not shown."""

    onlooker: Onlooker | None
    known: str | None
    begin: str = ""

    def begun(self, begin: str, schema: Any) -> AbstractContextManager[Callable[[pl.DataFrame], None]]:
        """Takes the frames. begin: a digest of the first of them; schema: of the file they go to."""
        self.begin = begin
        if self.onlooker is None or begin == self.known:
            return nullcontext(_unseen)
        return self.onlooker.looking(schema)


def _unseen(frame: pl.DataFrame) -> None:
    """Shows the frame to nobody."""


def _write(path: Path, reader: Reader, *, looking: _Looking, report: Report) -> str:
    """Write the rows, and give the digest of their file."""
    import pyarrow.parquet as pq

    empty = pl.DataFrame(schema={column.name: column.dtype for column in reader.columns})
    schema, done, total = _arrow(empty).schema, 0, reader.expected()
    digest = hashlib.sha256()
    with translated(path), ExitStack() as shown:
        show: Callable[[pl.DataFrame], None] = _unseen
        # A file of Python's would have the writer wait for the interpreter's lock a thousand times.
        with pq.ParquetWriter(
            path, schema, compression="lz4", use_dictionary=False, write_statistics=False
        ) as writer:
            file = shown.enter_context(path.open("rb"))
            for frame in _groups(reader.batches()):
                show(frame)
                writer.write_table(_arrow(frame).cast(schema), row_group_size=_GROUP)
                hashlib.file_digest(file, lambda: digest)
                if not done:
                    begin = f"{digest.hexdigest()} {total}"
                    show = shown.enter_context(looking.begun(begin, schema))
                    show(frame)
                done += frame.height
                report(done, None if total is None else max(total, done))
        hashlib.file_digest(file, lambda: digest)
    return digest.hexdigest()


def _groups(batches: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The same rows in frames of one size and columns of one piece, so that the same rows make the same
    bytes; no other is held while one is worked on."""
    waiting: list[pl.DataFrame] = []
    height = 0
    for batch in batches:
        waiting.append(batch)
        height += batch.height
        while height >= _GROUP:
            whole = pl.concat(waiting)
            waiting, whole = [whole[_GROUP:]], whole[:_GROUP].rechunk()
            height -= _GROUP
            yield whole
            del whole
    if height:
        yield pl.concat(waiting, rechunk=True)


def _arrow(frame: pl.DataFrame) -> Any:
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest())
