"""Rows ready to train on, kept in memory as long as it lasts."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from cauce.core.boosting_rows import Floats, Part, joined
from cauce.core.drawing import hash_order
from cauce.engines.scratch import Scratch

_PART_ROWS = 1 << 16


class Spool:
    """Parts of rows in the order given: in memory up to a number of bytes, then in a temporary file.

    lanes: whether the rows' hashes are kept, 16 bytes a row, in memory.
    """

    def __init__(self, memory: int, *, lanes: bool = False) -> None:
        self.rows = 0
        self._lanes = lanes
        self._memory = memory
        self._waiting: list[Part] = []
        self._waiting_rows = 0
        self._parts: list[tuple[Part, int | None]] = []
        self._scratch = Scratch()

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_: object) -> None:
        self._parts, self._waiting = [], []
        self._scratch.close()

    def add(self, part: Part) -> None:
        """Keep rows; E0818 where the temporary file cannot be written."""
        if len(part):
            self._waiting.append(part)
            self._waiting_rows += len(part)
            self.rows += len(part)
            if self._waiting_rows >= _PART_ROWS:
                self._flush()

    def _flush(self) -> None:
        part = self._waiting[0] if len(self._waiting) == 1 else joined(self._waiting)
        self._waiting, self._waiting_rows = [], 0
        if not self._lanes:
            none = np.zeros(0, dtype=np.uint64)
            part = replace(part, lanes=(none, none))
        if part.features.nbytes <= self._memory:
            self._memory -= part.features.nbytes
            self._parts.append((part, None))
        else:
            self._memory = 0
            none_kept = np.empty((0, part.features.shape[1]), dtype=np.float32)
            self._parts.append((replace(part, features=none_kept), self._written(part.features)))

    def _written(self, features: Floats) -> int:
        return self._scratch.write(np.ascontiguousarray(features).reshape(-1).view(np.uint8).data)

    def forget(self) -> None:
        """Let the features go, which nobody asks for again; `rows` and `hashes` stay."""
        if self._waiting:
            self._flush()
        self._parts = [(replace(part, features=part.features[:0].copy()), None) for part, _ in self._parts]
        self._scratch.close()

    def hashes(self) -> Iterator[Part]:
        """The parts without their features, for a spool that keeps lanes."""
        if self._waiting:
            self._flush()
        return (part for part, _ in self._parts)

    def parts(self) -> Iterator[Part]:
        """The rows, in order, some ten thousand at a time."""
        if self._waiting:
            self._flush()
        for part, place in self._parts:
            if place is None:
                yield part
            else:
                features = np.empty((len(part), part.features.shape[1]), dtype=np.float32)
                self._scratch.read(place, into=features.reshape(-1).view(np.uint8).data)
                yield replace(part, features=features)


def give_back_memory() -> None:
    """Give freed memory back to the system, which glibc would keep; elsewhere nothing."""
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def order_of(spools: Iterable[Spool]) -> npt.NDArray[np.intp]:
    """The `hash_order` of the rows of all spools, one after the other; each keeps lanes."""
    kept = [part for spool in spools for part in spool.hashes()]
    if not kept:
        return np.zeros(0, dtype=np.intp)
    first, second = (np.concatenate([part.lanes[lane] for part in kept]) for lane in (0, 1))
    return hash_order((first, second), np.concatenate([part.label for part in kept]))
