"""What is asked of a database, in its own words: names quoted, a query only ever inside a SELECT."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_PLAIN = re.compile(r'[^\s".][^".]*')
_PART = re.compile(r'\s*(?:"((?:[^"]|"")+)"|([^".]+))\s*(?:\.|$)')


@dataclass(frozen=True)
class Asked:
    """Which rows. table: its name, perhaps after that of its schema; or a query. drop: columns to leave."""

    table: tuple[str, ...] = ()
    query: str | None = None
    drop: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The table as one would write it; "query" for a query."""
        return ".".join(self.table) if self.query is None else "query"

    def source(self, mark: str) -> str:
        """What stands after FROM. mark: what the database encloses names in."""
        if self.query is None:
            return ".".join(quoted(part, mark) for part in self.table)
        text = self.query.strip().rstrip(";")
        return f"(\n{text}\n) AS {quoted('cauce_query', mark)}"


def quoted(name: str, mark: str) -> str:
    """A name as an identifier, whatever is in it."""
    return f"{mark}{name.replace(mark, mark * 2)}{mark}"


def select(parts: Sequence[str], source: str) -> str:
    """A SELECT of expressions that are made of quoted names."""
    return f"SELECT {', '.join(parts)} FROM {source}"  # noqa: S608 - every name in it is quoted


def parts_of(fragment: str) -> tuple[str, ...]:
    """The parts of a table's name: schema.table, "with.dot".table; all of it where it cannot be read so."""
    found, place = [], 0
    while place < len(fragment):
        part = _PART.match(fragment, place)
        if part is None or part.end() == place:
            return (fragment,)
        found.append(part[1].replace('""', '"') if part[1] is not None else part[2])
        place = part.end()
    return tuple(found)


def written(parts: Sequence[str]) -> str:
    """The name of which these are the parts, with quotes where it needs them; what `parts_of` reads."""
    return ".".join(part if _PLAIN.fullmatch(part) else quoted(part, '"') for part in parts)
