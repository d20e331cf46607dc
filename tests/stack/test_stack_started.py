"""A stack and a container of a model, really built and started: by Debian's Docker, on images made here."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import cauce
from cauce.api.stack import Stack
from cauce.containers.parts import MARIADB, PYTHON, STORAGE
from cauce.errors import CauceError
from cauce.running.image import BASE as IMAGE_BASE
from cauce.testing.daemon import BASE, base_image, docker_daemon, lacking
from cauce.testing.tracking import unused_port

pytestmark = [pytest.mark.slow, pytest.mark.skipif(lacking() is not None, reason=str(lacking()))]

sys.path.insert(0, str(Path(__file__).parents[1] / "service"))
IMAGES = Path(__file__).with_name("images")
ROWS = "id,size,place,price\n" + "".join(
    f"{n},{n % 37},{'abc'[n % 3]},{n % 37 * 3 + n % 3 + n * 7919 % 101}\n" for n in range(400)
)
PROJECT = """\
name = "shop"
[data]
source = "rows.csv"
key = ["id"]
[target]
column = "price"
[[models]]
learner = "linear"
"""


def docker(*words: str, **more: Any) -> str:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False, **more)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout.strip()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Docker, with the images that stacks name: made here, nothing can be pulled."""
    folder = tmp_path_factory.mktemp("docker")
    with docker_daemon(folder) as address, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", address)
        base_image(folder)
        for name in {PYTHON, IMAGE_BASE}:
            docker("tag", BASE, name)
        for name, file in ((MARIADB, "mariadb"), (STORAGE, "seaweedfs")):
            docker("build", "--tag", name, "--file", str(IMAGES / f"{file}.Dockerfile"), str(IMAGES))
        yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.timeout(5400)
def test_a_stack_really_starts_lets_its_users_in_and_keeps_what_they_store(
    engine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A compose file that was only read would fail on somebody's first day."""
    doors = tuple(f"{door}={unused_port()}" for door in ("database", "storage", "mlflow"))
    made = cauce.stack("render", folder=tmp_path / "stack", port=doors)
    heard: list[str] = []
    up = cauce.stack("up", folder=made.folder, seconds=1800, heard=heard.append)
    assert up.healthy
    assert sum("takes its user" in line for line in heard) == 3
    _check_containers(made)
    _run_with(made, tmp_path / "shop", monkeypatch)
    # Stopped, nothing is lost; started again, all is as it was.
    cauce.stack("down", folder=made.folder)
    assert len(docker("volume", "ls", "--quiet", *_of(made)).split()) == 3
    assert not cauce.stack("status", folder=made.folder).healthy
    assert cauce.stack("up", folder=made.folder, seconds=1800).healthy
    found = _mlflow(made, "registered-models/get?name=shop", monkeypatch)
    assert found["registered_model"]["name"] == "shop"
    with pytest.raises(CauceError, match="E2718"):
        cauce.stack("down", folder=made.folder, erase="stack")
    cauce.stack("down", folder=made.folder, erase=made.name)
    assert docker("volume", "ls", "--quiet", *_of(made)) == ""


def _of(made: Stack) -> tuple[str, str]:
    return "--filter", f"label=com.docker.compose.project={made.name}"


def _check_containers(made: Stack) -> None:
    """No secret is to be seen from outside, and nobody is root inside."""
    secrets = [
        path.read_text() for path in (made.folder / "secrets").iterdir() if len(path.read_text()) == 40
    ]
    assert len(secrets) == 8
    told = json.loads(docker("inspect", *docker("ps", "--all", "--quiet", *_of(made)).split()))
    assert len(told) == 4
    for one in told:
        assert not any(secret in json.dumps(one) for secret in secrets)
        assert int(one["Config"]["User"].partition(":")[0]) > 0
        assert one["HostConfig"]["ReadonlyRootfs"]
    for name in docker("ps", "--format", "{{.Names}}", *_of(made)).split():
        lines = docker("top", name, "-eo", "pid,uid,args").splitlines()[1:]
        assert lines
        assert not any(line.split()[1] == "0" for line in lines)
        assert not any(secret in line for line in lines for secret in secrets)
        logs = subprocess.run(["docker", "logs", name], capture_output=True, text=True, check=True)
        assert not any(secret in logs.stdout + logs.stderr for secret in secrets)


def _environment(made: Stack, patch: pytest.MonkeyPatch) -> None:
    told = subprocess.run(
        ["sh", "-c", '. "$1" && env -0', "sh", str(made.environment)],
        capture_output=True,
        text=True,
        check=True,
    )
    for line in told.stdout.split("\0"):
        name, _, value = line.partition("=")
        if name.startswith(("AWS_", "MLFLOW_")):
            patch.setenv(name, value)


def _run_with(made: Stack, folder: Path, patch: pytest.MonkeyPatch) -> None:
    """A project with the lines that were printed: its model is registered, its data are in the bucket."""
    folder.mkdir()
    (folder / "rows.csv").write_text(ROWS, encoding="utf-8")
    (folder / "cauce.toml").write_text(PROJECT + "\n".join(made.project) + "\n", encoding="utf-8")
    _environment(made, patch)
    done = subprocess.run(
        [sys.executable, "-m", "cauce", "run"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    assert not any(path.name == "manifest.json" for path in (folder / ".cauce").glob("snapshots/*/*"))
    versions = _mlflow(made, "registered-models/get?name=shop", patch)["registered_model"]
    assert versions["latest_versions"]


def _mlflow(made: Stack, path: str, patch: pytest.MonkeyPatch) -> Any:
    _environment(made, patch)
    address = f"http://127.0.0.1:{made.ports['mlflow']}/api/2.0/mlflow/{path}"
    with pytest.raises(urllib.request.HTTPError, match="401"):
        urllib.request.urlopen(address, timeout=60)
    handler = urllib.request.HTTPBasicAuthHandler(urllib.request.HTTPPasswordMgrWithPriorAuth())
    handler.add_password(
        None,
        address,
        os.environ["MLFLOW_TRACKING_USERNAME"],
        os.environ["MLFLOW_TRACKING_PASSWORD"],
        is_authenticated=True,
    )
    with urllib.request.build_opener(handler).open(address, timeout=60) as answer:
        return json.load(answer)


@pytest.mark.timeout(5400)
def test_a_container_of_a_model_is_built_and_answers(engine: Path, tmp_path: Path) -> None:
    """A file that is missing in it would be missed where the model should be in production."""
    import served_models as serving

    bundle = serving.small.bundle()
    made = cauce.image(serving.folder_of(bundle), digest=bundle.identity, out=tmp_path / "image")
    docker("build", "--tag", "model", str(made.folder))
    tokens = tmp_path / "tokens"
    tokens.mkdir(mode=0o755)
    secret = cauce.token("shop", file=tokens / "tokens.json")
    os.chown(tokens / "tokens.json", 65532, 65532)
    port = unused_port()
    started = docker(
        *("run", "--detach", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL"),
        *("--security-opt", "no-new-privileges", "--publish", f"127.0.0.1:{port}:8080"),
        *("--volume", f"{tokens / 'tokens.json'}:/run/secrets/tokens.json:ro", "model"),
    )
    try:
        assert _ready(port), docker("logs", started)
        assert docker("inspect", "--format", "{{.Config.User}}", started) == "65532:65532"
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
            bearer = {"authorization": f"Bearer {secret}"}
            assert serving.call(connection, "/predict", serving.FINE, bearer).status == 200
            assert serving.call(connection, "/predict", serving.FINE).status == 401
    finally:
        docker("rm", "--force", started)


def _ready(port: int) -> bool:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=2):
                return True
        except OSError:
            time.sleep(0.5)
    return False
