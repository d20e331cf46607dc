"""Where the tables of a project's warehouse are, and who writes them now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cauce.errors import CauceError
from cauce.expr.schema import Field, Schema
from cauce.running.warehouse_rows import Mirrored
from cauce.running.workspace import Workspace
from cauce.spec.addresses import Address, parse_address
from cauce.spec.warehouse import CLEAN, RAW
from cauce.stores.lock import locked

if TYPE_CHECKING:
    from cauce.sources.sql.claiming import Claimed, Limits, Name

_PATIENCE = 5.0
_AWAY = ("E2510", "E2511")
"""What connecting once more says of a server that was there a moment ago and restarts."""
_TRIED, _TRIED_SCHEMA = "cauce_new_doctor", Schema((Field("a", "integer"),))
_PORTS = {"mysql": 3306, "mariadb": 3306, "postgresql": 5432, "postgres": 5432}


@dataclass(frozen=True)
class Place:
    """Where a project's tables are. address: of the database; parts: of "raw" and "clean"."""

    address: Address
    home: Path
    project: str
    parts: dict[str, str]

    @staticmethod
    def of(work: Workspace) -> Place:
        """Where `[warehouse]` says. E2567 where it says nothing."""
        said = work.project.warehouse
        if said.url is None:
            raise CauceError("E2567", project=work.project.name)
        parts = {"raw": said.raw or RAW, "clean": said.clean or CLEAN}
        return Place(parse_address(said.url), work.folder, work.project.name, parts)

    @cached_property
    def limits(self) -> Limits:
        """What the tables of the database can be."""
        from cauce.sources.sql.warehouse import limits_of

        return limits_of(self.address)

    def name(self, part: str, table: str) -> Name:
        """The full name of a table: SQLite has neither databases nor schemas."""
        return (self.parts[part], table) if self.limits.schemas else (f"{self.parts[part]}_{table}",)

    def at(self, part: str, table: str) -> Address:
        """The address of a table."""
        from cauce.sources.sql.warehouse import table_at

        return table_at(self.address, self.name(part, table))

    def alone(self) -> AbstractContextManager[Any]:
        """Keeps other processes of this machine away from a file. E0513."""
        if self.limits.schemas:
            return nullcontext()
        return locked(f"{self.home / self.address.path}.lock", patience=_PATIENCE)

    @contextmanager
    def claimed(self) -> Iterator[Claimed]:
        """The database while this process alone replaces its tables. E2566, E2569."""
        from cauce.sources.sql.reader import Lost
        from cauce.sources.sql.warehouse import claimed

        reached = False
        try:
            with claimed(self.address, self.home, claim=self.parts["clean"]) as held:
                reached = True
                yield held
        except CauceError as error:
            if reached and error.code in _AWAY:
                raise Lost from None
            if error.code not in ("E2514", "E2543"):
                raise
            raise CauceError("E2566", **error.values) from None

    def make_part(self, part: str) -> None:
        """Make the database or schema of a part where it is not there. E2566."""
        from cauce.sources.sql.sink import tried

        def make() -> None:
            with self.claimed() as held:
                held.make_part(self.parts[part])

        tried(self.address, make)

    def try_out(self) -> None:
        """Make a table in both parts and drop it again. Raises what writing would."""
        from cauce.sources.sql.sink import tried

        with self.alone():
            tried(self.address, self._tried_out)

    def _tried_out(self) -> None:
        from cauce.sources.sql.warehouse import make_table

        with self.claimed() as held:
            for part in self.parts:
                held.make_part(self.parts[part])
                held.drop(self.name(part, _TRIED))
                make_table(self.at(part, _TRIED), _TRIED_SCHEMA, home=self.home)
                held.drop(self.name(part, _TRIED))

    def check(self, stages: Sequence[Mirrored]) -> None:
        """E2563 and E2564 where the database cannot hold the columns."""
        from cauce.sources.sql.claiming import shown_name
        from cauce.sources.sql.warehouse import check_columns, check_own_names

        for one in stages:
            if one.part == "raw" or one is stages[0]:
                check_own_names(one.about.schema)
            check_columns(one.schema, self.limits, table=shown_name(self.name(one.part, one.name)))

    def is_table(self, other: Address, *, part: str, table: str) -> bool:
        """Whether an address is that of one of the tables."""
        from cauce.sources.sql.wording import parts_of

        if _server(other) != _server(self.address):
            return False
        parts, name = parts_of(other.fragment), self.name(part, table)
        if not self.limits.schemas:
            return (self.home / other.path).resolve() == (self.home / self.address.path).resolve() and (
                parts == name
            )
        if other.scheme in ("mysql", "mariadb"):
            return (parts if len(parts) > 1 else (other.path, *parts)) == name
        return other.path == self.address.path and (parts if len(parts) > 1 else ("public", *parts)) == name


def _server(address: Address) -> tuple[str, str, int | None]:
    scheme = {"mariadb": "mysql", "postgres": "postgresql"}.get(address.scheme, address.scheme)
    return scheme, address.host or "127.0.0.1", address.port or _PORTS.get(scheme)
