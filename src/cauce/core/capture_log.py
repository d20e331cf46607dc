"""The file a service appends to what it answered: records that prove that they are whole.

MARK, then records: the payload's length (4 bytes, little-endian), the first 4 bytes of the SHA-256 of the
record before's digest and that length, the first 8 bytes of the SHA-256 of those 8 and the payload, and the
payload. The digest before the first record is that of MARK: no record can be left out, or put elsewhere.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

MARK = b"cauce\x00c\x01"
"""What such a file begins with; its last byte is the version of the format."""
_HEAD = struct.Struct("<I4s8s")
_LENGTH = struct.Struct("<I")
LARGEST = 1 << 31
"""Bytes of a payload are fewer."""
State = Literal["whole", "torn", "damaged"]


def first_digest() -> bytes:
    """What stands for the digest of a record before the first."""
    return hashlib.sha256(MARK).digest()[:8]


def framed(payload: bytes, before: bytes) -> tuple[bytes, bytes]:
    """The record of `payload` after the one with the digest `before`, and its own digest. ValueError where
    the payload is too long."""
    if len(payload) >= LARGEST:
        raise ValueError("a record of 2 GiB and more")
    length = _LENGTH.pack(len(payload))
    head = _head_check(before, length)
    digest = _digest(length + head, payload)
    return length + head + digest + payload, digest


@dataclass
class LogReader:
    """Reads the payloads of the file's bytes `data`, and what there is beside them.

    After the last one: state: "whole"; "torn" where the last record is not whole, as after a crash; "damaged"
    where one before it is not. lost: bytes that are not read. end: where the last whole record ends.
    """

    data: bytes
    state: State = "whole"
    lost: int = 0
    end: int = 0

    def __iter__(self) -> Iterator[bytes]:
        """The payloads of whole records, in order; a damaged one is passed over where its length is known."""
        data, place, before = memoryview(self.data), len(MARK), first_digest()
        if not self.data.startswith(MARK):
            self._stop(0, torn=MARK.startswith(self.data) or not any(self.data))
            return
        self.end = place
        while place < len(data):
            if place + _HEAD.size > len(data):
                return self._stop(place, torn=True)
            length, head, digest = _HEAD.unpack_from(data, place)
            if head != _head_check(before, bytes(data[place : place + 4])):
                return self._stop(place, torn=not any(data[place:]))
            begin, place, start = place + _HEAD.size, place + _HEAD.size + length, place
            if place > len(data):
                return self._stop(start, torn=True)
            payload = bytes(data[begin:place])
            before = digest
            if _digest(bytes(data[start : start + 8]), payload) == digest:
                self.end = place
                yield payload
            else:
                self.lost += place - start
                self.state = "torn" if place == len(data) and self.state == "whole" else "damaged"
        return None

    def _stop(self, place: int, *, torn: bool) -> None:
        self.lost += len(self.data) - place
        self.state = "torn" if torn and self.state == "whole" else "damaged"


def _head_check(before: bytes, length: bytes) -> bytes:
    return hashlib.sha256(before + length).digest()[:4]


def _digest(head: bytes, payload: bytes) -> bytes:
    return hashlib.sha256(head + payload).digest()[:8]
