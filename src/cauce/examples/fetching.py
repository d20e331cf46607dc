"""An example's data, from a path or an address the user gives."""

from __future__ import annotations

import urllib.request
import zipfile
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.error import HTTPError
from urllib.parse import urlsplit

from cauce.core.faults import as_failure
from cauce.errors import CauceError

MOST_BYTES = 4 * 10**9
_SECONDS = 60
_BLOCK = 1 << 20


def fetch(source: str, target: Path) -> None:
    """Bring what `source` names to `target`: a file, or an http(s) address, which is downloaded.

    Of a zip archive, the member called as `target` is taken, else its only one. The file appears when it is
    complete. E1603 where `source` cannot be had, E1604 for an archive without such a member, E1605 beyond
    4 GB; E05.. where the disk refuses.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    packed, draft = target.with_name(f".{target.name}.packed"), target.with_name(f".{target.name}.draft")
    try:
        with closing(_opened(source)) as stream:
            _copied(stream, packed, source)
        if zipfile.is_zipfile(packed):
            with zipfile.ZipFile(packed) as archive, archive.open(_member(archive, target.name)) as stream:
                _copied(stream, draft, source)
            draft.replace(target)
        else:
            packed.replace(target)
    finally:
        packed.unlink(missing_ok=True)
        draft.unlink(missing_ok=True)


def _opened(source: str) -> IO[bytes]:
    try:
        if urlsplit(source).scheme in ("http", "https"):
            request = urllib.request.Request(source, headers={"User-Agent": "cauce"})  # noqa: S310 - http(s)
            opened: IO[bytes] = urllib.request.urlopen(request, timeout=_SECONDS)  # noqa: S310
            return opened
        return Path(source).expanduser().open("rb")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or getattr(error, "reason", None) or error
        if isinstance(error, HTTPError):
            error.close()
        raise CauceError("E1603", source=_plain(source), reason=reason) from error


def _copied(stream: IO[bytes], target: Path, source: str) -> None:
    done = 0
    try:
        output = target.open("wb")
    except OSError as error:
        raise as_failure(error, str(target)) from error
    with output:
        while block := _block(stream, source):
            done += len(block)
            if done > MOST_BYTES:
                raise CauceError("E1605", source=_plain(source), limit=MOST_BYTES)
            try:
                output.write(block)
            except OSError as error:
                raise as_failure(error, str(target)) from error


def _block(stream: IO[bytes], source: str) -> bytes:
    try:
        return stream.read(_BLOCK)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise CauceError("E1603", source=_plain(source), reason=error) from error


def _member(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    members = [one for one in archive.infolist() if not one.is_dir()]
    called = [one for one in members if PurePosixPath(one.filename).name == name]
    found = called or members
    if len(found) != 1:
        raise CauceError("E1604", name=name, count=len(members))
    return found[0]


def _plain(source: str) -> str:
    """`source` without user, password and query."""
    parts = urlsplit(source)
    if parts.scheme not in ("http", "https"):
        return source
    return f"{parts.scheme}://{parts.hostname}{parts.path}"
