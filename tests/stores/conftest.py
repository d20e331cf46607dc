"""One S3 server for all tests of buckets, and the keys it takes from anybody."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from faulty_s3 import s3_server

from cauce.stores.bucket import bucket_of


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """Where a server with the empty bucket `cauce-test` listens."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with s3_server() as found:
        yield found


@pytest.fixture
def anybody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keys of nobody, from the environment alone."""
    for name in [one for one in os.environ if one.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI")
    monkeypatch.setenv("HOME", str(tmp_path))
    bucket_of.cache_clear()
