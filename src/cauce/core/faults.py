"""The border where the operating system's errors become ours."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cauce.errors import CauceError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_UNWRITABLE = {
    errno.EROFS,
    errno.ENOTDIR,
    errno.EEXIST,
    errno.EISDIR,
    errno.ENAMETOOLONG,
    errno.ELOOP,
    errno.ENOENT,
    errno.EMLINK,
}
_FORBIDDEN = {errno.EACCES, errno.EPERM}


@contextmanager
def translated(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn an OSError about `path` into E0503 (full), E0504, E0505 (rights) or E0506 (anything else).

    E0504 also for a path that no file can have.
    """
    try:
        yield
    except OSError as error:
        raise as_failure(error, path) from error
    except ValueError as error:
        if not isinstance(error, UnicodeEncodeError) and "null" not in str(error):
            raise
        # A zero byte, or half a character: no system has a file of such a name.
        raise CauceError("E0504", path=os.fspath(path), reason=str(error)) from error


_SYSTEM_ERROR = re.compile(r"\(os error (\d+)\)")


def hidden_system_error(error: Exception) -> OSError | None:
    """The system's error inside a library's (Polars tells it only as "... (os error 28)"), or None."""
    if isinstance(error, OSError) and error.errno is not None:
        return error
    found = _SYSTEM_ERROR.search(str(error))
    if found is None:
        return None
    number = int(found[1])
    return OSError(number, os.strerror(number))


def as_failure(error: OSError, path: str | os.PathLike[str]) -> CauceError:
    """`error` about `path` with a code of ours."""
    where, reason = os.fspath(path), error.strerror or type(error).__name__
    if error.errno in _FULL:
        return CauceError("E0503", path=where, reason=reason, free=_free(Path(path)))
    if error.errno in _UNWRITABLE:
        return CauceError("E0504", path=where, reason=reason)
    if error.errno in _FORBIDDEN:
        return CauceError("E0505", path=where, reason=reason)
    return CauceError("E0506", path=where, reason=reason)


def _free(path: Path) -> int | str:
    for folder in (path, *path.parents):
        try:
            return shutil.disk_usage(folder).free
        except OSError:
            continue
    return "?"
