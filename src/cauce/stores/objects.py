"""A store in a bucket of an S3 server."""

from __future__ import annotations

import mmap
import os
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from cauce.core.faults import translated
from cauce.errors import CauceError
from cauce.failpoints import passage
from cauce.stores import bucket, scratch
from cauce.stores.bucket import Bucket, asked, bucket_of, fetch
from cauce.stores.cache import Cache
from cauce.stores.keys import checked_key, checked_prefix

_UPLOADS, _TOUCHED, _PROBE = ".uploads", ".touched", ".probe"
_WRITER = "cauce-writer"
_DAY = 24 * 3600.0
T = TypeVar("T")


@dataclass(frozen=True)
class ObjectStore:
    """Objects under a prefix of a bucket: s3://bucket/prefix?region=…&endpoint=….

    home: a local folder for copies of what is read and for files in the making; every process may have its
    own. A put asks the server to write only where nothing is (If-None-Match), so of many writers one wins and
    nothing is ever renamed; that the server heeds it is proved before the first write (E2653). Whoever gets
    the value needs credentials of its own. E2606, E2650 to E2666 where the server refuses or is out of reach.
    """

    url: str
    home: str

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """Write `data` under `key`; False, and nothing changed, where the key exists."""
        checked_key(key)
        self._prove()
        return self._put(key, data)

    def put_file_if_absent(self, key: str, file: Path) -> bool:
        """Like `put_if_absent` for a finished local file, which is uploaded, and gone afterwards."""
        checked_key(key)
        self._prove()
        with translated(file):
            if file.stat().st_size <= bucket.limits.whole:
                fresh = self._put(key, file.read_bytes())
            elif self._copies:
                fresh = self._upload(key, file)
            else:
                # An upload that failed may hold it yet: it is closed once nobody does.
                with file.open("rb") as data:
                    content = mmap.mmap(data.fileno(), 0, prot=mmap.PROT_READ)
                fresh = self._put(key, memoryview(content))
            file.unlink()
        return fresh

    def get(self, key: str) -> bytes:
        """The object under `key`; E0502 where there is none."""
        checked_key(key)
        try:
            return self._asked(lambda: self._bucket.get(key))
        except FileNotFoundError:
            raise CauceError("E0502", key=key, store=self._shown) from None

    def open(self, key: str) -> BinaryIO:
        """A seekable reader of a local copy of the object; E0502 where there is none."""
        path = self.local_path(key)
        if path is None:
            raise CauceError("E0502", key=key, store=self._shown)
        with translated(path):
            return path.open("rb")

    def exists(self, key: str) -> bool:
        """Whether there is an object under `key`."""
        checked_key(key)
        return self._about(key) is not None

    def list(self, prefix: str) -> Iterator[str]:
        """The keys that begin with `prefix`, in the order of their characters."""
        checked_prefix(prefix)
        found = self._asked(lambda: self._bucket.list(prefix.rpartition("/")[0]))
        names = (one["path"] for one in found)
        return iter(sorted(key for key in names if key.startswith(prefix) and not key.startswith(".")))

    def delete(self, key: str) -> None:
        """Remove the object; nothing where there is none."""
        checked_key(key)
        self._asked(lambda: self._bucket.delete(key))
        passage("store.deleted")
        self._asked(lambda: self._bucket.delete(f"{_TOUCHED}/{key}"))

    def age(self, key: str) -> float:
        """Seconds since the object was put, or put again in vain, by the server's clock; E0502."""
        checked_key(key)
        about = self._about(key)
        if about is None:
            raise CauceError("E0502", key=key, store=self._shown)
        touched = self._about(f"{_TOUCHED}/{key}")
        times: list[float] = [one["last_modified"].timestamp() for one in (about, touched) if one is not None]
        return max(0.0, time.time() + self._skew - max(times))

    def scratch(self) -> Path:
        """A fresh local folder for this user only; `sweep` removes it one day."""
        path = scratch.fresh(Path(self.home))
        with translated(path):
            path.mkdir(mode=0o700, parents=True)
        return path

    def sweep(self) -> int:
        """Remove what ended processes left in the making, there and here; how many objects and files."""
        uploads = self._asked(lambda: self._bucket.list(_UPLOADS))
        now = time.time() + self._skew if uploads else 0.0
        old = [one["path"] for one in uploads if now - one["last_modified"].timestamp() > _DAY]
        for path in old:
            self._asked(lambda path=path: self._bucket.delete(path))  # type: ignore[misc]
        with translated(self.home):
            return len(old) + scratch.sweep(Path(self.home)) + self._cache.sweep()

    def local_path(self, key: str) -> Path | None:
        """A local copy of the object, of which nobody may change a byte; None where there is no object."""
        checked_key(key)
        about = self._about(key)
        if about is None:
            return None
        return self._cache.path(f"{self.url} {key} {about['e_tag']}", lambda file: self._fetch(about, file))

    def check(self) -> float:
        """Try what a store needs: write, refuse a second write, list, read, delete. Seconds that the server's
        clock is ahead. E2650 to E2657 where one of them does not work."""
        self._prove()
        self._asked(lambda: self._bucket.list(_UPLOADS))
        self._asked(lambda: self._bucket.get(_PROBE))
        return self._skew

    def size(self, key: str) -> int:
        """How many bytes the object has; E0502 where there is none."""
        about = self._about(checked_key(key))
        if about is None:
            raise CauceError("E0502", key=key, store=self._shown)
        return int(about["size"])

    @property
    def _bucket(self) -> Bucket:
        return bucket_of(self.url)

    @property
    def _shown(self) -> str:
        return self.url.partition("?")[0]

    @property
    def _cache(self) -> Cache:
        return Cache(Path(self.home, "copies"))

    @cached_property
    def _skew(self) -> float:
        """How far the server's clock is ahead of ours, in seconds."""
        path = f"{_UPLOADS}/{_own_name()}"
        self._asked(lambda: self._bucket.put(path, b""))
        about = self._about(path)
        self._asked(lambda: self._bucket.delete(path))
        return 0.0 if about is None else about["last_modified"].timestamp() - time.time()

    def _about(self, path: str) -> Any:
        try:
            return self._asked(lambda: self._bucket.head(path))
        except FileNotFoundError:
            return None

    def _fetch(self, about: Any, file: BinaryIO) -> None:
        fetch(self._bucket, about, file=file, store=self._shown)

    def _put(self, key: str, data: bytes | memoryview) -> bool:
        """A conditional put. An answer that got lost is told by the writer's mark, not by asking again."""
        mark = secrets.token_hex(16)
        passage("store.written")
        try:
            self._asked(lambda: self._bucket.create(key, data, mark={_WRITER: mark}))
        except FileExistsError:
            try:
                found = self._asked(lambda: self._bucket.marks(key)).get(_WRITER)
            except FileNotFoundError:  # it was deleted since
                return self._put(key, data)
            if found != mark:
                self._touch(key)
                return False
        passage("store.durable")
        return True

    @property
    def _copies(self) -> bool:
        """Whether the server copies only to where nothing is; one that cannot is given large files by one
        request each (Ceph: it has no such condition)."""
        bucket = self._bucket
        if not bucket.copies:
            bucket.copies.append(self._refuses_copies(bucket))
        return bucket.copies[0]

    def _refuses_copies(self, bucket: Bucket) -> bool:
        try:
            self._asked(lambda: bucket.copy(_PROBE, _PROBE))
        except FileExistsError:
            return True
        except CauceError as error:
            if error.code != "E2652":
                raise
        return False

    def _upload(self, key: str, file: Path) -> bool:
        """In parts to a name of its own, then by the server to where it belongs, if nothing is there."""
        if self._about(key) is not None:
            self._touch(key)
            return False
        path = f"{_UPLOADS}/{_own_name()}"
        try:
            self._asked(lambda: self._bucket.upload(path, file))
            passage("store.written")
            self._asked(lambda: self._bucket.copy(path, key))
        except FileExistsError:
            self._touch(key)
            return False
        finally:
            self._asked(lambda: self._bucket.delete(path))
        passage("store.durable")
        return True

    def _touch(self, key: str) -> None:
        """Make it as young as new to garbage collection."""
        self._asked(lambda: self._bucket.put(f"{_TOUCHED}/{key}", b""))

    def _prove(self) -> None:
        """E2653 where the server writes over what is there in spite of the condition; once a process."""
        bucket = self._bucket
        if bucket.proved:
            return
        for _ in range(2):
            try:
                self._asked(lambda: bucket.create(_PROBE, b"", mark={}))
            except FileExistsError:
                bucket.proved.append(True)
                return
        raise CauceError("E2653", store=self._shown)

    def _asked(self, action: Callable[[], T]) -> T:
        return asked(action, self._shown)


def _own_name() -> str:
    return f"{os.getpid()}.{secrets.token_hex(16)}"
