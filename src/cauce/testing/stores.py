"""A store in memory, and what every store must do."""

from __future__ import annotations

import io
import shutil
import tempfile
import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from cauce.errors import CauceError
from cauce.ports.store import Store

GOOD_KEYS = (
    "a",
    "snapshots/ab12.json",
    "a-b/c_d.e",
    "runs/2026/x/y/z",
    "A/a",
    "0",
    "_",
    "-",
    "a..b",
    "x" * 200,
)
BAD_KEYS = (
    *("", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/..", "a/../b", "a/../../b", "./a", "a/./b"),
    *(".hidden", "a/.hidden", ".scratch/x", "a.", "a/b.", "a\\b", "..\\a", "C:\\a", "C:a", "\\\\host\\a"),
    *("a\0", "\0", "a\n", "\na", "a b", " a", "a ", "~/a", "~", "$HOME", "a%2e%2e", "%2e%2e/a", "..%2fa"),
    *("%252e%252e/a", "a:b", "a*", "a?", "a;b", "a|b", "a'b", 'a"b', "<a>", "a&b", "á", "\u2025/a"),
    *("\uff0e\uff0e/a", "a\u2215b", "\u202ea", "file:///etc/passwd", "s3://b/k", "x" * 201, "a/" * 250 + "a"),
    *("\ud800", "....//a", "..../a", "a/…"),
)


@dataclass(frozen=True)
class MemoryStore:
    """A store that forgets: for tests, and for looking at what a step would keep.

    clock: seconds, for `age`. Two stores share nothing.
    """

    objects: dict[str, tuple[bytes, float]] = field(default_factory=dict)
    clock: Callable[[], float] = time.time

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """Keep `data` under `key`; False where the key exists."""
        known = self.objects.setdefault(_checked(key), kept := (bytes(data), self.clock()))
        if known is not kept:
            self.objects[key] = (known[0], self.clock())
        return known is kept

    def put_file_if_absent(self, key: str, file: Path) -> bool:
        """Keep the content of `file`, which is gone afterwards."""
        fresh = self.put_if_absent(key, file.read_bytes())
        file.unlink()
        return fresh

    def get(self, key: str) -> bytes:
        """The object under `key`; E0502 where there is none."""
        return self._found(key)[0]

    def open(self, key: str) -> BinaryIO:
        """A seekable reader of the object; E0502 where there is none."""
        return io.BytesIO(self.get(key))

    def exists(self, key: str) -> bool:
        """Whether there is an object under `key`."""
        return _checked(key) in self.objects

    def list(self, prefix: str) -> Iterator[str]:
        """The keys that begin with `prefix`, in the order of their characters."""
        _checked(prefix + "x")
        return iter(sorted(key for key in self.objects if key.startswith(prefix)))

    def delete(self, key: str) -> None:
        """Forget the object; nothing where there is none."""
        self.objects.pop(_checked(key), None)

    def age(self, key: str) -> float:
        """Seconds since the object was put, or put again in vain; E0502 where there is none."""
        return self.clock() - self._found(key)[1]

    def scratch(self) -> Path:
        """A fresh folder in the system's temporary folder, which goes with the store."""
        folder = tempfile.mkdtemp(prefix="cauce-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return Path(folder)

    def sweep(self) -> int:
        """Nothing: the system's temporary folder is not ours to sweep."""
        return 0

    def local_path(self, key: str) -> Path | None:
        """None: nothing here is a file."""
        _checked(key)
        return None

    def _found(self, key: str) -> tuple[bytes, float]:
        if _checked(key) not in self.objects:
            raise CauceError("E0502", key=key, store="memory")
        return self.objects[key]


def _checked(key: str) -> str:
    letters = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
    parts = key.split("/")
    if len(key) > 500 or any(
        not part or len(part) > 200 or set(part) - letters or part[0] == "." or part[-1] == "."
        for part in parts
    ):
        raise CauceError("E0501", key=key)
    return key


def check_store(make_store: Callable[[], Store]) -> None:
    """Every promise of the Store port on fresh stores of `make_store`; AssertionError names a broken one."""
    for check in (_check_once, _check_missing, _check_keys, _check_list, _check_files, _check_age):
        check(make_store())


def _code(action: Callable[[], object]) -> str | None:
    try:
        action()
    except CauceError as error:
        return error.code
    return None


def _check_once(store: Store) -> None:
    assert store.put_if_absent("a/b", b"first"), "the first put wins"
    assert not store.put_if_absent("a/b", b"second"), "a second put changes nothing"
    assert store.get("a/b") == b"first", "the first content stays"
    assert store.put_if_absent("empty", b""), "an empty object is an object"
    assert store.get("empty") == b"", "an empty object reads back empty"
    assert store.exists("empty"), "an empty object exists"
    big = bytes(range(256)) * 4096
    assert store.put_if_absent("big", big), "a megabyte can be put"
    assert store.get("big") == big, "every byte value reads back"
    with store.open("big") as file:
        file.seek(-3, io.SEEK_END)
        assert file.read() == big[-3:], "a reader can seek"


def _check_missing(store: Store) -> None:
    assert _code(lambda: store.get("none/x")) == "E0502", "getting a missing object says E0502"
    assert _code(lambda: store.open("none/x")) == "E0502", "opening a missing object says E0502"
    assert _code(lambda: store.age("none/x")) == "E0502", "the age of a missing object says E0502"
    assert not store.exists("none/x"), "a missing object does not exist"
    assert store.local_path("none/x") is None, "a missing object has no path"
    store.delete("none/x")
    store.put_if_absent("some/x", b"1")
    assert not store.exists("some"), "the beginning of a key is no object"
    assert _code(lambda: store.get("some")) == "E0502", "the beginning of a key cannot be read"
    assert _code(lambda: store.get("some/x/y")) == "E0502", "nothing lies under an object"


def _check_keys(store: Store) -> None:
    for key in GOOD_KEYS:
        if key.lower() != key or key == "a":
            continue
        assert store.put_if_absent(key, key.encode()), f"the key {key!r} is taken"
        assert store.get(key) == key.encode(), f"the key {key!r} reads back"
    for key in BAD_KEYS:
        for action in (store.get, store.exists, store.delete, store.local_path, store.age, store.open):
            assert _code(lambda key=key, action=action: action(key)) == "E0501", f"{key!r} is refused"  # type: ignore[misc]
        assert _code(lambda key=key: store.put_if_absent(key, b"")) == "E0501", f"{key!r} is not written"  # type: ignore[misc]


def _check_list(store: Store) -> None:
    keys = ["a-b/x", "a/b/c", "a/x", "a0", "b/x"]
    for key in reversed(keys):
        store.put_if_absent(key, b"")
    store.scratch()
    assert list(store.list("")) == sorted(keys), "all keys are listed, in order, and nothing else"
    assert list(store.list("a/")) == ["a/b/c", "a/x"], "a folder is listed"
    assert list(store.list("a")) == ["a-b/x", "a/b/c", "a/x", "a0"], "a prefix is only the beginning"
    assert list(store.list("zzz/")) == [], "nothing is listed where nothing is"
    assert _code(lambda: list(store.list("../"))) == "E0501", "a listing cannot leave the store"
    store.delete("a/x")
    assert list(store.list("a/")) == ["a/b/c"], "a deleted object is gone"
    assert store.put_if_absent("a/x", b"new"), "a deleted key can be put again"


def _check_files(store: Store) -> None:
    first, second = store.scratch(), store.scratch()
    assert first != second, "each scratch folder is fresh"
    for folder, content, wins in ((first, b"one", True), (second, b"two", False)):
        file = folder / "part"
        file.write_bytes(content)
        assert store.put_file_if_absent("parts/p", file) is wins, "the first file wins"
        assert not file.exists(), "the file is consumed"
    assert store.get("parts/p") == b"one", "the first file's content stays"
    path = store.local_path("parts/p")
    assert path is None or path.read_bytes() == b"one", "a local path holds the object"


def _check_age(store: Store) -> None:
    store.put_if_absent("a", b"")
    assert 0 <= store.age("a") < 60, "a new object is young"
    assert store.sweep() >= 0, "sweeping a store in use is harmless"
    assert store.exists("a"), "sweeping removes no object"
