"""Which files a source is made of, their identity, and what they are by content."""

from __future__ import annotations

import glob
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cauce.errors import CauceError, Place
from cauce.spec.addresses import is_brought, scheme_of, slip_in, without_user

_CHUNK = 1 << 20
_GLOB_SIGNS = frozenset("*?[")
_HIDDEN = (".", "_")

TABLE = "table:"
"""What begins the name of a table in place of a path."""
_ADDRESS = re.compile("[A-Za-z][A-Za-z0-9+.-]+://")

Content = Literal["text", "gzip", "zip", "zstd", "parquet", "orc"]
TYPED: tuple[Content, ...] = ("parquet", "orc")
"""Contents whose columns have types."""

_MAGIC: tuple[tuple[bytes, Content], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"PAR1", "parquet"),
    (b"PARE", "parquet"),
    (b"ORC", "orc"),
)
_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "PDF"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"Rar!", "RAR"),
    (b"SQLite format 3\x00", "SQLite"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Excel (xls)"),
    (b"Obj\x01", "Avro"),
    (b"ARROW1\x00\x00", "Arrow IPC"),
    (b"\x89PNG", "PNG"),
    (b"\x89HDF", "HDF5"),
)


@dataclass(frozen=True)
class SourceFile:
    """One file: where it is, and its name relative to what the user gave ("/"-separated)."""

    path: Path
    name: str

    def place(self, line: int | None = None) -> Place:
        return Place(self.name, line)

    def stamp(self) -> tuple[int, int]:
        """Size and time of change, to notice a file that changes while it is read."""
        try:
            status = self.path.stat()
        except OSError as error:
            raise unreadable(self, error) from None
        return status.st_size, status.st_mtime_ns


def is_remote(path: str) -> bool:
    """Whether a path is an address such as hdfs://… or s3a://…, which no file of this machine has."""
    return _ADDRESS.match(path) is not None


def is_held(source: str) -> bool:
    """Whether a source is a table, or files that only an engine reaches."""
    return source.startswith(TABLE) or (is_remote(source) and not is_brought(source))


def not_here(source: str) -> CauceError:
    """E0743 for a source that `is_held`, E2528 where it is a slip for an address that can be read."""
    if not is_remote(source):
        return CauceError("E0743", source=source)
    return slip_in(source) or CauceError("E0743", source=without_user(source))


def unreadable(file: SourceFile, error: OSError) -> CauceError:
    """The coded form of an operating-system error on `file`."""
    return CauceError("E0402", place=file.place(), reason=error.strerror or type(error).__name__)


def find_files(paths: tuple[str, ...]) -> tuple[SourceFile, ...]:
    """The files that paths, folders and globs name, once each, sorted by name. E0401 where one names none,
    E0402 where the system refuses to look, E0743 for a table or an address, E2618 for one that is brought."""
    found: dict[Path, SourceFile] = {}
    for pattern in paths:
        if is_held(pattern):
            raise not_here(pattern)
        if is_brought(pattern):
            raise CauceError("E2618", source=f"{scheme_of(pattern)}://…")
        matched = _matched(pattern)
        if not matched:
            raise slip_in(pattern) or CauceError("E0401", pattern=pattern)
        for file in matched:
            found.setdefault(file.path.resolve(), file)
    if not found:
        raise CauceError("E0401", pattern="")
    return tuple(sorted(found.values(), key=lambda file: (file.name, str(file.path))))


def _matched(pattern: str) -> list[SourceFile]:
    try:
        return list(_matching(pattern))
    except (ValueError, RuntimeError):  # a zero byte, or the home of a user who is not there
        return []
    except OSError as error:
        raise CauceError("E0402", place=Place(pattern), reason=error.strerror or str(error)) from None


def _matching(pattern: str) -> Iterator[SourceFile]:
    path = Path(pattern).expanduser()
    if path.is_dir():
        yield from _inside(path)
    elif path.exists():
        yield SourceFile(path, path.name)
    elif _GLOB_SIGNS & set(pattern):
        fixed = Path(os.path.commonpath([path.parent, _fixed_part(path)]))
        for match in sorted(glob.glob(str(path), recursive=True)):  # noqa: PTH207 - absolute patterns too
            if Path(match).is_file():
                yield SourceFile(Path(match), Path(match).relative_to(fixed).as_posix())


def _fixed_part(path: Path) -> Path:
    parts: list[str] = []
    for part in path.parts:
        if _GLOB_SIGNS & set(part):
            break
        parts.append(part)
    return Path(*parts)


def _inside(folder: Path) -> Iterator[SourceFile]:
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(_HIDDEN) for part in relative.parts):
            yield SourceFile(path, relative.as_posix())


def content_of(file: SourceFile) -> Content:
    """What the first bytes of the file say it is; E0403 where that is something else, E0405 where none."""
    try:
        with file.path.open("rb") as stream:
            start = stream.read(16)
    except OSError as error:
        raise unreadable(file, error) from None
    if not start:
        raise CauceError("E0405", place=file.place())
    for magic, content in _MAGIC:
        if start.startswith(magic):
            return content
    for magic, name in _FOREIGN:
        if start.startswith(magic):
            raise CauceError("E0403", place=file.place(), found=name)
    return "text"


def fingerprint(files: tuple[SourceFile, ...]) -> str:
    """SHA-256, in hex, over each file's name, size and bytes, in order of name. Reads every byte once."""
    digest = hashlib.sha256()
    for file in files:
        size, _ = file.stamp()
        name = file.name.encode("utf-8", "surrogateescape")
        digest.update(len(name).to_bytes(8, "little") + name + size.to_bytes(8, "little"))
        try:
            with file.path.open("rb") as stream:
                while chunk := stream.read(_CHUNK):
                    digest.update(chunk)
        except OSError as error:
            raise unreadable(file, error) from None
    return digest.hexdigest()
