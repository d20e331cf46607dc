"""Bytes that find no room in memory, in a file without a name that goes with the process."""

from __future__ import annotations

import os
import tempfile
from threading import Lock
from typing import Any, BinaryIO

from cauce.errors import CauceError


class Scratch:
    """A temporary file, made when first written to. Several threads may read."""

    def __init__(self) -> None:
        self._file: BinaryIO | None = None
        # The file has one position.
        self._moving = Lock()

    def close(self) -> None:
        """Let the bytes go."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def write(self, data: memoryview) -> int:
        """Where the bytes were put. E0818 where that cannot be done."""
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="cauce-", buffering=0)  # noqa: SIM115 - see close
            place, rest = self._file.seek(0, os.SEEK_END), data
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            raise CauceError("E0818", folder=tempfile.gettempdir(), reason=error.strerror) from None
        return place

    def read(self, place: int, *, into: Any) -> None:
        """Fill `into`, a writable buffer of bytes, with those from `place` on."""
        assert self._file is not None
        rest = memoryview(into)
        with self._moving:
            self._file.seek(place)
            while rest:
                rest = rest[self._file.readinto(rest) :]  # type: ignore[attr-defined]
