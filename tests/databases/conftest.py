"""The servers that these tests share: one of each kind, with a private folder."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cauce.testing.databases import PASSWORD, Kind, Server, database_server, missing_server


def _server(kind: Kind) -> Iterator[Server]:
    missing = missing_server(kind)
    if missing:
        pytest.skip(missing)
    # The folder of pytest lets nobody else through, and PostgreSQL runs as a user of its own.
    with tempfile.TemporaryDirectory(prefix="cauce-test-") as folder:
        Path(folder).chmod(0o711)
        with database_server(kind, Path(folder, "server")) as server:
            yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Server]:
    """A MariaDB server."""
    yield from _server("mariadb")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A PostgreSQL server."""
    yield from _server("postgresql")


@pytest.fixture(params=["mariadb", "postgresql"])
def server(request: pytest.FixtureRequest) -> Server:
    """Either server."""
    found: Server = request.getfixturevalue(request.param)
    return found


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAUCE_TEST_PASSWORD", PASSWORD)
