"""A bundle as a plain folder, which appears when it is complete."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from pathlib import Path

from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.manifest import MANIFEST
from cauce.core.bundle.opening import open_bundle
from cauce.core.durable import sync, sync_tree
from cauce.core.faults import translated
from cauce.errors import CauceError
from cauce.failpoints import passage


def export_bundle(bundle: Bundle, folder: str | Path) -> Path:
    """Write the bundle's files into `folder`, which must not exist, be empty, or be this bundle already.

    E1216 where something else is there; E0503 to E0506 where the disk refuses. Nothing half-written stays.
    """
    target = Path(folder).absolute()
    draft = target.with_name(f".{target.name[:100]}.{secrets.token_hex(8)}.part")
    with translated(target):
        if _is_there(bundle, target):
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            draft.mkdir()
            for path, data in (*bundle.contents.items(), (MANIFEST, bundle.manifest.to_bytes())):
                _write(draft / path, data)
            passage("bundle.exported")
            sync_tree(draft)
            _name(draft, target)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return target


def _is_there(bundle: Bundle, target: Path) -> bool:
    if not os.path.lexists(target) or (target.is_dir() and not any(target.iterdir())):
        return False
    try:
        open_bundle(target, digest=bundle.identity)
    except CauceError as error:
        raise CauceError("E1216", path=target) from error
    return True


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(data)


def _name(draft: Path, target: Path) -> None:
    try:
        draft.rename(target)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            raise CauceError("E1216", path=target) from error
        raise
    sync(target.parent)
