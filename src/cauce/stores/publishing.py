"""How a finished file gets its name: once, whole, durably."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from contextlib import suppress
from pathlib import Path

from cauce.core.durable import sync
from cauce.errors import CauceError
from cauce.failpoints import passage

_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
_NO_LOCKS = {errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.ENOLCK, errno.EINVAL}
_CLAIMS = ".claims"


def sync_file(file: Path) -> None:
    """Make the content of `file` durable and take away the right to write it."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
        with suppress(PermissionError, NotImplementedError):
            os.fchmod(descriptor, mode & ~0o222)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folders(folder: Path, root: Path) -> None:
    """Make the names in `folder`, and of it and the folders above it up to `root`, durable."""
    sync(folder)
    while folder != root and root in folder.parents:
        folder = folder.parent
        sync(folder)


def publish(draft: Path, target: Path, *, root: Path) -> bool:
    """Give the synced file `draft` the name `target`; False where that name is taken.

    Both lie under `root`, on one file system. `draft` may or may not be gone afterwards.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(draft, target)
        fresh = True
    except FileExistsError:
        fresh = False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        fresh = _publish_under_lock(draft, target, root)
    passage("store.named")
    sync_folders(target.parent, root)
    passage("store.durable")
    return fresh


def _publish_under_lock(draft: Path, target: Path, root: Path) -> bool:
    """Rename where links are impossible, under a lock per key that the system gives back at any death."""
    import fcntl  # noqa: PLC0415 - does not exist on every system, and is only needed here

    claims = root / _CLAIMS
    claims.mkdir(exist_ok=True)
    name = hashlib.sha256(str(target.relative_to(root)).encode()).hexdigest()
    with (claims / name[:2]).open("ab") as claim:
        try:
            fcntl.flock(claim, fcntl.LOCK_EX)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
            raise CauceError("E0512", path=str(root)) from error
        if target.exists():
            return False
        draft.rename(target)
    return True
