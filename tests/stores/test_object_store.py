"""The store in a bucket: every promise of the port, through errors, races, lost answers and odd servers."""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from faulty_s3 import check_one_of_sixteen_wins, code_of, make_bucket, proxied

from cauce.errors import CauceError
from cauce.stores import objects
from cauce.stores.bucket import Bucket, bucket_of, limited
from cauce.stores.garbage import collect_garbage
from cauce.stores.objects import ObjectStore
from cauce.testing.loopback import served
from cauce.testing.stores import check_store

pytestmark = [
    pytest.mark.usefixtures("anybody"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:moto", "ignore:.*utcnow:DeprecationWarning"),
]


@pytest.fixture
def _parts() -> Iterator[None]:
    """What is larger than a megabyte is large."""
    with limited(whole=1 << 20):
        yield


@pytest.fixture
def _impatient() -> Iterator[None]:
    """A minute of patience is a second."""
    with limited(tries=2, pause=0.01, longest=0.01):
        yield


class Stores:
    """Fresh stores, each under a prefix of its own."""

    def __init__(self, endpoint: str, folder: Path) -> None:
        self.endpoint, self.folder, self.made = endpoint, folder, 0

    def __call__(self, endpoint: str | None = None, *, same: bool = False) -> ObjectStore:
        self.made += not same
        prefix = f"{self.folder.name}/{self.made}"
        url = f"s3://cauce-test/{prefix}?region=us-east-1&endpoint={endpoint or self.endpoint}"
        return ObjectStore(url, str(self.folder / f"home{self.made}"))


@pytest.fixture
def stores(endpoint: str, tmp_path: Path) -> Stores:
    return Stores(endpoint, tmp_path)


def test_the_store_keeps_every_promise_of_the_port(stores: Stores) -> None:
    check_store(stores)


def test_a_store_is_a_value_that_workers_receive(stores: Stores) -> None:
    store = stores()
    store.put_if_absent("a", b"1")
    other = pickle.loads(pickle.dumps(store))
    assert other == store
    assert other.get("a") == b"1"
    assert "wJalr" not in repr(store)


def test_of_sixteen_writers_one_wins_and_all_read_its_bytes(stores: Stores) -> None:
    check_one_of_sixteen_wins(stores())


@pytest.mark.usefixtures("_parts")
def test_a_large_file_goes_up_in_parts_and_is_there_whole_or_not_at_all(stores: Stores) -> None:
    store, other = stores(), stores(same=True)
    data = os.urandom(17 << 20)
    for content, fresh in ((data, True), (b"x" * (2 << 20), False)):
        file = store.scratch() / "part"
        file.write_bytes(content)
        assert store.put_file_if_absent("parts/p", file) is fresh
        assert not file.exists()
    assert other.get("parts/p") == data
    assert list(store.list("")) == ["parts/p"]
    assert not bucket_of(store.url).list(".uploads")


@pytest.mark.usefixtures("_parts")
def test_a_large_file_that_goes_up_as_one_may_be_held_for_a_moment_longer(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What sends it lets go of it in a thread of its own: that it is there would be an error."""
    store, held, create = stores(), [], Bucket.create

    def holding(self: Bucket, key: str, data: Any, **more: Any) -> None:
        held.append(data)
        create(self, key, data, **more)

    monkeypatch.setattr(Bucket, "create", holding)
    bucket_of(store.url).copies[:] = [False]
    file, data = store.scratch() / "part", os.urandom((2 << 20) + 7)
    file.write_bytes(data)
    assert store.put_file_if_absent("parts/p", file)
    assert not file.exists()
    assert [one == data for one in held if isinstance(one, memoryview)] == [True]
    assert store.get("parts/p") == data


@pytest.mark.usefixtures("_parts")
def test_one_request_in_ten_may_fail_and_everything_is_stored_once(stores: Stores, endpoint: str) -> None:
    with proxied(endpoint, 0.1) as proxy:
        store = stores(proxy.url)
        for number in range(60):
            assert store.put_if_absent(f"k/{number:02d}", b"%d" % number), (
                "a lost answer is not another's win"
            )
        file = store.scratch() / "part"
        file.write_bytes(b"x" * (6 << 20))
        store.put_file_if_absent("k/big", file)
        assert list(store.list("k/")) == [*(f"k/{number:02d}" for number in range(60)), "k/big"]
        assert all(store.get(f"k/{number:02d}") == b"%d" % number for number in range(60))
    assert min(proxy.counted[way] for way in ("error", "drop", "lost", "cut")) > 0


@pytest.mark.usefixtures("_impatient")
def test_a_server_that_always_fails_is_told_within_the_time_and_nothing_partial_is_there(
    stores: Stores, endpoint: str
) -> None:
    whole = stores()
    whole.put_if_absent("there", b"1")
    with proxied(endpoint, 1.0, ways=("drop", "lost", "cut")) as proxy:
        store = stores(proxy.url, same=True)
        assert code_of(lambda: store.put_if_absent("a", b"x" * 1000)) == "E2652"
        assert code_of(lambda: store.get("there")) == "E2652"
        assert code_of(lambda: list(store.list(""))) == "E2652"
    assert set(whole.list("")) <= {"there", "a"}
    if whole.exists("a"):
        assert whole.get("a") == b"x" * 1000


@pytest.mark.slow
def test_a_server_that_always_fails_is_told_within_the_minute_that_is_promised(
    stores: Stores, endpoint: str
) -> None:
    """A job that hangs for an hour on a bucket in trouble is found in the morning, with nothing done."""
    with proxied(endpoint, 1.0) as proxy:
        store = stores(proxy.url)
        for action in (lambda: store.put_if_absent("a", b"1"), lambda: store.get("a")):
            begun = time.monotonic()
            assert code_of(action) == "E2652"
            assert time.monotonic() - begun < 90


def test_a_server_that_ignores_conditions_is_refused(stores: Stores, endpoint: str) -> None:
    with proxied(endpoint, 0.0, drop_condition=True) as proxy:
        store = stores(proxy.url)
        assert code_of(lambda: store.put_if_absent("a", b"1")) == "E2653"
        assert not store.exists("a")


def test_a_bucket_that_is_not_there_is_told_and_not_made(endpoint: str, tmp_path: Path) -> None:
    store = ObjectStore(f"s3://no-such-bucket/x?region=us-east-1&endpoint={endpoint}", str(tmp_path))
    assert code_of(lambda: store.put_if_absent("a", b"1")) == "E2655"
    assert code_of(lambda: list(store.list(""))) == "E2655"


def test_an_object_put_again_in_vain_is_young_to_garbage_collection(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = stores()
    store.put_if_absent("parts/a", b"1")
    store.put_if_absent("parts/b", b"1")
    now = time.time
    assert store.age("parts/a") < 60  # and the server's clock is known from now on
    monkeypatch.setattr(objects.time, "time", lambda: now() + 3600)
    assert store.age("parts/a") > 3000
    assert collect_garbage(store, (), older_than=7200) == ()
    assert collect_garbage(store, (), older_than=60) == ("parts/a", "parts/b")
    assert list(store.list("")) == []


def test_a_copy_is_fetched_once_and_anew_where_the_object_is_another(stores: Stores, endpoint: str) -> None:
    with proxied(endpoint, 0.0) as proxy:
        store = stores(proxy.url)
        store.put_if_absent("a", b"one")
        first = store.local_path("a")
        assert first is not None
        assert first.read_bytes() == b"one"
        assert store.local_path("a") == first
        store.delete("a")
        assert store.local_path("a") is None
        store.put_if_absent("a", b"two")
        with store.open("a") as file:
            assert file.read() == b"two"


@pytest.mark.parametrize(
    "url",
    [
        *(
            "s3:///prefix",
            "s3://bucket/x?bucket=y",
            "s3://user@bucket/x",
            "s3://bucket:80/x",
            "gs://bucket/x",
        ),
        "s3://bucket/x#part",
        *(
            "s3://bucket/x?endpoint=",
            "s3://bucket/x?endpoint=minio:9000",
            "s3://bucket/x?endpoint=http://a b",
        ),
        *("s3://bucket/x?endpoint=http://[", "s3://bucket/x?region=", "s3://bucket/x?region=eu west"),
        *("s3://bucket/x?endpoint=http://user:pw@host", "s3://bucket/x?endpoint=ftp://host"),
    ],
)
def test_an_address_that_names_no_bucket_is_refused(url: str, tmp_path: Path) -> None:
    assert code_of(lambda: ObjectStore(url, str(tmp_path)).exists("a")) == "E2650"


def test_keys_in_an_address_are_refused(tmp_path: Path) -> None:
    url = "s3://bucket/x?secret_access_key=abc"
    assert code_of(lambda: ObjectStore(url, str(tmp_path)).exists("a")) == "E2501"


def test_a_profile_of_the_users_own_files_is_used(
    stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cauce.stores.credentials import credentials_of

    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text(
        "[work]\naws_access_key_id = A\naws_secret_access_key = B\n"
    )
    (tmp_path / ".aws" / "config").write_text("[profile work]\nregion = sa-east-1\n")
    found = credentials_of("work", sign=True)
    assert dict(found.config) == {"access_key_id": "A", "secret_access_key": "B"}
    assert found.region == "sa-east-1"
    monkeypatch.setenv("AWS_PROFILE", "work")
    assert credentials_of(None, sign=True) == found
    assert code_of(lambda: credentials_of("other", sign=True)) == "E2657"
    assert credentials_of(None, sign=False).config == {"skip_signature": True}
    assert "B" not in repr(found).replace("Bearer", "")


@pytest.mark.parametrize("token", [None, "session"])
def test_the_question_for_the_owner_is_signed_as_the_peer_signs_it(token: str | None) -> None:
    """Expected: botocore's own signature of the same request."""
    from datetime import UTC, datetime

    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    from cauce.stores.ownership import Keys, Question, signed

    question = Question(bucket="my-bucket", owner="123456789012", region="sa-east-1")
    now = datetime.now(UTC)
    ours = signed(question, Keys("AKIDEXAMPLE", "wJalrXUtnFEMI", token), now=now)
    request = AWSRequest("HEAD", question.url.geturl(), {"x-amz-expected-bucket-owner": "123456789012"})
    peer = S3SigV4Auth(Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI", token), "s3", "sa-east-1")
    request.context["timestamp"] = now.strftime("%Y%m%dT%H%M%SZ")
    with freeze(now):
        peer.add_auth(request)
    assert request.headers["Authorization"] == ours["Authorization"]


@contextmanager
def freeze(now: Any) -> Iterator[None]:
    import botocore.auth

    kept = botocore.auth.get_current_datetime
    botocore.auth.get_current_datetime = lambda *_, **__: now.replace(tzinfo=None)
    try:
        yield
    finally:
        botocore.auth.get_current_datetime = kept


def test_a_bucket_of_another_account_is_not_touched(tmp_path: Path) -> None:
    seen: list[tuple[str, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            seen.append((self.path, self.headers.get("x-amz-expected-bucket-owner")))
            self.send_response(200 if seen[-1][1] == "111" else 403)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with served(Handler) as endpoint:
        url = f"s3://bucket/x?region=us-east-1&endpoint={endpoint}&owner="
        assert code_of(lambda: ObjectStore(f"{url}222", str(tmp_path)).put_if_absent("a", b"")) == "E2654"
        assert bucket_of(f"{url}111").client is not None
    assert seen == [("/bucket", "222"), ("/bucket", "111")]


def test_the_check_tries_everything_a_store_needs(stores: Stores, endpoint: str) -> None:
    store = stores()
    assert abs(store.check()) < 60
    assert list(store.list("")) == []
    store.put_if_absent("a", b"123")
    assert store.size("a") == 3
    with proxied(endpoint, 0.0, drop_condition=True) as proxy:
        assert code_of(stores(proxy.url).check) == "E2653"


def test_sweeping_removes_old_uploads_and_copies(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    store = stores()
    store.put_if_absent("a", b"1")
    copy = store.local_path("a")
    bucket_of(store.url).put(".uploads/left", b"")
    assert store.sweep() == 0
    now = time.time
    for module in (objects, __import__("cauce.stores.cache", fromlist=["time"])):
        monkeypatch.setattr(module.time, "time", lambda: now() + 8 * 24 * 3600)
    assert store.sweep() >= 2
    assert copy is not None
    assert not copy.exists()
    assert store.exists("a")


def test_another_bucket_can_be_read_beside(endpoint: str, tmp_path: Path) -> None:
    make_bucket(endpoint, "other-bucket")
    store = ObjectStore(f"s3://other-bucket?region=us-east-1&endpoint={endpoint}", str(tmp_path))
    assert store.put_if_absent("a", b"1"), "a bucket without a prefix is a store too"
    assert list(store.list("")) == ["a"]


@pytest.mark.usefixtures("_impatient")
def test_one_request_in_two_may_fail_and_what_is_there_is_whole(stores: Stores, endpoint: str) -> None:
    """Half of all requests fail: each put succeeds or is told within the time; nothing partial is seen."""
    whole = stores()
    data = {f"k/{number}": os.urandom(2000) for number in range(8)}
    with proxied(endpoint, 0.5) as proxy:
        store = stores(proxy.url, same=True)
        for key, content in data.items():
            with suppress(CauceError):
                assert store.put_if_absent(key, content)
    assert all(whole.get(key) == data[key] for key in whole.list("k/"))
