"""Writing captured predictions: records into the segment that this worker owns."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from cauce.core.bundle.inputs import schema_of
from cauce.core.capture_log import MARK, first_digest, framed
from cauce.core.durable import sync
from cauce.failpoints import passage
from cauce.service import capture_segments as files
from cauce.service.messages import Scored
from cauce.service.settings import CaptureSettings
from cauce.version import __version__

_LOOK = 1.0
_encode = msgspec.msgpack.Encoder(decimal_format="string").encode


_FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
_CANNOT = (OverflowError, UnicodeEncodeError, TypeError, ValueError, RecursionError)


class Captured(NamedTuple):
    """What was scored together: the first of it, how many rows, and the record that it becomes."""

    scored: Scored
    rows: int
    encoded: bytes


def captured(scored: Sequence[Scored], left_out: Sequence[str]) -> Captured:
    """What one model scored just now, encoded where it was scored: the thread that waits for the disk would
    hold up the loop with it."""
    now = time.time_ns()
    entries = [
        (now, one.request, one.door, one.version, _without(one.rows, left_out), one.answers) for one in scored
    ]
    rows = sum(len(one.rows) for one in scored)
    try:
        return Captured(scored[0], rows, _encode(entries))
    except _CANNOT:
        known = {one.name for one in scored[0].manifest.input}
        return Captured(scored[0], rows, _encode([_encodable(one, known) for one in entries]))


def _encodable(entry: tuple[Any, ...], known: set[str]) -> msgspec.Raw:
    *about, rows, answers = entry
    try:
        return msgspec.Raw(_encode(entry))
    except _CANNOT:
        return msgspec.Raw(_encode((*about, _told(rows, known), answers)))


@dataclass(eq=False)
class SegmentWriter:
    """Writes groups of captured predictions, each durable once `keep` comes back; for one thread."""

    folder: Path
    settings: CaptureSettings
    _descriptor: int = field(default=-1, init=False)
    _identity: str = field(default="", init=False)
    _digest: bytes = field(default=b"", init=False)
    _end: int = field(default=0, init=False)
    _began: float = field(default=0.0, init=False)
    _size: int = field(default=0, init=False)
    _looked: float = field(default=float("-inf"), init=False)
    _failed: OSError | None = field(default=None, init=False)

    def keep(self, group: Sequence[Captured]) -> None:
        """Append them and wait until they are on the disk. OSError where that is full, or the folder is."""
        self._mend()
        self.close_if_old()
        for identity, some in groupby(group, key=lambda one: one.scored.identity):
            listed = list(some)
            if self._descriptor < 0 or identity != self._identity:
                self._begin(listed[0].scored)
            self._append(listed)
        if self._end >= self.settings.segment_bytes:
            self.close()

    def close_if_old(self) -> None:
        """Close the segment where it has been open for long."""
        if self._descriptor >= 0 and time.monotonic() - self._began > self.settings.segment_seconds:
            self.close()

    def close(self) -> None:
        """Let go of the segment: from now on it may be sealed."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor, self._failed = -1, None

    def _begin(self, scored: Scored) -> None:
        self.close()
        header = _encode(_header(scored, self.settings.left_out))
        path, self._descriptor = files.create(self.folder)
        try:
            record, self._digest = framed(header, first_digest())
            self._check_size(len(MARK) + len(record))
            _write(self._descriptor, MARK + record, 0)
            os.fsync(self._descriptor)
            path = files.name(path)
            sync(self.folder)
        except OSError:
            self.close()
            path.unlink(missing_ok=True)
            raise
        self._end = len(MARK) + len(record)
        self._size += self._end
        self._identity, self._began = scored.identity, time.monotonic()

    def _append(self, group: Sequence[Captured]) -> None:
        records, digest = [], self._digest
        for one in group:
            record, digest = framed(one.encoded, digest)
            records.append(record)
        data = b"".join(records)
        self._check_size(len(data))
        try:
            _write(self._descriptor, data, self._end)
        except OSError as error:
            self._failed = error
            with suppress(OSError):
                self._mend()
            raise
        passage("capture.durable")
        self._end += len(data)
        self._size += len(data)
        self._digest = digest

    def _mend(self) -> None:
        """Where a write failed, leave nothing of it; what the kernel still holds of a disk that fails is not
        known: nothing may follow there."""
        if self._failed is None:
            return
        if self._failed.errno in _FULL:
            os.ftruncate(self._descriptor, self._end)
            self._failed = None
        else:
            self.close()

    def _check_size(self, more: int) -> None:
        """OSError where the folder would hold more than it may."""
        if self.settings.most_bytes is None:
            return
        if time.monotonic() - self._looked > _LOOK:
            self._looked, self._size = time.monotonic(), files.size(self.folder)
        if self._size + more > self.settings.most_bytes:
            raise OSError(0, f"the limit of {self.settings.most_bytes} bytes is reached")


def _write(descriptor: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        count = os.pwrite(descriptor, view, offset)
        view, offset = view[count:], offset + count


def _header(scored: Scored, left_out: Sequence[str]) -> dict[str, Any]:
    manifest = scored.manifest
    return {
        "identity": scored.identity,
        "name": manifest.name,
        "snapshot": manifest.snapshot,
        "columns": schema_of(manifest.input).to_json(),
        "key": [one.name for one in manifest.key],
        "left_out": list(left_out),
        "cauce": __version__,
    }


def _without(rows: Sequence[Mapping[str, Any]], left_out: Sequence[str]) -> Sequence[Mapping[str, Any]]:
    if not left_out:
        return rows
    return [{name: value for name, value in row.items() if name not in left_out} for row in rows]


def _told(rows: Sequence[Mapping[str, Any]], known: set[str]) -> list[dict[str, Any]]:
    """Rows whose other columns, which clients may fill with anything, are texts."""
    return [
        {name: value if name in known else ascii(value)[:1000] for name, value in row.items()} for row in rows
    ]
