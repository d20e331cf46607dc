"""Planted texts: where they turn up, in whatever form, in files, archives, tables and databases."""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import traceback
import zipfile
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cauce.errors import CauceError, explain

_DEEPEST = 4


@dataclass(frozen=True, order=True)
class Trace:
    """A planted text that was found. canary: its name; form: how it is written; where: a file, an output."""

    canary: str
    form: str
    where: str


@cache
def forms_of(text: str) -> dict[str, tuple[bytes, ...]]:
    """What `text` looks like in each form: as it is, as text of JSON and HTML and URLs, in UTF-16, as
    hexadecimal digits, and within base64 at any of three places."""
    data = text.encode()
    found = {
        "plain": (data,),
        "json": (json.dumps(text)[1:-1].encode(),),
        "html": (text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&#34;").encode(),),
        "url": (quote(text, safe="").encode(), quote(text).encode()),
        "utf-16": (text.encode("utf-16-le"), text.encode("utf-16-be")),
        "hex": (data.hex().encode(), data.hex().upper().encode()),
        "base64": tuple(_within_base64(data, before) for before in range(3)),
    }
    return {name: tuple(dict.fromkeys(texts)) for name, texts in found.items()}


def _within_base64(data: bytes, before: int) -> bytes:
    """The characters of base64 that `data` alone decides where so many bytes stand before it."""
    whole = b64encode(b"\0" * before + data)
    return whole[-(-before * 8 // 6) : (before + len(data)) * 8 // 6]


def traces(data: bytes, canaries: Mapping[str, str], *, where: str) -> set[Trace]:
    """The planted texts in `data`, and in what is packed in it. canaries: texts by name."""
    found = set()
    for inner in _layers(data, _DEEPEST):
        for name, text in canaries.items():
            forms = forms_of(text).items()
            found |= {Trace(name, form, where) for form, ways in forms if any(one in inner for one in ways)}
    return found


def traces_in(folder: Path, canaries: Mapping[str, str]) -> set[Trace]:
    """The planted texts in the files below `folder`, and in their names."""
    found: set[Trace] = set()
    for path in folder.rglob("*"):
        where = path.relative_to(folder).as_posix()
        found |= traces(where.encode(), canaries, where=f"name of {where}")
        if path.is_file():
            found |= traces(path.read_bytes(), canaries, where=where)
    return found


def told_by(error: BaseException) -> Iterator[str]:
    """Everything that anybody could print of an error, of the errors in it and of those behind it: also of
    contexts that Python itself would not show."""
    waiting, seen = [error], set()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield from (repr(one), str(one), *map(str, one.args), *traceback.format_exception(one))
        if isinstance(one, CauceError):
            yield from (one.hint, json.dumps(one.values, default=str), str(explain(one.code)))
        behind = (one.__cause__, one.__context__, *getattr(one, "errors", ()))
        waiting += [another for another in behind if another is not None]


def _layers(data: bytes, deepest: int) -> Iterator[bytes]:
    """`data`, and what it holds in a packed form, and what that holds."""
    yield data
    if deepest == 0:
        return
    for begin, unpack in _PACKED:
        if data.startswith(begin):
            # What only looks packed has nothing in it.
            with suppress(Exception):
                for inner in unpack(data):
                    yield from _layers(inner, deepest - 1)


def _zipped(data: bytes) -> Iterator[bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            yield archive.read(name)


def _compressed(data: bytes) -> Iterator[bytes]:
    import pyarrow as pa

    with pa.input_stream(pa.BufferReader(data), compression="zstd") as stream:
        yield stream.read()


def _parquet(data: bytes) -> Iterator[bytes]:
    import pyarrow.parquet as pq

    yield from _cells(pq.read_table(io.BytesIO(data)))


def _arrow_file(data: bytes) -> Iterator[bytes]:
    import pyarrow as pa

    yield from _cells(pa.ipc.open_file(pa.BufferReader(data)).read_all())


def _arrow_stream(data: bytes) -> Iterator[bytes]:
    import pyarrow as pa

    yield from _cells(pa.ipc.open_stream(pa.BufferReader(data)).read_all())


def _cells(table: Any) -> Iterator[bytes]:
    for column in table.columns:
        for cell in column.to_pylist():
            yield cell if isinstance(cell, bytes) else str(cell).encode("utf-8", "surrogatepass")


def _database(data: bytes) -> Iterator[bytes]:
    with closing(sqlite3.connect(":memory:")) as opened:
        opened.deserialize(data)
        opened.text_factory = bytes
        tables = [
            row[0].decode() for row in opened.execute("select name from sqlite_master where type='table'")
        ]
        for table in tables:
            escaped = table.replace('"', '""')
            for row in opened.execute(f'select * from "{escaped}"'):  # noqa: S608 - a name, escaped
                yield b"\n".join(one if isinstance(one, bytes) else str(one).encode() for one in row)


_PACKED: tuple[tuple[bytes, Callable[[bytes], Any]], ...] = (
    (b"\x1f\x8b", lambda data: [gzip.decompress(data)]),
    (b"\x78", lambda data: [zlib.decompress(data)]),
    (b"\x28\xb5\x2f\xfd", _compressed),
    (b"PK\x03\x04", _zipped),
    (b"PAR1", _parquet),
    (b"ARROW1", _arrow_file),
    (b"\xff\xff\xff\xff", _arrow_stream),
    (b"SQLite format 3\0", _database),
)
