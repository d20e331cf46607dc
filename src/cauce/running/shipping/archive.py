"""The archive of an environment: made once for the same content, the same bytes every time."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from cauce.core.durable import sync
from cauce.core.faults import translated
from cauce.errors import CauceError
from cauce.running.shipping.environment import FACTS, Environment, PackedFile

Report = Callable[[float, float | None], None]

_LEVEL = 1  # of gzip: 9 takes ten times as long for a tenth less
_MEGABYTE = 10**6
_UNFINISHED = ".environment-"
_DAY = 24 * 3600.0
# 1980-01-01, the oldest time that every format of archives has.
_TIME = 315_532_800


@dataclass(frozen=True)
class Archive:
    """An environment's archive. made: whether it was written now, not found. bytes: of the file."""

    file: Path
    environment: Environment
    bytes: int
    made: bool


def pack(environment: Environment, folder: Path, *, report: Report | None = None) -> Archive:
    """`environment` as a .tar.gz in `folder`, under its digest; one that is there is taken as it is.

    report: hears of the bytes packed and of all. E0503 to E0506; E0764 where a file changes meanwhile.
    """
    file = folder / f"environment-{environment.digest[:16]}.tar.gz"
    with translated(file):
        folder.mkdir(parents=True, exist_ok=True)
        if file.is_file():
            return Archive(file, environment, file.stat().st_size, made=False)
        _sweep(folder)
        descriptor, unfinished = tempfile.mkstemp(prefix=_UNFINISHED, suffix=".tmp", dir=folder)
        try:
            with os.fdopen(descriptor, "wb") as out:
                _write(environment, out, report=report)
            sync(Path(unfinished))
            Path(unfinished).chmod(0o644)
            Path(unfinished).replace(file)
        except BaseException:
            Path(unfinished).unlink(missing_ok=True)
            raise
        return Archive(file, environment, file.stat().st_size, made=True)


def _sweep(folder: Path) -> None:
    """Remove what killed processes left a day ago or earlier."""
    for left in folder.glob(f"{_UNFINISHED}*.tmp"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _DAY:
                left.unlink()


def _write(environment: Environment, out: IO[bytes], *, report: Report | None) -> None:
    done, total = 0, environment.bytes
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=out, compresslevel=_LEVEL, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as tar,
    ):
        _add(tar, FACTS, environment.facts)
        for one in environment.files:
            _add(tar, one.path, _content(one))
            done += one.size
            if report is not None:
                report(done // _MEGABYTE, total // _MEGABYTE)


def _content(one: PackedFile) -> bytes:
    if one.held is not None:
        return one.held
    content = one.source.read_bytes()
    if hashlib.sha256(content).hexdigest() != one.sha256:
        raise CauceError("E0764", file=one.source)
    return content


def _add(tar: tarfile.TarFile, path: str, content: bytes) -> None:
    entry = tarfile.TarInfo(path)
    entry.size, entry.mtime, entry.mode = len(content), _TIME, 0o644
    tar.addfile(entry, io.BytesIO(content))
