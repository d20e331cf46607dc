"""The rows of a result as MySQL's server sends them, in blocks of some megabytes."""

from __future__ import annotations

import struct
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import numpy as np

from cauce.errors import CauceError
from cauce.sources.sql.mysql_cells import Bytes, Places
from cauce.sources.sql.reader import Lost

SPARE = 16
"""How many bytes a block has behind its last row, for whoever reads more than a cell at once."""
_BLOCK = 8 << 20
_AT_ONCE = 1 << 16
_HEADER = struct.Struct("<I")
_HEAD = _HEADER.size
_LONGEST = 0xFFFFFF
_END, _ERROR = 0xFE, 0xFF


@dataclass(frozen=True)
class Block:
    """Bytes of a stream, and where in them each row begins, behind the header of its packet."""

    data: Bytes
    rows: Places


def row_blocks(stream: Any) -> Generator[Block, None, None]:
    """Blocks of the stream until the packet after the last row. `Lost` where the stream ends before it,
    the driver's error where the server sends one, E2522 for a row that no packet holds."""
    data, done = _room(_BLOCK), False
    filled = _received(lambda room: _buffered(stream, room), data.data)
    while not done:
        starts: list[int] = []
        place = _packets(data.data[:filled], 0, starts)
        while not (done := _ended(data, starts, place)) and filled < len(data) - SPARE:
            filled += _received(stream.raw.readinto, data.data[filled:-SPARE])
            place = _packets(data.data[:filled], place, starts)
        if not starts:
            data = _longer(data)
            continue
        rows = np.array(starts[:-1] if done else starts, dtype=np.int64)
        yield Block(data, rows + _HEAD)
        rest = data[place:filled]
        data, filled = _room(_BLOCK), len(rest)
        data[:filled] = rest


def _room(size: int) -> Bytes:
    return np.empty(size + SPARE, np.uint8)


def _longer(data: Bytes) -> Bytes:
    """More room for a row that fills all of it."""
    if _HEADER.unpack_from(data.data)[0] & _LONGEST == _LONGEST:
        raise CauceError("E2522", column="*")
    found = _room(2 * len(data))
    found[: len(data)] = data
    return found


def _received(read: Callable[[memoryview], int], room: memoryview) -> int:
    try:
        count = read(room)
    except OSError:
        raise Lost from None
    if not count:
        raise Lost
    return count


def _buffered(stream: Any, room: memoryview) -> int:
    """What the driver's buffer holds already. Reading past it with `readinto1` would wait for more."""
    found: bytes = stream.read1(_AT_ONCE)
    room[: len(found)] = found
    return len(found)


def _packets(data: memoryview, place: int, starts: list[int]) -> int:
    """Add where whole packets begin from a place on; where the last of them ends."""
    header, add, last = _HEADER.unpack_from, starts.append, len(data) - _HEAD
    while place <= last:
        end = place + _HEAD + (header(data, place)[0] & _LONGEST)
        if end > last + _HEAD:
            break
        add(place)
        place = end
    return place


def _ended(data: Bytes, starts: list[int], end: int) -> bool:
    """Whether the last packet is not a row but the end of them. The server sends nothing behind it."""
    from pymysql.err import raise_mysql_exception

    if not starts:
        return False
    begin = starts[-1] + _HEAD
    if data[begin] == _ERROR:
        raise_mysql_exception(bytes(data[begin:end]))
    return bool(data[begin] == _END)
