"""Buckets whose servers refuse, are slow or break off: told as what it is, in time, nothing half there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from faulty_s3 import code_of, proxied

import cauce
from cauce.errors import CauceError
from cauce.stores import bucket
from cauce.stores.bucket import bucket_of, limited
from cauce.stores.objects import ObjectStore
from cauce.testing.canaries import told_by
from cauce.testing.loopback import served

sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))
import whole_run

Note = Callable[[str, object], None]
SCRIPTS = Path(__file__).parents[1]
pytestmark = [
    pytest.mark.usefixtures("anybody"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:moto", "ignore:.*utcnow:DeprecationWarning"),
]


@pytest.fixture
def _quick() -> Iterator[None]:
    """A minute of patience is a second."""
    with limited(tries=2, pause=0.01, longest=0.01):
        yield


def url_of(endpoint: str, prefix: str) -> str:
    return f"s3://cauce-test/{prefix}?region=us-east-1&endpoint={endpoint}"


@contextmanager
def refusing(status: int, body: bytes, **headers: str) -> Iterator[str]:
    """A server that answers everything so; a HEAD without the body, as HTTP has it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _any  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    with served(Handler) as endpoint:
        yield endpoint


# From "Error responses" of the S3 API reference, and of the manuals of Ceph and MinIO.
REFUSALS = [
    (403, "RequestTimeTooSkewed", "", "E2660"),
    (400, "ExpiredToken", "", "E2661"),
    (403, "InvalidToken", "", "E2661"),
    (301, "PermanentRedirect", "<Endpoint>b.s3.eu-west-1.amazonaws.com</Endpoint>", "E2662"),
    (400, "AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>", "E2662"),
    (403, "AccessDenied", "", "E2651"),
    (403, "SignatureDoesNotMatch", "", "E2651"),
    (403, "QuotaExceeded", "", "E2663"),
    (507, "XMinioStorageFull", "", "E2663"),
    (503, "SlowDown", "", "E2652"),
    (500, "InternalError", "", "E2652"),
    (411, "MissingContentLength", "", "E2652"),
    (404, "NoSuchBucket", "", "E2655"),
]


@pytest.mark.usefixtures("_quick")
@pytest.mark.parametrize(
    ("status", "word", "more", "code"), REFUSALS, ids=[word for _, word, _, _ in REFUSALS]
)
def test_a_refusal_is_told_as_what_it_is_whatever_was_asked(
    tmp_path: Path, status: int, word: str, more: str, code: str
) -> None:
    said = f"<?xml version='1.0'?><Error><Code>{word}</Code><Message>Key AKIDEXAMPLE.</Message>{more}</Error>"
    with refusing(status, said.encode()) as endpoint:
        store = ObjectStore(url_of(endpoint, "x"), str(tmp_path))
        with pytest.raises(CauceError) as refused:
            store.get("a")
        assert refused.value.code == code
        assert "AKIDEXAMPLE" not in "".join(told_by(refused.value)), "not even behind it"
        assert code_of(lambda: list(store.list(""))) == code
        assert code_of(lambda: store.put_if_absent("a", b"1")) == code
        if status not in (404, 507):  # HEAD has no word for the first, and writes nothing
            assert code_of(lambda: store.exists("a")) == code
    with pytest.raises(CauceError) as caught:
        raise bucket.failure(OSError(f"status code: {status} X: {said}"), "s3://b")
    assert "AKIDEXAMPLE" not in str(caught.value)


def test_a_bucket_with_an_owner_in_another_region_is_told_with_its_region(tmp_path: Path) -> None:
    with refusing(301, b"", **{"x-amz-bucket-region": "sa-east-1"}) as endpoint:
        store = ObjectStore(f"{url_of(endpoint, 'x')}&owner=123456789012", str(tmp_path))
        with pytest.raises(CauceError) as caught:
            store.exists("a")
    assert (caught.value.code, caught.value.values["region"]) == ("E2662", "sa-east-1")


@pytest.mark.usefixtures("_quick")
def test_a_conflict_of_two_writers_at_once_is_tried_again_and_no_success(tmp_path: Path) -> None:
    """AWS answers 409 while another conditional request is under way: nothing may be there afterwards."""
    said = b"<Error><Code>ConditionalRequestConflict</Code></Error>"
    with refusing(409, said) as endpoint:
        store = ObjectStore(url_of(endpoint, "x"), str(tmp_path))
        assert code_of(lambda: store.put_if_absent("a", b"1")) == "E2652"


def test_an_object_that_is_replaced_while_it_is_fetched_is_not_a_mixture(
    endpoint: str, tmp_path: Path
) -> None:
    store = ObjectStore(url_of(endpoint, "mixed"), str(tmp_path))
    there = bucket_of(store.url)
    there.put("big", b"a" * (3 << 20))
    about = there.head("big")
    copied: list[int] = []

    def heard(done: int) -> None:
        if not copied:
            there.put("big", b"b" * (3 << 20))
        copied.append(done)

    with limited(part=1 << 20), (tmp_path / "copy").open("wb") as file:
        assert code_of(lambda: bucket.fetch(there, about, file=file, store="s3://b", heard=heard)) == "E2664"
        assert there.get("big") == b"b" * (3 << 20), "in pieces too"


def test_a_large_object_comes_through_answers_that_break_off(endpoint: str, tmp_path: Path) -> None:
    data = os.urandom(4 << 20)
    bucket_of(url_of(endpoint, "cut")).put("big", data)
    with limited(part=1 << 18), proxied(endpoint, 0.3, ways=("cut", "drop")) as proxy:
        store = ObjectStore(url_of(proxy.url, "cut"), str(tmp_path))
        copy = store.local_path("big")
    assert copy is not None
    assert copy.read_bytes() == data
    assert proxy.counted["cut"] > 0


@pytest.mark.usefixtures("_quick")
def test_slow_answers_are_waited_for_and_none_at_all_is_told(endpoint: str, tmp_path: Path) -> None:
    with proxied(endpoint, 0.5, ways=("slow",), pause=0.3) as proxy:
        store = ObjectStore(url_of(proxy.url, "slow"), str(tmp_path))
        assert store.put_if_absent("a", b"1")
        assert store.get("a") == b"1"
        assert proxy.counted["slow"] > 0
    with limited(seconds=1), proxied(endpoint, 1.0, ways=("slow",), pause=3.0) as proxy:
        store = ObjectStore(url_of(proxy.url, "slow"), str(tmp_path))
        begun = time.monotonic()
        assert code_of(lambda: store.get("a")) == "E2652"
        assert time.monotonic() - begun < 20


@pytest.mark.parametrize("stride", [30, pytest.param(1, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])])
def test_killed_at_a_durable_action_in_a_bucket_the_next_run_ends_the_same(
    endpoint: str, tmp_path: Path, stride: int, record_property: Note
) -> None:
    name = tmp_path.name
    survived = _script(
        [str(SCRIPTS / "stores" / "toy_run.py"), "kills", str(tmp_path), str(stride)],
        CAUCE_TOY_BUCKET=url_of(endpoint, f"{name}/PREFIX"),
    )
    assert survived["kills"] * stride >= survived["passages"] >= 50
    record_property("toy runs in a bucket killed at durable actions, all recovered", survived["kills"])


@pytest.mark.parametrize("count", [2, pytest.param(0, marks=[pytest.mark.slow, pytest.mark.timeout(3000)])])
def test_a_whole_run_in_a_bucket_that_was_killed_goes_on_to_the_same_model(
    endpoint: str, tmp_path: Path, count: int, record_property: Note
) -> None:
    url = url_of(endpoint, f"{tmp_path.name}/PREFIX")
    survived = _script([str(SCRIPTS / "faults" / "bucket_run.py"), url, str(tmp_path), str(count)])
    assert survived["kills"] == (count or survived["passages"])
    record_property("runs in a bucket killed at durable actions, all recovered", survived["kills"])


def _script(arguments: list[str], **environment: str) -> Any:
    done = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        timeout=2900,
        check=False,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_a_run_through_a_server_that_fails_half_the_time_ends_or_says_so_and_nothing_is_half_there(
    endpoint: str, tmp_path: Path
) -> None:
    url = url_of("ENDPOINT", tmp_path.name)
    with limited(tries=1, pause=0.01, longest=0.01), proxied(endpoint, 0.5) as proxy:
        text = f'{whole_run.PROJECT}[store]\nurl = "{url.replace("ENDPOINT", proxy.url)}"\n'
        folder = whole_run.make_project(tmp_path / "p", text)
        begun = time.monotonic()
        assert _ended(lambda: cauce.run(folder)) in (None, "E2652")
        assert time.monotonic() - begun < 120
    look = ObjectStore(url.replace("ENDPOINT", endpoint), str(tmp_path / "look"))
    for key in look.list(""):
        content = look.get(key)
        if key.startswith(("runs/", "provenance/")):
            json.loads(content)
        else:
            whole_run.check_object(look, key, content)


def _ended(action: Callable[[], object]) -> str | None:
    """The code of its failure, if it failed."""
    try:
        action()
    except CauceError as error:
        return error.code
    return None


def test_sixteen_processes_on_one_name_have_one_winner(endpoint: str, tmp_path: Path) -> None:
    url = url_of(endpoint, tmp_path.name)
    ObjectStore(url, str(tmp_path)).put_if_absent("warm", b"")
    code = (
        "import sys; from cauce.stores.objects import ObjectStore\n"
        "print(ObjectStore(sys.argv[1], sys.argv[2]).put_if_absent('name', sys.argv[2].encode()))"
    )
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", code, url]
        begun = [
            subprocess.Popen([*command, f"{folder}/{number}"], stdout=subprocess.PIPE, text=True)
            for number in range(16)
        ]
        won = [
            number for number, one in enumerate(begun) if one.communicate(timeout=120)[0].strip() == "True"
        ]
        assert len(won) == 1
        assert ObjectStore(url, str(tmp_path)).get("name") == f"{folder}/{won[0]}".encode()
