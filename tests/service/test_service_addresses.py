"""No address that a client writes anywhere is asked for, or even looked up, by the service."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator

import pytest
import served_models as serving
import small_models as small

from cauce.service.doors import DOORS

HOSTS = (
    *("169.254.169.254", "[fd00:ec2::254]", "[::ffff:169.254.169.254]", "2852039166", "0xA9FEA9FE"),
    *("0251.0376.0251.0376", "169.16689662", "[64:ff9b::a9fe:a9fe]", "100.100.100.200", "168.63.129.16"),
    *("127.0.0.1", "127.1", "2130706433", "0x7f000001", "017700000001", "localhost", "[::1]", "0.0.0.0"),
    *("10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "[fe80::1]", "metadata.google.internal"),
    *("user:pass@127.0.0.1", "example.com#@127.0.0.1", "127.0.0.1%23@example.com", "①②⑦.⓪.⓪.①"),
)
ADDRESSES = (
    *(f"http://{host}/latest/meta-data/" for host in HOSTS),
    *(
        "https://localhost:6443/api",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_x",
        "dict://127.0.0.1:1/",
    ),
    *("ftp://127.0.0.1/", "ldap://127.0.0.1/x", "\\\\127.0.0.1\\share", "//127.0.0.1/x", "s3://bucket/x"),
    *(
        "models:/flights@champion",
        "runs:/0/model",
        "jar:http://127.0.0.1!/",
        "http://127.0.0.1:1/?u=http://[::1]",
    ),
)
ASKED = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "subprocess.Popen")
_heard: list[list[str]] = []
sys.addaudithook(lambda event, _: _heard[-1].append(event) if _heard and event.startswith(ASKED) else None)


@pytest.fixture
def heard() -> Iterator[list[str]]:
    """What was connected to, looked up or started meanwhile."""
    _heard.append([])
    yield _heard[-1]
    _heard.pop()


def test_there_are_enough_of_them() -> None:
    """A list that shrinks would prove less and less."""
    assert len(set(ADDRESSES)) >= 40


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_in_a_request_leads_nowhere(address: str, heard: list[str]) -> None:
    """Whoever may ask for a prediction could read what only the network behind the service may see."""
    app = serving.application()
    # An application is made of files that may start what they need; requests are what is looked at.
    serving.ask(app, "/predict", serving.FINE)
    heard.clear()
    headers = in_headers(address)
    statuses = {
        serving.ask(app, path, body, headers=headers).status
        for body in bodies(address)
        for path in ("/predict", "/invocations")
    }
    statuses |= {
        serving.ask(app, door.path, b"", headers=headers, method=door.methods[0]).status for door in DOORS
    }
    table = f"{small.HOSTILE},url\n{address},{address}\n".encode()
    statuses.add(serving.ask(app, "/invocations", table, headers={"content-type": "text/csv"}).status)
    statuses.add(serving.ask(app, f"/{address}", headers=headers).status)
    assert heard == []
    assert not any(status >= 500 for status in statuses - {501, 503})
    assert 200 in statuses


def bodies(address: str) -> Iterator[bytes]:
    """Requests that hold it as a value, a name, or as what other services would fetch."""
    row = {**serving.FINE, small.HOSTILE: address}
    for body in (
        row,
        [row],
        {**serving.FINE, "url": address, "source": address},
        {"instances": [row], "signature_name": address},
        {"dataframe_split": {"columns": [address], "data": [[address]]}},
        {"inputs": address},
        {"model_uri": address, "callback": address, "$ref": address},
        address,
    ):
        yield json.dumps(body).encode()
    yield f'<!DOCTYPE x [<!ENTITY e SYSTEM "{address}">]><x>&e;</x>'.encode()


def in_headers(address: str) -> dict[str, str]:
    """Headers by which others are told where something is."""
    safe = "".join(one if " " < one < "\x7f" else "x" for one in address)
    names = ("referer", "origin", "x-forwarded-host", "x-forwarded-for", "forwarded", "location")
    return dict.fromkeys(names, safe)


def test_what_is_asked_for_is_heard(heard: list[str]) -> None:
    """Deaf, the others would pass whatever the service does."""
    socket.getaddrinfo("127.0.0.1", 9)
    assert heard == ["socket.getaddrinfo"]
