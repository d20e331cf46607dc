"""The servers that these tests share."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cauce.tracking.border import mlflow_installed

sys.path[:0] = [str(Path(__file__).parents[1] / name) for name in ("stores", "tracking", "bundles")]
from faulty_s3 import s3_server  # noqa: E402 - of another folder of tests
from shared_servers import KEYS, Shared, shared_server  # noqa: E402


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not mlflow_installed():
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(reason="the extra cauce[mlflow] is not installed"))


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch, bucket: str, tmp_path: Path) -> None:
    """The credentials of whoever runs: those of the bucket, and no others."""
    for name in [one for one in os.environ if one.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in {
        **KEYS,
        "MLFLOW_S3_ENDPOINT_URL": bucket,
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture(scope="session")
def bucket() -> Iterator[str]:
    """An S3 server with the bucket `cauce-test`."""
    with s3_server() as found:
        yield found


@pytest.fixture(scope="session")
def direct(bucket: str) -> Iterator[Shared]:
    """MLflow on PostgreSQL; whoever runs puts files into the bucket without it."""
    options = ("--default-artifact-root", "s3://cauce-test/direct", "--no-serve-artifacts")
    with shared_server("postgresql", bucket, *options) as found:
        yield found


@pytest.fixture(scope="session")
def served(bucket: str) -> Iterator[Shared]:
    """MLflow on MariaDB, which carries files to the bucket and back."""
    with shared_server("mariadb", bucket, "--artifacts-destination", "s3://cauce-test/served") as found:
        yield found
