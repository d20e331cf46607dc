"""What every test gets: quiet threads, English, real data where it is at hand, and no silent skip."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cauce.threads import limit_threads

limit_threads()
os.environ.update(
    CAUCE_LANG="en",
    MPLBACKEND="Agg",
    MLFLOW_DISABLE_TELEMETRY="true",
    PYSPARK_PYTHON=sys.executable,
    PYSPARK_DRIVER_PYTHON=sys.executable,
    SPARK_LOCAL_IP="127.0.0.1",
)

import pytest  # noqa: E402 - after the threads are settled
from hypothesis import HealthCheck, settings  # noqa: E402

from cauce.language import use_language  # noqa: E402

if TYPE_CHECKING:
    from cauce.testing.spark import Cluster

ROOT = Path(__file__).resolve().parents[1]

settings.register_profile(
    "quick", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("long", settings.get_profile("quick"), derandomize=False, max_examples=1000)
settings.load_profile(os.environ.get("CAUCE_TEST_PROFILE", "quick"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets: $CAUCE_SHARED_DATA, else ../shared/data beside the checkout."""
    folder = Path(os.environ.get("CAUCE_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}")
    return folder


@pytest.fixture(scope="session")
def spark_session() -> Iterator[Any]:
    """The one Spark session of this process: local[2], or on the master that $CAUCE_TEST_MASTER names.

    Tests that change a setting of it put it back.
    """
    from cauce.engines.spark.session import open_session
    from cauce.testing.spark import QUICK

    settings = {**QUICK, "spark.driver.memory": "1g", "spark.executor.memory": "512m"}
    session = open_session(os.environ.get("CAUCE_TEST_MASTER", "local[2]"), settings=settings)
    yield session
    session.stop()


@pytest.fixture(scope="session")
def spark_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The one standalone cluster of this process: a master and two workers of one core and 1 GiB each.

    A process holds one SparkContext: what needs the cluster runs in a child (`cauce.testing.spark.run_with`).
    """
    from cauce.testing.spark import standalone_cluster

    with standalone_cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[[str, str], Path]]:
    """Makes a file system in memory, of this name in tmp_path and of this size: mounted("disk", "64k")."""
    made: list[Path] = []

    def mount(name: str, size: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
        if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
            pytest.skip("mounting a small file system needs root")
        made.append(folder)
        return folder

    yield mount
    for folder in made:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("en")


def pytest_configure() -> None:
    """Compile message catalogues that were edited since: an editable install does it only once."""
    for source in (ROOT / "src/cauce/locale").rglob("*.po"):
        compiled = source.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime:
            sys.path.insert(0, str(ROOT))
            from hatch_build import compile_catalogues  # needs Babel, rarely

            compile_catalogues(ROOT)
            sys.path.remove(str(ROOT))


def pytest_collection() -> None:
    """What is made while tests are found stays to the end: looking for garbage in it costs a quarter more."""
    gc.disable()


def pytest_collection_finish() -> None:
    """From here on garbage is looked for in what tests make, not in the half million things found so far."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Several processes (`-n 2`) share the tests by what these need."""
    from shares import Shares

    return Shares(config, log) if config.getoption("dist") == "load" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse skips that do not say why."""
    for item in items:
        for mark in item.iter_markers():
            said = mark.kwargs.get("reason") or (mark.name == "skip" and mark.args)
            if mark.name in ("skip", "skipif", "xfail") and not said:
                raise pytest.UsageError(f"{item.nodeid}: {mark.name} needs reason=...")
