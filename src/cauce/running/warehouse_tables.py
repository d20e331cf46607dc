"""Tables of the warehouse while they are written: beside the old ones, then all at once in their place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

from cauce.errors import CauceError
from cauce.expr.schema import Field, Schema
from cauce.failpoints import passage
from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.running.steps.ingest import Report
from cauce.running.warehouse_place import Place
from cauce.running.warehouse_rows import Mirrored

if TYPE_CHECKING:
    from cauce.sources.sql.claiming import Claimed, Name

_TABLES, _NEW = "cauce_tables", "cauce_new_"
_BOOKS = Schema(
    (
        *(Field(name, "text") for name in ("part", "name", "project", "content", "identity")),
        Field("table_rows", "integer"),
        *(Field(name, "text") for name in ("snapshot", "run")),
        Field("written_at", "datetime", zone="UTC"),
    )
)


@dataclass
class Mirroring:
    """A mirror under way. books: what the tables are, by part and name, as the database says."""

    place: Place
    held: Claimed
    run: str
    report: Report
    total: int = field(kw_only=True)
    books: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    done: int = 0
    staged: list[tuple[Name, Name]] = field(default_factory=list)

    def open(self, stages: Sequence[Mirrored]) -> None:
        """Make the parts where they are not, and see what is there. E2562 for a table of somebody else."""
        for part in dict.fromkeys(self.place.parts.values()):
            self.held.make_part(part)
        if self.held.have(self.place.name("clean", _TABLES)):
            self.books = {(row["part"], row["name"]): row for row in self._read_books()}
        for one in stages:
            name, known = self.place.name(one.part, one.name), self.books.get((one.part, one.name))
            if known is not None and known["project"] != self.place.project:
                self._refuse(name, translate(_("the project {name}")).format(name=known["project"]))
            if known is None and self.held.have(name):
                self._refuse(name, translate(_("somebody else")))

    def _read_books(self) -> Iterator[dict[str, Any]]:
        from cauce.sources.sql.restoring import restored
        from cauce.sources.sql.warehouse import read_frames

        for frame in read_frames(self.place.at("clean", _TABLES), home=self.place.home):
            if tuple(frame.columns) != _BOOKS.names:
                self._refuse(self.place.name("clean", _TABLES), translate(_("somebody else")))
            yield from restored(frame, _BOOKS).to_dicts()

    def _refuse(self, name: Name, owner: str) -> None:
        from cauce.sources.sql.claiming import shown_name

        raise CauceError("E2562", table=shown_name(name), owner=owner)

    def write(self, one: Mirrored) -> int:
        """Write a table beside the one that is there, unless that holds the same rows; how many there are."""
        from cauce.sources.sql.warehouse import Rows, write_table

        known = self.books.get((one.part, one.name))
        if known is not None and known["content"] == one.content and self._holds(one, known["identity"]):
            self._told(known["table_rows"])
            return int(known["table_rows"])
        name, new = self.place.name(one.part, one.name), self.place.name(one.part, _NEW + one.name)
        self.held.drop(new)
        self.staged.append((new, name))
        rows = Rows(one.schema, partial(self._counted, one.frames), one.emptied)
        written = write_table(self.place.address, new, rows=rows, home=self.place.home)
        passage("warehouse.written")
        self.books[(one.part, one.name)] = {
            "part": one.part,
            "name": one.name,
            "project": self.place.project,
            "content": one.content,
            "identity": written.identity,
            "table_rows": written.rows,
            "snapshot": one.about.identity,
            "run": self.run,
            "written_at": datetime.now(UTC).replace(tzinfo=None),
        }
        return written.rows

    def _holds(self, one: Mirrored, identity: str) -> bool:
        """Whether the table still holds the rows that were written."""
        from cauce.sources.sql.warehouse import read_identity

        if not self.held.have(self.place.name(one.part, one.name)):
            return False
        try:
            found = read_identity(self.place.at(one.part, one.name), one.schema, home=self.place.home)
        except (CauceError, ValueError):
            return False
        return found.identity == identity

    def _counted(self, frames: Callable[[], Iterator[pl.DataFrame]]) -> Iterator[pl.DataFrame]:
        for frame in frames():
            yield frame
            self._told(frame.height)

    def _told(self, rows: int) -> None:
        self.done += rows
        self.report(self.done, max(self.total, self.done))

    def put(self) -> None:
        """Let the new tables take the place of the old ones, together with what is known of them."""
        from cauce.sources.sql.warehouse import Rows, write_table

        if not self.staged:
            return
        new, name = self.place.name("clean", _NEW + _TABLES), self.place.name("clean", _TABLES)
        self.held.drop(new)
        self.staged.append((new, name))
        rows = Rows(_BOOKS, lambda: iter((self._frame(),)), {})
        write_table(self.place.address, new, rows=rows, home=self.place.home)
        passage("warehouse.staged")
        self.held.put(self.staged)
        passage("warehouse.put")
        self.staged.clear()

    def _frame(self) -> pl.DataFrame:
        rows = [self.books[key] for key in sorted(self.books)]
        return pl.DataFrame(
            {one.name: pl.Series([row[one.name] for row in rows], dtype=one.dtype) for one in _BOOKS}
        )

    def discard(self) -> None:
        """Drop what was written and did not take a place."""
        with suppress(Exception):
            self.held.drop(*(new for new, _ in self.staged))
