"""Starting, stopping and looking at a stack: what is asked of Docker, and what its failures are called."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

import cauce
from cauce.api.stack import Stack
from cauce.cli.rendering.stacking import stacked
from cauce.containers import starting
from cauce.containers.rendering import rendered
from cauce.errors import CauceError
from cauce.running.stack_proof import prove
from cauce.testing.containers import FakeDocker
from cauce.testing.tracking import unused_port

UP = dict.fromkeys(("database", "storage", "mlflow"), ("running", "healthy", 0)) | {
    "buckets": ("exited", "", 0)
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A stack at ports that nothing listens at."""
    ports = tuple(f"{door}={unused_port()}" for door in ("database", "storage", "mlflow"))
    return cauce.stack("render", folder=tmp_path / "stack", port=ports).folder


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., FakeDocker]:
    """Puts a Docker on the PATH that answers as told."""

    def install(**told: object) -> FakeDocker:
        fake = FakeDocker(tmp_path / "bin", **told)  # type: ignore[arg-type]
        monkeypatch.setenv("PATH", fake.install())
        return fake

    return install


def started(folder: Path, *, seconds: float = 20, heard: list[str] | None = None) -> list[starting.Service]:
    return starting.start(
        rendered(folder), seconds=seconds, heard=(heard if heard is not None else []).append
    )


def code_of(folder: Path, *, seconds: float = 20) -> CauceError:
    with pytest.raises(CauceError) as failure:
        started(folder, seconds=seconds)
    return failure.value


def test_without_docker_its_absence_is_told(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody would look for a program that was never there."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert code_of(folder).code == "E2707"


def test_without_compose_its_absence_is_told(folder: Path, docker: Callable[..., FakeDocker]) -> None:
    """Docker would say that compose is no docker command, and nothing of what to install."""
    fake = docker(answers=[("compose version", (1, "", "unknown command"))])
    assert code_of(folder).code == "E2708"
    assert not any("up" in line.split() for line in fake.said())


def test_the_older_compose_does_as_well(folder: Path, docker: Callable[..., FakeDocker]) -> None:
    """Debian's Docker comes with it."""
    fake = docker(plugin=False, containers=UP)
    assert [one.name for one in started(folder)] == ["database", "storage", "mlflow"]
    assert any(line.startswith("--file") and " up --detach" in line for line in fake.said())


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ([("version", (1, "", "Cannot connect to the Docker daemon at unix:///run/docker.sock."))], "E2709"),
        ([("version", (1, "", "permission denied while trying to connect to docker.sock"))], "E2711"),
        (
            [(" up ", (1, "Bind for 127.0.0.1:5000 failed: port is already allocated", ""))],
            "E2712",
        ),
        ([(" up ", (1, "listen tcp4 127.0.0.1:3306: bind: address already in use", ""))], "E2712"),
        ([(" build", (1, "dial tcp: lookup registry.example on 127.0.0.53:53: no such host", ""))], "E2713"),
        ([(" build", (1, "ERROR: failed to do request: dial tcp 10.1.2.3:443: i/o timeout", ""))], "E2713"),
        ([(" build", (1, "manifest for python:9.9 not found: manifest unknown", ""))], "E2714"),
        (
            [
                ("image inspect", (1, "", "No such image")),
                (" pull", (1, "pull access denied for mariadb", "")),
            ],
            "E2714",
        ),
        ([(" build", (1, "write /lib/x: no space left on device", ""))], "E2715"),
        ([(" up ", (17, "something new and strange", ""))], "E2710"),
    ],
)
def test_failures_of_docker_have_names(
    answers: list[tuple[str, tuple[int, str, str]]],
    code: str,
    folder: Path,
    docker: Callable[..., FakeDocker],
) -> None:
    """A page of Docker's output says neither what is wrong nor what to do."""
    docker(answers=answers)
    failure = code_of(folder)
    assert failure.code == code
    assert failure.hint


def test_no_secret_comes_through_what_docker_says(folder: Path, docker: Callable[..., FakeDocker]) -> None:
    """A password in a log is a password that everybody has."""
    secret = (folder / "secrets" / "mlflow_admin").read_text()
    docker(answers=[(" up ", (1, f"env: MLFLOW_AUTH_ADMIN_PASSWORD={secret}", ""))])
    failure = code_of(folder)
    assert secret not in failure.message
    assert "***" in failure.message
    dead = {**UP, "mlflow": ("exited", "", 3)}
    docker(containers=dead, answers=[("logs", (0, f"refused: {secret}", ""))])
    failure = code_of(folder)
    assert failure.code == "E2716"
    assert secret not in failure.message
    assert "refused" in failure.message


def test_a_service_that_ends_stops_the_waiting(folder: Path, docker: Callable[..., FakeDocker]) -> None:
    """Everybody would wait for five minutes for what is dead."""
    for state in (("exited", "", 1), ("running", "unhealthy", 0), ("dead", "", 0)):
        docker(containers={**UP, "mlflow": state})
        failure = code_of(folder)
        assert (failure.code, failure.values["service"]) == ("E2716", "mlflow")


def test_a_start_that_takes_too_long_is_told_with_what_is_missing(
    folder: Path, docker: Callable[..., FakeDocker]
) -> None:
    """A command that waits for ever cannot be put into a script."""
    docker(containers={**UP, "mlflow": ("running", "starting", 0)})
    began = time.monotonic()
    failure = code_of(folder, seconds=0.1)
    assert (failure.code, failure.values["services"]) == ("E2717", "mlflow")
    assert time.monotonic() - began < 15


def test_up_waits_until_all_are_healthy_and_says_so(folder: Path, docker: Callable[..., FakeDocker]) -> None:
    """The next command would find servers that do not answer yet."""
    fake = docker(containers={**UP, "mlflow": ("running", "starting", 0)})
    heard: list[str] = []

    def hear(line: str) -> None:
        heard.append(line)
        if line == "mlflow: starting":
            fake.containers = UP
            fake.save()

    services = starting.start(rendered(folder), seconds=60, heard=hear)
    assert all(one.fine for one in services)
    assert heard[-1] == "mlflow: healthy"
    assert {"mlflow: starting", "database: healthy", "buckets: exited"} <= set(heard)


def test_a_taken_port_is_told_before_anything_is_built(
    folder: Path, docker: Callable[..., FakeDocker]
) -> None:
    """Ten minutes of building would end with a port that was never free."""
    fake = docker()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", rendered(folder).parts.ports["mlflow"]))
        taken.listen()
        failure = code_of(folder)
    assert failure.code == "E2712"
    assert not any("build" in line for line in fake.said())


def test_down_keeps_what_servers_hold(folder: Path, docker: Callable[..., FakeDocker]) -> None:
    """Every model and every prediction would be gone with one word."""
    fake = docker()
    name = cauce.stack("down", folder=folder).name
    assert fake.said()[-1].endswith("down --remove-orphans")
    for other in ("yes", name.upper(), f"{name} "):
        with pytest.raises(CauceError, match="E2718"):
            cauce.stack("down", folder=folder, erase=other)
    assert not any("--volumes" in line for line in fake.said())
    cauce.stack("down", folder=folder, erase=name)
    assert fake.said()[-1].endswith("down --remove-orphans --volumes")


def test_status_says_how_each_server_is(folder: Path, docker: Callable[..., FakeDocker]) -> None:
    """A script could not tell whether it may begin."""
    docker(containers={"database": ("running", "healthy", 0), "storage": ("exited", "", 137)})
    found = cauce.stack("status", folder=folder)
    assert [(one.name, one.state) for one in found.services] == [
        ("database", "running"),
        ("storage", "exited"),
        ("mlflow", "absent"),
    ]
    answer = stacked(found)
    assert (answer.status, answer.text) == (1, "database: healthy\nstorage: exited\nmlflow: absent")
    docker(containers=UP)
    assert stacked(cauce.stack("status", folder=folder)).status == 0
    assert json.dumps(answer.content)


class _Open(BaseHTTPRequestHandler):
    """An MLflow that asks nobody who they are."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"3.17.2")

    def log_message(self, *_said: object) -> None:
        pass


def test_a_server_that_lets_anybody_in_is_told(folder: Path) -> None:
    """A registry that everybody can change would be taken for a safe one."""
    stack = rendered(folder)
    with HTTPServer(("127.0.0.1", stack.parts.ports["mlflow"]), _Open) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        with pytest.raises(CauceError, match="E2720"):
            prove(stack, print, services=("mlflow",))
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("service", ["database", "mlflow"])
def test_a_server_that_does_not_answer_is_named(service: str, folder: Path) -> None:
    """All containers are healthy, and nothing works."""
    with pytest.raises(CauceError, match="E2719") as failure:
        prove(rendered(folder), print, services=(service,))
    assert failure.value.values["service"] == service


def test_the_environment_cannot_rename_a_stack(
    folder: Path, docker: Callable[..., FakeDocker], monkeypatch: pytest.MonkeyPatch
) -> None:
    """COMPOSE_PROJECT_NAME of another project would make this one's containers its own."""
    monkeypatch.setenv("COMPOSE_FILE", "/elsewhere.yaml")
    fake = docker(containers=UP)
    fake.folder.joinpath("docker").write_text(
        fake.folder.joinpath("docker").read_text().replace("import json", "import os, json", 1)
        + '\nassert not [one for one in os.environ if one in ("COMPOSE_FILE", "COMPOSE_PROJECT_NAME")]\n'
    )
    assert cauce.stack("status", folder=folder).healthy


def test_rendering_says_what_to_do_next(folder: Path) -> None:
    """The lines for the project file would have to be found out."""
    made = rendered(folder)
    answer = stacked(cauce.stack("render", folder=folder))
    assert f'uri = "http://127.0.0.1:{made.parts.ports["mlflow"]}"' in answer.text
    assert answer.next == f"cauce stack up --folder {folder}"
    secrets = [path.read_text() for path in (folder / "secrets").iterdir() if path.name != ".gitignore"]
    assert not any(secret in answer.text + json.dumps(answer.content) for secret in secrets)
    assert isinstance(made.parts.name, str)
    assert Stack.__dataclass_params__.frozen  # type: ignore[attr-defined]
