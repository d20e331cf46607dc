"""Objects are written once, whole or not at all, and bad names stay outside."""

from __future__ import annotations

import errno
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from cauce.core.faults import as_failure, hidden_system_error
from cauce.errors import CATALOGUE, CauceError, Exit
from cauce.stores import publishing, scratch
from cauce.stores.local import LocalStore
from cauce.stores.lock import locked
from cauce.testing.stores import BAD_KEYS, MemoryStore, check_store

WRITERS = 8
KEYS = 25
RACE = """
import json, os, sys, time
from pathlib import Path
from cauce.stores.local import LocalStore
root, number, keys, gate = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
if len(sys.argv) > 5:
    def no_link(*_):
        raise OSError(95, "no links")
    os.link = no_link
store = LocalStore(root)
Path(gate + number).touch()
while not Path(gate).exists():
    time.sleep(0.001)
won = []
for key in range(keys):
    name, content = f"k/{key}", (number * 50_000).encode()
    if key % 2:
        fresh = store.put_if_absent(name, content)
    else:
        file = store.scratch() / "file"
        file.write_bytes(content)
        fresh = store.put_file_if_absent(name, file)
    if fresh:
        won.append(key)
    assert len(store.get(name)) == 50_000
print(json.dumps(won))
"""


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(str(tmp_path / "store"))


def test_every_store_keeps_the_promises_of_the_port(tmp_path: Path) -> None:
    numbers = iter(range(1000))
    check_store(lambda: LocalStore(str(tmp_path / str(next(numbers)))))
    check_store(MemoryStore)


def test_the_contract_suite_notices_a_store_that_overwrites() -> None:
    class Overwriting(MemoryStore):
        def put_if_absent(self, key: str, data: bytes) -> bool:
            super().delete(key)
            return super().put_if_absent(key, data)

    with pytest.raises(AssertionError, match="changes nothing"):
        check_store(Overwriting)


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
def test_of_eight_writers_of_one_key_exactly_one_wins_and_its_object_stays(
    tmp_path: Path, links: bool
) -> None:
    gate = tmp_path / "gate"
    command = [sys.executable, "-c", RACE, str(tmp_path / "store")]
    runs = [
        subprocess.Popen(
            [*command, str(number), str(KEYS), str(gate), *([] if links else ["no links"])],
            stdout=subprocess.PIPE,
        )
        for number in range(WRITERS)
    ]
    while not all(Path(f"{gate}{number}").exists() for number in range(WRITERS)):
        assert all(run.poll() is None for run in runs)
    gate.touch()
    won = [json.loads(run.communicate()[0]) for run in runs]
    assert sorted(key for keys in won for key in keys) == list(range(KEYS))
    store = LocalStore(str(tmp_path / "store"))
    for number, keys in enumerate(won):
        for key in keys:
            assert store.get(f"k/{key}") == (str(number) * 50_000).encode()
    assert list(store.list("")) == sorted(f"k/{key}" for key in range(KEYS))
    store.sweep()
    assert not list((tmp_path / "store" / scratch.FOLDER).iterdir())


def test_no_name_reaches_outside_the_store(tmp_path: Path, store: LocalStore) -> None:
    secret = tmp_path / "secret"
    secret.write_text("outside")
    for key in (*BAD_KEYS, "../secret", str(secret), "x/../../secret"):
        for action in (store.get, store.delete, lambda key: store.put_if_absent(key, b"x")):
            with pytest.raises(CauceError) as caught:
                action(key)
            assert caught.value.code == "E0501"
    assert secret.read_text() == "outside"
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_a_store_travels_to_workers_and_stays_equal(store: LocalStore) -> None:
    assert pickle.loads(pickle.dumps(store)) == store


def test_objects_cannot_be_changed_by_accident(store: LocalStore) -> None:
    store.put_if_absent("a/b", b"kept")
    path = store.local_path("a/b")
    assert path is not None
    assert path.stat().st_mode & 0o222 == 0


def test_a_file_of_another_file_system_is_copied_whole(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    shm = Path("/dev/shm")
    if not shm.is_dir() or shm.stat().st_dev == Path(store.root).parent.stat().st_dev:
        pytest.skip("no second file system at /dev/shm")
    file = shm / f"cauce-test-{os.getpid()}"
    file.write_bytes(b"x" * 100_000)
    assert store.put_file_if_absent("a", file)
    assert not file.exists()
    assert store.get("a") == b"x" * 100_000


@pytest.mark.parametrize(
    ("number", "code", "exit_code"),
    [
        (errno.ENOSPC, "E0503", Exit.IO),
        (errno.EDQUOT, "E0503", Exit.IO),
        (errno.EFBIG, "E0503", Exit.IO),
        (errno.EROFS, "E0504", Exit.CANNOT_CREATE),
        (errno.ENOTDIR, "E0504", Exit.CANNOT_CREATE),
        (errno.EACCES, "E0505", Exit.PERMISSION),
        (errno.EPERM, "E0505", Exit.PERMISSION),
        (errno.EIO, "E0506", Exit.IO),
        (errno.ESTALE, "E0506", Exit.IO),
    ],
)
def test_what_the_system_refuses_is_said_with_path_and_exit_code(
    number: int, code: str, exit_code: Exit, tmp_path: Path
) -> None:
    failure = as_failure(OSError(number, os.strerror(number)), tmp_path / "x")
    assert (failure.code, failure.exit_code) == (code, exit_code)
    assert str(tmp_path)[:60] in failure.message
    assert os.strerror(number) in failure.message


@pytest.mark.parametrize("call", ["fsync", "link", "open", "write"])
def test_a_failing_disk_leaves_nothing_half_visible(
    call: str, store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put_if_absent("old", b"old")

    def fails(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        if call == "write":
            patch.setattr("cauce.stores.local.sync_file", fails)
        elif call == "open":
            patch.setattr(Path, "open", fails)
        else:
            patch.setattr(os, call, fails)
        with pytest.raises(CauceError) as caught:
            store.put_if_absent("new", b"new")
    assert caught.value.code == "E0503"
    assert caught.value.exit_code == Exit.IO
    assert not list((Path(store.root) / scratch.FOLDER).iterdir())
    if store.exists("new"):
        assert store.get("new") == b"new"
    assert store.get("old") == b"old"
    store.put_if_absent("new", b"new")
    assert store.get("new") == b"new"


def test_where_a_file_is_in_the_way_the_path_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CauceError) as caught:
        LocalStore(str(tmp_path / "file")).put_if_absent("a", b"")
    assert caught.value.code == "E0504"
    assert caught.value.exit_code == Exit.CANNOT_CREATE


def test_the_error_hidden_in_a_library_s_text_is_found() -> None:
    found = hidden_system_error(ValueError("parquet: underlying IO error: (os error 28)"))
    assert found is not None
    assert found.errno == errno.ENOSPC
    assert hidden_system_error(ValueError("no such thing")) is None


def test_without_links_and_locks_the_store_refuses_instead_of_guessing(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise OSError(errno.ENOTSUP, "not supported")

    monkeypatch.setattr(os, "link", fails)
    monkeypatch.setattr("fcntl.flock", fails)
    with pytest.raises(CauceError) as caught:
        store.put_if_absent("a", b"")
    assert caught.value.code == "E0512"
    assert not store.exists("a")


def test_sweeping_removes_what_the_dead_left_and_nothing_of_the_living(store: LocalStore) -> None:
    mine = store.scratch()
    program = "import sys; from cauce.stores.local import LocalStore as L; print(L(sys.argv[1]).scratch())"
    done = subprocess.run(
        [sys.executable, "-c", program, store.root], capture_output=True, text=True, check=True
    )
    left = Path(done.stdout.strip())
    (left / "draft").write_bytes(b"half")
    elsewhere = left.parent / "otherhost.1.0123456789abcdef"
    elsewhere.write_bytes(b"half")
    old = left.parent / "otherhost.2.0123456789abcdef"
    old.write_bytes(b"half")
    os.utime(old, (0, 0))
    assert store.sweep() == 2
    assert sorted(left.parent.iterdir()) == sorted([mine, elsewhere])


def test_the_lock_waits_names_its_holder_and_survives_a_crash(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    program = (
        "import os, sys, time; from cauce.stores.lock import locked\n"
        "with locked(sys.argv[1]) as held:\n print(held, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, path], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == "True"
        with pytest.raises(CauceError) as caught, locked(path):
            pass
        assert caught.value.code == "E0513"
        assert caught.value.exit_code == Exit.TEMPORARY
        assert f"process {other.pid} on" in caught.value.message
        other.kill()
        with locked(path, patience=10) as held:
            assert held
    with locked(path, shared=True), locked(path, shared=True) as both:
        assert both


def test_a_system_without_locks_goes_on_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr("fcntl.flock", fails)
    with pytest.warns(match="W0514"), locked(str(tmp_path / "lock")) as held:
        assert not held


def test_every_folder_up_to_the_root_is_made_durable(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(publishing, "sync", synced.append)
    store.put_if_absent("a/b/c", b"")
    root = Path(store.root)
    assert synced == [root / "a/b", root / "a", root]


def test_every_code_of_the_store_explains_itself() -> None:
    for code, entry in CATALOGUE.items():
        if code[1:3] in ("05", "06"):
            assert entry.says
            assert entry.hint
            assert len(entry.explanation) > 60
