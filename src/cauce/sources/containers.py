"""Files that hold typed columns, Parquet and ORC, opened for reading some of their rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from cauce.errors import CauceError
from cauce.sources.files import SourceFile


class Container(Protocol):
    """An open file of typed columns, whose rows lie in groups.

    plain: whether native readers of Parquet see in it what is read here.
    """

    @property
    def schema(self) -> Any:
        """Its Arrow schema."""
        ...

    @property
    def plain(self) -> bool: ...

    @property
    def rows(self) -> int: ...

    @property
    def group_rows(self) -> tuple[int, ...]:
        """How many rows each group holds."""
        ...

    def batches(self, columns: Sequence[str], *, groups: Sequence[int] | None, rows: int) -> Iterator[Any]:
        """Arrow batches of at most so many rows of these groups (None: all), with these columns."""
        ...


@dataclass(frozen=True)
class _Parquet:
    file: Any

    @property
    def schema(self) -> Any:
        return self.file.schema_arrow

    @property
    def plain(self) -> bool:
        schema = self.file.schema
        return all(schema.column(place).physical_type != "INT96" for place in range(len(schema.names)))

    @property
    def rows(self) -> int:
        return int(self.file.metadata.num_rows)

    @property
    def group_rows(self) -> tuple[int, ...]:
        metadata = self.file.metadata
        return tuple(metadata.row_group(place).num_rows for place in range(metadata.num_row_groups))

    def batches(self, columns: Sequence[str], *, groups: Sequence[int] | None, rows: int) -> Iterator[Any]:
        some = None if groups is None else list(groups)
        found: Iterator[Any] = self.file.iter_batches(
            batch_size=rows, row_groups=some, columns=list(columns), use_threads=True
        )
        return found


@dataclass(frozen=True)
class _Orc:
    file: Any
    plain: bool = False

    @property
    def schema(self) -> Any:
        return self.file.schema

    @property
    def rows(self) -> int:
        return int(self.file.nrows)

    @cached_property
    def group_rows(self) -> tuple[int, ...]:
        # The reader does not say; one column is enough to count.
        first = self.schema.names[:1]
        stripes = range(self.file.nstripes)
        return tuple(self.file.read_stripe(place, columns=first).num_rows for place in stripes)

    def batches(self, columns: Sequence[str], *, groups: Sequence[int] | None, rows: int) -> Iterator[Any]:
        for place in range(self.file.nstripes) if groups is None else groups:
            stripe = self.file.read_stripe(place, columns=list(columns))
            for start in range(0, stripe.num_rows, rows):
                yield stripe.slice(start, rows)


def open_container(file: SourceFile) -> Container:
    """The file, opened. E0420 where it is damaged, E0421 where it is encrypted."""
    with translated_container(file), file.path.open("rb") as stream:
        orc = stream.read(3) == b"ORC"
    with translated_container(file):
        if orc:
            from pyarrow.orc import ORCFile

            return _Orc(ORCFile(str(file.path)))
        from pyarrow.parquet import ParquetFile

        # Without pre_buffer, which would hold the whole file's bytes by the time the last row is read.
        return _Parquet(
            ParquetFile(
                file.path, coerce_int96_timestamp_unit="us", page_checksum_verification=True, pre_buffer=False
            )
        )


@contextmanager
def translated_container(file: SourceFile) -> Iterator[None]:
    """What Arrow raises inside, as E0420 or E0421."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError) as error:
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        locked = "crypt" in text.lower() or _has_locked_footer(file)
        raise CauceError("E0421" if locked else "E0420", place=file.place(), reason=text) from None


def _has_locked_footer(file: SourceFile) -> bool:
    try:
        with file.path.open("rb") as stream:
            return stream.read(4) == b"PARE"
    except OSError:
        return False
