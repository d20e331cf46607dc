"""The store on a server that checks every signature and keeps to its own mind: Ceph's gateway."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from faulty_s3 import check_one_of_sixteen_wins, code_of, proxied

import cauce
from cauce.stores.bucket import bucket_of, limited
from cauce.stores.objects import ObjectStore
from cauce.stores.ownership import Keys, Question, check_owner, signed
from cauce.testing.radosgw import ACCESS, SECRET, missing_gateway, radosgw
from cauce.testing.stores import check_store

sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))
import whole_run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing_gateway()), reason=missing_gateway() or "-"),
]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A gateway with one empty bucket, `cauce-test`."""
    with (
        tempfile.TemporaryDirectory(prefix="cauce-test-") as folder,
        radosgw(Path(folder, "ceph")) as gateway,
    ):
        _ask(gateway.endpoint, "PUT", "/cauce-test")
        yield gateway.endpoint


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in [one for one in os.environ if one.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("HOME", str(tmp_path))
    with limited(whole=1 << 20):
        yield


def _ask(endpoint: str, method: str, path: str) -> None:
    """A request signed by the peer, botocore."""
    import urllib.request

    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    request = AWSRequest(method, f"{endpoint}{path}", data=b"")
    S3SigV4Auth(Credentials(ACCESS, SECRET), "s3", "us-east-1").add_auth(request)
    made = urllib.request.Request(request.url, method=method, headers=dict(request.headers))
    urllib.request.urlopen(made, timeout=60).close()


def store_at(endpoint: str, folder: Path, *, prefix: str = "x") -> ObjectStore:
    url = f"s3://cauce-test/{folder.name}/{prefix}?region=us-east-1&endpoint={endpoint}"
    return ObjectStore(url, str(folder / "home"))


def test_the_store_keeps_every_promise_of_the_port(endpoint: str, tmp_path: Path) -> None:
    made: list[ObjectStore] = []

    def fresh() -> ObjectStore:
        made.append(store_at(endpoint, tmp_path, prefix=str(len(made))))
        return made[-1]

    check_store(fresh)


def test_of_sixteen_writers_one_wins_and_all_read_its_bytes(endpoint: str, tmp_path: Path) -> None:
    check_one_of_sixteen_wins(store_at(endpoint, tmp_path))


def test_a_large_file_is_there_whole_once_and_comes_back_in_pieces(endpoint: str, tmp_path: Path) -> None:
    """Ceph refuses the copy by which parts are put in place elsewhere, and has no condition on it."""
    store, data = store_at(endpoint, tmp_path), os.urandom((33 << 20) + 7)
    for content, fresh in ((data, True), (b"x" * (2 << 20), False)):
        file = store.scratch() / "part"
        file.write_bytes(content)
        assert store.put_file_if_absent("parts/p", file) is fresh
        assert not file.exists()
    assert store.get("parts/p") == data
    copy = store.local_path("parts/p")
    assert copy is not None
    assert copy.read_bytes() == data
    assert list(store.list("")) == ["parts/p"]


def test_more_objects_than_a_page_holds_are_all_listed(endpoint: str, tmp_path: Path) -> None:
    store = store_at(endpoint, tmp_path)
    store.put_if_absent("first", b"")
    names = [f"k/{number:04d}" for number in range(1100)]
    bucket = bucket_of(store.url)

    def write(some: list[str]) -> None:
        for name in some:
            bucket.put(name, b"")

    threads = [threading.Thread(target=write, args=(names[place::8],)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(store.list("k/")) == names


def test_a_wrong_key_and_a_wrong_secret_are_told_whatever_is_asked(
    endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_at(endpoint, tmp_path)
    assert store.put_if_absent("a", b"1")
    for name, value in (("AWS_SECRET_ACCESS_KEY", "wrong"), ("AWS_ACCESS_KEY_ID", "NOBODY")):
        with monkeypatch.context() as changed:
            changed.setenv(name, value)
            bucket_of.cache_clear()
            for action in (lambda: store.get("a"), lambda: store.exists("a"), lambda: list(store.list(""))):
                assert code_of(action) == "E2651"
    bucket_of.cache_clear()
    assert store.get("a") == b"1"


def test_our_own_signed_question_is_understood_and_too_late_a_one_is_not(endpoint: str) -> None:
    import http.client

    keys = Keys(ACCESS, SECRET)
    question = Question(bucket="cauce-test", owner="", region="us-east-1", endpoint=endpoint)
    check_owner(question, keys)
    assert code_of(lambda: check_owner(question, Keys(ACCESS, "wrong"))) == "E2654"
    for minutes, status in ((0, 200), (20, 403), (-20, 403)):
        now = datetime.now(UTC) + timedelta(minutes=minutes)
        connection = http.client.HTTPConnection(question.url.netloc, timeout=30)
        connection.request("HEAD", question.url.path, headers=signed(question, keys, now=now))
        assert connection.getresponse().status == status
        connection.close()


def test_one_request_in_ten_may_fail_and_everything_is_stored_once(endpoint: str, tmp_path: Path) -> None:
    with proxied(endpoint, 0.1) as proxy:
        store = store_at(proxy.url, tmp_path)
        for number in range(60):
            assert store.put_if_absent(f"k/{number:02d}", b"%d" % number)
        file = store.scratch() / "part"
        file.write_bytes(b"x" * (6 << 20))
        assert store.put_file_if_absent("k/big", file)
        assert list(store.list("k/")) == [*(f"k/{number:02d}" for number in range(60)), "k/big"]
        assert store.get("k/big") == b"x" * (6 << 20)
    assert min(proxy.counted[way] for way in ("error", "drop", "lost", "cut")) > 0


def test_a_run_makes_the_model_of_a_run_in_a_folder(endpoint: str, tmp_path: Path) -> None:
    """Rows and store on the gateway; a second machine finds every step finished."""
    local = cauce.run(whole_run.make_project(tmp_path / "local"))
    url = f"s3://cauce-test/{tmp_path.name}/store?region=us-east-1&endpoint={endpoint}"
    text = f'{whole_run.PROJECT}[store]\nurl = "{url}"\n'
    remote = cauce.run(whole_run.make_project(tmp_path / "remote", text))
    assert remote.bundle == local.bundle
    assert cauce.run(whole_run.make_project(tmp_path / "again", text)).ran == ()
    checks = {one.name: one.state for one in cauce.doctor(tmp_path / "again").checks}
    assert checks["bucket"] == "ok"
