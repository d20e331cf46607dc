"""One MLflow server for the session, bundles on disk, and a client to read back with."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.manifest import MANIFEST
from cauce.testing.tracking import unused_port
from cauce.testing.waiting import until
from cauce.tracking.border import mlflow_installed, quiet_mlflow
from cauce.tracking.delivery import Deliverer
from cauce.tracking.destination import destination_for


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not mlflow_installed():
        for item in items:
            if item.get_closest_marker("mlflow"):
                item.add_marker(pytest.mark.skip(reason="the extra cauce[mlflow] is not installed"))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real MLflow server with its own database."""
    folder, port = tmp_path_factory.mktemp("mlflow"), unused_port()
    address = f"http://127.0.0.1:{port}"
    store = [
        "--backend-store-uri",
        f"sqlite:///{folder}/mlflow.db",
        "--artifacts-destination",
        f"{folder}/kept",
    ]
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "server", *store, "--port", str(port), "--workers", "1"],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            assert until(lambda: _healthy(address), seconds=180), (folder / "log").read_text()[-2000:]
            yield address
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(1)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)


def _healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=2):
            return True
    except (OSError, urllib.error.URLError):
        return False


@pytest.fixture
def quiet() -> Iterator[None]:
    """MLflow's own warnings are not about this code."""
    with quiet_mlflow():
        yield


@pytest.fixture(scope="session")
def small_models() -> ModuleType:
    """The small models of the bundles' tests."""
    path = Path(__file__).parents[1] / "bundles" / "small_models.py"
    spec = importlib.util.spec_from_file_location("small_models_tracked", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty MLflow database; making its tables takes seconds."""
    home = tmp_path_factory.mktemp("database")
    with quiet_mlflow():
        deliverer = Deliverer(destination_for(None, home, home=home, environment={}))
        deliverer.warm()
        deliverer.client.search_registered_models(max_results=1)
    return home / "mlflow.db"


@pytest.fixture
def home(database: Path, tmp_path: Path) -> Path:
    """A project's own folder with an empty MLflow database in it."""
    shutil.copy(database, tmp_path / "mlflow.db")
    return tmp_path


def write(bundle: Bundle, folder: Path) -> Path:
    """`bundle` as a plain folder."""
    for path, data in {**bundle.contents, MANIFEST: bundle.manifest.to_bytes()}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


@pytest.fixture(scope="session")
def bundles(small_models: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Folders of three different bundles: binary, multiclass, regression."""
    root = tmp_path_factory.mktemp("bundles")
    tasks = ("binary", "multiclass", "regression")
    first, second, third = (write(small_models.bundle(task), root / task) for task in tasks)
    return first, second, third


@pytest.fixture(scope="session")
def digests(bundles: tuple[Path, Path, Path]) -> tuple[str, ...]:
    """Their identities, from the bytes on the disk."""
    import hashlib

    return tuple(hashlib.sha256((one / MANIFEST).read_bytes()).hexdigest() for one in bundles)
