"""A store in a local folder."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cauce.core.faults import translated
from cauce.errors import CauceError
from cauce.failpoints import passage
from cauce.stores import scratch
from cauce.stores.keys import checked_key, checked_prefix
from cauce.stores.publishing import publish, sync_file, sync_folders


@dataclass(frozen=True)
class LocalStore:
    """Objects as read-only files under `root`, which is made at the first write.

    An object is written to a private file on the same file system, synced to disk, then linked to its
    name, which fails where the name exists; then the folders are synced. So a reader sees it whole or
    not at all, whatever is killed, and of many writers one wins. E0503 to E0506 where the operating
    system refuses; nothing half-written stays visible.
    """

    root: str

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """Write `data` under `key`; False, and nothing changed, where the key exists."""
        target = self._path(key)
        with translated(target):
            if self._offered_again(target):
                return False
            draft = self._draft()
            try:
                with draft.open("xb") as file:
                    file.write(data)
                return self._publish(draft, target)
            finally:
                draft.unlink(missing_ok=True)

    def put_file_if_absent(self, key: str, file: Path) -> bool:
        """Like `put_if_absent` for a finished local file, which is moved or copied, and gone afterwards."""
        target = self._path(key)
        with translated(target):
            if self._offered_again(target):
                file.unlink()
                return False
            if file.stat().st_dev == self._scratch_folder().stat().st_dev:
                fresh = self._publish(file, target)
            else:
                fresh = self._publish_copy(file, target)
            file.unlink(missing_ok=True)
        return fresh

    def get(self, key: str) -> bytes:
        """The object under `key`; E0502 where there is none."""
        with self.open(key) as file, translated(self._path(key)):
            return file.read()

    def open(self, key: str) -> BinaryIO:
        """A seekable reader of the object; E0502 where there is none."""
        path = self._path(key)
        with translated(path):
            try:
                return path.open("rb")
            except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
                raise CauceError("E0502", key=key, store=self.root) from None

    def exists(self, key: str) -> bool:
        """Whether there is an object under `key`."""
        return self._path(key).is_file()

    def list(self, prefix: str) -> Iterator[str]:
        """The keys that begin with `prefix`, in the order of their characters."""
        checked_prefix(prefix)
        top = Path(self.root, prefix.rpartition("/")[0])
        found: list[str] = []
        with translated(self.root):
            for folder, folders, files in os.walk(top, onerror=_unless_gone):
                folders[:] = [name for name in folders if not name.startswith(".")]
                within = Path(folder).relative_to(self.root)
                found.extend((within / name).as_posix() for name in files if not name.startswith("."))
        found = [key for key in found if key.startswith(prefix)]
        return iter(sorted(found))

    def delete(self, key: str) -> None:
        """Remove the object; nothing where there is none."""
        path = self._path(key)
        with translated(path):
            try:
                path.unlink()
            except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
                return
            passage("store.deleted")
            sync_folders(path.parent, Path(self.root))

    def age(self, key: str) -> float:
        """Seconds since the object was put, or put again in vain; E0502 where there is none."""
        path = self._path(key)
        with translated(path):
            try:
                return max(0.0, time.time() - path.stat().st_mtime)
            except (FileNotFoundError, NotADirectoryError):
                raise CauceError("E0502", key=key, store=self.root) from None

    def scratch(self) -> Path:
        """A fresh folder for this user only, on the store's file system; `sweep` removes it one day."""
        path = self._draft()
        with translated(path):
            path.mkdir(mode=0o700)
        return path

    def sweep(self) -> int:
        """Remove what ended processes left in the making; how many files and folders that were."""
        with translated(self.root):
            return scratch.sweep(Path(self.root))

    def local_path(self, key: str) -> Path | None:
        """The object's path; None where there is none."""
        path = self._path(key)
        return path if path.is_file() else None

    def _path(self, key: str) -> Path:
        return Path(self.root, checked_key(key))

    def _scratch_folder(self) -> Path:
        folder = Path(self.root, scratch.FOLDER)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _draft(self) -> Path:
        with translated(self.root):
            self._scratch_folder()
        return scratch.fresh(Path(self.root))

    def _offered_again(self, target: Path) -> bool:
        """Whether the object exists; then it is as young as new to garbage collection, and durable."""
        if not target.is_file():
            return False
        try:
            with suppress(PermissionError):
                os.utime(target)
            sync_folders(target.parent, Path(self.root))
        except FileNotFoundError:
            return False
        return True

    def _publish(self, draft: Path, target: Path) -> bool:
        passage("store.written")
        sync_file(draft)
        passage("store.synced")
        return publish(draft, target, root=Path(self.root))

    def _publish_copy(self, file: Path, target: Path) -> bool:
        draft = self._draft()
        try:
            shutil.copyfile(file, draft)
            return self._publish(draft, target)
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)


def _unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise error
