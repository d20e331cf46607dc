"""Options of a database's address: one that cannot hold is refused, never left aside."""

from __future__ import annotations

import socket
import ssl
import struct
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Thread

import polars as pl
import pytest

from cauce.errors import CauceError
from cauce.sources.brought import Wanted
from cauce.sources.sql import open_database
from cauce.sources.sql.sink import load_rows
from cauce.spec.addresses import parse_address

_SERVER_NAME = "db.example.org"


def _refusal(address: str) -> CauceError:
    with pytest.raises(CauceError) as refused:
        open_database(parse_address(address), Wanted(home=Path())).check()
    return refused.value


@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "postgresql", "postgres"])
@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("tls", "verfiy"),
        ("tls", ""),
        ("tls", "on"),
        ("timeout", "soon"),
        ("timeout", "0"),
        ("timeout", "-1"),
        ("timeout", "nan"),
        ("timeout", "inf"),
        ("timeout", "1e9"),
        ("ca", "/no/such/authority.pem"),
    ],
)
def test_a_value_that_an_option_cannot_have_is_refused(scheme: str, option: str, value: str) -> None:
    """`tls=verfiy` would connect without asking who the server is, and `timeout=soon` was a crash."""
    found = _refusal(f"{scheme}://ana@127.0.0.1:1/shop?{option}={value}#orders")
    assert (found.code, found.values) == ("E2509", {"option": option, "value": value})


@pytest.mark.parametrize("scheme", ["mysql", "postgresql"])
@pytest.mark.parametrize(("option", "code"), [("tls=verfiy", "E2509"), ("pasword=env:DB", "E2508")])
def test_an_address_that_is_written_to_is_asked_the_same(
    scheme: str, option: str, code: str, tmp_path: Path
) -> None:
    """Predictions would go over a connection that nobody checked."""
    rows = tmp_path / "rows.parquet"
    pl.DataFrame({"a": [1]}).write_parquet(rows)
    target = parse_address(f"{scheme}://ana@127.0.0.1:1/shop?{option}#predictions")
    with pytest.raises(CauceError) as refused:
        load_rows(rows, target, run="r", home=tmp_path)
    assert refused.value.code == code


def test_a_file_of_sqlite_that_cannot_be_made_is_no_server_that_is_away(tmp_path: Path) -> None:
    """The hint would send people to look for a server."""
    rows = tmp_path / "rows.parquet"
    pl.DataFrame({"a": [1]}).write_parquet(rows)
    with pytest.raises(CauceError) as refused:
        load_rows(rows, parse_address("sqlite:///no/such.db#t"), run="r", home=tmp_path)
    assert refused.value.code == "E2527"


def test_a_name_that_leads_nowhere_is_said() -> None:
    """That it was refused would send people to the server's settings instead of to the name."""
    said = [_refusal(f"{scheme}://ana@no%20such%20host/shop#t") for scheme in ("mysql", "postgresql")]
    assert [one.code for one in said] == ["E2510", "E2510"]
    assert [one.values["reason"] for one in said] == ["Name or service not known"] * 2


def test_a_server_with_anothers_certificate_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With tls=verify and the system's authorities, whoever has any certificate could be in between."""
    certificate, key = _certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with _mysql_with_tls(certificate, key) as port:
        found = _refusal(f"mysql://ana@127.0.0.1:{port}/shop?tls=verify#orders")
        assert found.code == "E2526"
        assert "CERTIFICATE_VERIFY_FAILED" in str(found.values["reason"])


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for `_SERVER_NAME` that is its own authority, and its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    named = ["-subj", f"/CN={_SERVER_NAME}", "-addext", f"subjectAltName=DNS:{_SERVER_NAME}"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command, *named, *files], check=True, capture_output=True)
    return certificate, key


@contextmanager
def _mysql_with_tls(certificate: Path, key: Path) -> Iterator[int]:
    """What greets as MySQL does, offers TLS, and shows the certificate; the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = Thread(target=_greet, args=(door, context))
        thread.start()
        yield door.getsockname()[1]
        thread.join()


def _greet(door: socket.socket, context: ssl.SSLContext) -> None:
    can = 1 << 9 | 1 << 11 | 1 << 15 | 1 << 19  # protocol 4.1, TLS, secure connection, named plugins
    greeting = b"\x0a8.0.0\0" + struct.pack("<I8sxHBHHB10x", 1, b"x" * 8, can & 0xFFFF, 45, 2, can >> 16, 21)
    greeting += b"x" * 12 + b"\0mysql_native_password\0"
    with ExitStack() as stack:
        held = stack.enter_context(door.accept()[0])
        held.sendall(struct.pack("<I", len(greeting)) + greeting)
        held.recv(36)
        with suppress(OSError):
            stack.enter_context(context.wrap_socket(held, server_side=True)).recv(1)
