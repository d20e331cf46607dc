"""One MLflow server for the session, bundles on disk, and a client to read back with."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.manifest import MANIFEST
from cauce.testing.mlflow_servers import mlflow_server
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
    with mlflow_server(tmp_path_factory.mktemp("mlflow")) as found:
        yield found.address


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
