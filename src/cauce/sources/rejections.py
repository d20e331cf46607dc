"""Rows that cannot be read: kept with their place, reason and raw text, on disk beyond a few."""

from __future__ import annotations

import json
import tempfile
import weakref
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import IO

from cauce.errors import CauceError
from cauce.language import translate

_IN_MEMORY_BYTES = 1 << 20


@dataclass(frozen=True)
class Rejection:
    """A row left out. line: where it begins, from 1 (in Parquet files: its row, from 1). column: the cell at
    fault, None where the whole row is. code: why, an entry of the catalogue that `values` complete.
    text: the raw record (Parquet: its text cells as JSON). Never shown in messages."""

    file: str
    line: int
    column: str | None
    code: str
    values: dict[str, str | int] = field(default_factory=dict)
    text: str = ""

    @property
    def reason(self) -> str:
        """Why, in the active language, without the row's data."""
        told = self.values
        if isinstance(why := told.get("reason"), str):
            told = {**told, "reason": translate(why)}
        return CauceError(self.code, place=None, **told).message


class Rejections:
    """The rejected rows of one pass, in order: a file without name that goes with this object, in memory
    while it is small."""

    def __init__(self) -> None:
        self._count = 0
        self._file: IO[str] | None = None

    def add(self, rejection: Rejection) -> None:
        if self._file is None:
            self._file = tempfile.SpooledTemporaryFile(  # noqa: SIM115 - lives as long as this object
                _IN_MEMORY_BYTES, "w+", encoding="utf-8", newline="\n", prefix="cauce-rejected-"
            )
            weakref.finalize(self, self._file.close)
        self._file.write(json.dumps(asdict(rejection)) + "\n")
        self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Rejection]:
        """Every rejection so far, from the first."""
        position = 0
        while self._file is not None:
            self._file.seek(position)
            line = self._file.readline()
            position = self._file.tell()
            self._file.seek(0, 2)
            if not line:
                return
            yield Rejection(**json.loads(line))
