"""Buckets that cannot be asked: the cause is told, and neither keys nor names of objects."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from cauce.errors import CauceError
from cauce.stores.bucket import limited
from cauce.stores.objects import ObjectStore
from cauce.stores.unreachable import is_keyless, words_of
from cauce.testing.canaries import told_by

KEY = "Expired/Timeout/ConnectionRefused"
"""A name that must not be taken for a cause."""
SECRET = "CANARY-of-the-keys"
OWNER = "&owner=123456789012"
Serve = Callable[[socket.socket], None]


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    with limited(seconds=2, tries=1, pause=0.01, longest=0.01):
        yield


def failure_of(endpoint: str, folder: Path, more: str = "") -> CauceError:
    """What a store there says; nothing of it shows a key of either kind."""
    store = ObjectStore(f"s3://b/x?region=us-east-1&endpoint={endpoint}{more}", str(folder))
    with pytest.raises(CauceError) as failed:
        store.get(KEY)
    told = "".join(told_by(failed.value))
    assert SECRET not in told
    assert KEY not in told
    return failed.value


@contextmanager
def answering(serve: Serve) -> Iterator[str]:
    """HOST:PORT where each connection is given to `serve`, and then ends."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def work() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    try:
                        serve(connection)
                    except OSError:
                        continue

        Thread(target=work, daemon=True).start()
        yield f"localhost:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)


def saying(data: bytes) -> Serve:
    """Answers so, whatever it is asked."""

    def serve(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(data)

    return serve


SAID = [
    ("http", b"", "broke off"),
    ("http", b"SSH-2.0-OpenSSH_9.2\r\n", "does not speak HTTP"),
    ("https", b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak TLS"),
]


@pytest.mark.parametrize("more", ["", OWNER], ids=["asked", "whose"])
@pytest.mark.parametrize(("scheme", "data", "words"), SAID)
def test_what_answers_there_is_no_bucket(
    tmp_path: Path, scheme: str, data: bytes, words: str, more: str
) -> None:
    """ "error sending request" leaves the user to guess between a wrong port and a dead server."""
    with answering(saying(data)) as place:
        failed = failure_of(f"{scheme}://{place}", tmp_path, more)
    assert failed.code == "E2652"
    assert words in failed.values["reason"]


@pytest.mark.parametrize("more", ["", OWNER], ids=["asked", "whose"])
def test_a_port_where_nothing_answers_and_a_host_that_is_none_are_told_apart(
    tmp_path: Path, more: str
) -> None:
    """One is a server that is down, the other a slip in the address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    failed = failure_of(f"http://127.0.0.1:{port}", tmp_path, more)
    assert (failed.code, failed.values["reason"]) == ("E2652", "nothing answers at that address and port")
    failed = failure_of("http://nowhere.invalid:9000", tmp_path, more)
    assert (failed.code, failed.values["reason"]) == ("E2652", "the name of its host is not known")


def test_a_server_that_says_nothing_is_told_so(tmp_path: Path) -> None:
    """A firewall that drops packets is looked for elsewhere than a server that is down."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        failed = failure_of(f"http://127.0.0.1:{silent.getsockname()[1]}", tmp_path)
    assert (failed.code, failed.values["reason"]) == ("E2652", "it did not answer in time")


def _certified(folder: Path) -> ssl.SSLContext:
    """A server's certificate, signed by an authority that nobody knows."""
    (folder / "own.ext").write_text("basicConstraints=CA:FALSE\nsubjectAltName=DNS:localhost")
    made = "-newkey rsa:2048 -nodes -subj /CN=localhost"
    for arguments in (
        f"req -x509 {made} -keyout ca.key -out ca.pem",
        f"req {made} -keyout own.key -out own.csr",
        "x509 -req -in own.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out own.pem -extfile own.ext",
    ):
        subprocess.run(["openssl", *arguments.split()], cwd=folder, capture_output=True, check=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "own.pem", folder / "own.key")
    return context


@pytest.mark.parametrize("more", ["", OWNER], ids=["asked", "whose"])
def test_a_certificate_of_an_unknown_authority_is_told_with_the_way_to_name_it(
    tmp_path: Path, more: str
) -> None:
    """Trying again for a minute would not help, and the way out is a variable that nobody guesses."""
    context = _certified(tmp_path)

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True):
            pass

    with answering(serve) as place:
        failed = failure_of(f"https://{place}", tmp_path, more)
    assert (failed.code, failed.values["reason"]) == ("E2606", "no authority known here signed it")
    assert "SSL_CERT_FILE" in failed.hint


@pytest.mark.parametrize("status", ["429 Too Many Requests", "500 Internal Server Error", "503 Slow Down"])
def test_a_role_that_is_busy_is_asked_again(status: str) -> None:
    """A long run would end for want of keys that a second question gets."""
    asked = "Error performing POST https://sts.eu-west-1.amazonaws.com/ in 1s - non-2xx status code: "
    assert is_keyless(f"{asked}403 Forbidden")
    assert not is_keyless(f"{asked}{status}: ")


def test_pythons_own_words_for_a_net_without_a_way_are_known() -> None:
    assert words_of("OSError: [Errno 101] Network is unreachable") == "no network leads to it"


def test_without_keys_it_is_told_that_there_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bucket's policy would be searched for what is missing in the environment."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/x")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "none"))
    with answering(saying(b"")) as place:
        failed = failure_of(f"http://{place}", tmp_path)
    assert failed.code == "E2666"
    assert "AWS_ACCESS_KEY_ID" in failed.hint
