"""A file's bytes as a stream: plain, gzip, zip or zstd, chosen by content, with growth bounded."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import BinaryIO, cast

from cauce.errors import CauceError
from cauce.sources.files import Content, SourceFile, unreadable

# Below this size growth harms nobody, and small honest files of one repeated row do grow a thousandfold.
_FREE_BYTES = 1 << 28

Read = Callable[[int], bytes]


@contextmanager
def unpacked(file: SourceFile, content: Content, *, expansion_limit: int, start: int = 0) -> Iterator[Read]:
    """A function that reads the next bytes (at most as many as asked; b"" at the end).

    start: bytes to leave out, of a file that is not packed.
    Raises E0402 (system), E0412 (grows beyond `expansion_limit` times its size), E0413 and E0414 (archive).
    """
    size, _ = file.stamp()
    bound = None if content == "text" else max(_FREE_BYTES, size * expansion_limit)
    with ExitStack() as open_streams:
        with _translated(file):
            stream = open_streams.enter_context(_opened(file, content))
            if start:
                stream.seek(start)
        yield _guarded(file, stream, bound, expansion_limit)


def _opened(file: SourceFile, content: Content) -> AbstractContextManager[BinaryIO]:
    if content == "gzip":
        return cast("AbstractContextManager[BinaryIO]", gzip.open(file.path, "rb"))
    if content == "zip":
        return _zip_member(file)
    if content == "zstd":
        return _zstd(file)
    return file.path.open("rb")


@contextmanager
def _zstd(file: SourceFile) -> Iterator[BinaryIO]:
    import pyarrow as pa

    with pa.CompressedInputStream(pa.OSFile(str(file.path), "rb"), "zstd") as stream:
        yield stream


@contextmanager
def _zip_member(file: SourceFile) -> Iterator[BinaryIO]:
    with zipfile.ZipFile(file.path) as archive:
        members = [item for item in archive.infolist() if _is_data(item)]
        if any(item.filename.startswith(("xl/", "word/", "ppt/")) for item in members):
            raise CauceError("E0403", place=file.place(), found="Office (xlsx)")
        if len(members) != 1:
            raise CauceError("E0413", place=file.place(), count=len(members))
        with archive.open(members[0]) as stream:
            yield cast(BinaryIO, stream)


def _is_data(item: zipfile.ZipInfo) -> bool:
    return not item.is_dir() and not item.filename.startswith("__MACOSX/")


@contextmanager
def _translated(file: SourceFile) -> Iterator[None]:
    try:
        yield
    except (gzip.BadGzipFile, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError) as error:
        raise CauceError("E0414", place=file.place(), reason=str(error)) from None
    except OSError as error:
        # Arrow reports a damaged stream as an OSError without a system error number.
        if error.errno is None:
            raise CauceError("E0414", place=file.place(), reason=str(error)) from None
        raise unreadable(file, error) from None


def _guarded(file: SourceFile, stream: BinaryIO, bound: int | None, limit: int) -> Read:
    total = 0

    def read(size: int) -> bytes:
        nonlocal total
        with _translated(file):
            data = stream.read(size)
        total += len(data)
        if bound is not None and total > bound:
            raise CauceError("E0412", place=file.place(), limit=limit, size=file.stamp()[0])
        return data

    return read
