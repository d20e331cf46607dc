"""How files are to be read: everything a user may declare, and what is left to evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from cauce.expr.schema import Kind

FileFormat = Literal["auto", "csv", "tsv", "json", "parquet", "orc"]


def _nothing_by_name() -> Mapping[str, tuple[str, ...]]:
    return MappingProxyType({})


def _no_kinds() -> Mapping[str, Kind]:
    return MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """What to read and how. None means: decided by evidence over all rows, and said in the notices.

    paths: files, folders (read with their subfolders) and globs. format: "auto" looks at the content.
    decimal: "." or ","; thousands: the grouping mark, "" for none; currency: signs to skip.
    date_formats: strptime patterns, tried in order. header: whether the first record holds names.
    missing: texts that mean "no value" in any text column; missing_in: further ones by column.
    types: declared kinds by column; a row with a cell that does not parse is rejected.
    drop: columns that are not read at all. expansion_limit: how many times its size a compressed file
    may grow. record_limit: bytes one record may have.
    """

    paths: tuple[str, ...]
    format: FileFormat = "auto"
    encoding: str | None = None
    delimiter: str | None = None
    quote: str = '"'
    decimal: str | None = None
    thousands: str | None = None
    currency: tuple[str, ...] | None = None
    date_formats: tuple[str, ...] = ()
    header: bool | None = None
    missing: tuple[str, ...] = ()
    missing_in: Mapping[str, tuple[str, ...]] = field(default_factory=_nothing_by_name)
    types: Mapping[str, Kind] = field(default_factory=_no_kinds)
    drop: tuple[str, ...] = ()
    expansion_limit: int = 200
    record_limit: int = 64 << 20

    def markers_of(self, column: str) -> tuple[str, ...]:
        """Every text that means "no value" in `column`."""
        return (*self.missing, *self.missing_in.get(column, ()))
