"""Shared tracking servers as companies run them: MLflow on PostgreSQL or MariaDB, its files in a bucket."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from cauce.testing.databases import PASSWORD, Kind, Server, database_server, missing_server
from cauce.testing.mlflow_servers import MlflowServer, mlflow_server
from cauce.tracking.destination import Destination

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI"}
_DRIVERS = {"mariadb": "mysql+pymysql", "postgresql": "postgresql+psycopg"}


@dataclass(frozen=True)
class Shared:
    """A tracking server with what is behind it. bucket: the S3 server's address."""

    mlflow: MlflowServer
    database: Server
    bucket: str

    @property
    def destination(self) -> Destination:
        """It, as a project names it."""
        return Destination(self.mlflow.address)


@contextmanager
def shared_server(kind: Kind, bucket: str, *options: str) -> Iterator[Shared]:
    """A tracking server on a database of this kind, with the bucket's credentials."""
    missing = missing_server(kind)
    if missing:
        pytest.skip(missing)
    environment = {**KEYS, "AWS_DEFAULT_REGION": "us-east-1", "MLFLOW_S3_ENDPOINT_URL": bucket}
    # The folder of pytest lets nobody else through, and PostgreSQL runs as a user of its own.
    with tempfile.TemporaryDirectory(prefix="cauce-test-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with database_server(kind, folder / "server") as database:
            place = f"{database.user}:{PASSWORD}@127.0.0.1:{database.port}/{database.database}"
            backend = f"{_DRIVERS[kind]}://{place}"
            with mlflow_server(
                folder / "mlflow", backend=backend, options=options, environment=environment
            ) as found:
                yield Shared(found, database, bucket)
