"""The processes behind a service: started, killed, stopped, misled; and what they load."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
import served_models as serving
import small_models as small

import cauce
from cauce.errors import CauceError
from cauce.running.serving import Service, prepare
from cauce.service.listening import listen
from cauce.service.served import open_served
from cauce.testing.waiting import until

FORBIDDEN = (
    "xgboost", "mlflow", "pyspark", "sklearn", "scipy", "pandas", "pydantic", "typer", "rich",
    "joblib", "cloudpickle", "cauce.spec", "cauce.planning", "cauce.running", "cauce.core.features",
    "cauce.core.boosting", "cauce.core.candidates", "cauce.core.leaks.gate", "cauce.tracking",
    "cauce.engines", "cauce.sources",
)  # fmt: skip

IN_PROCESS = """
import asyncio, json, mmap, sys
found = []
sys.addaudithook(lambda name, args: found.append(name) if name == "pickle.find_class" else None)
from cauce.service.messages import Request
from cauce.service.server import Server
from cauce.service.worker import application
from cauce.service.settings import ServiceSettings
from cauce.service.counters import Counters
from cauce.service.layout import NAMES, PATHS
settings = ServiceSettings.from_text(sys.argv[1])
app = application(settings, memory=mmap.mmap(-1, Counters.size(NAMES, 1)))
many = "[" + ",".join([sys.argv[2]] * 600) + "]"
statuses = []
asked = [("/predict", body) for body in (sys.argv[2], many, "{")] + [(path, "") for path in PATHS]
for path, body in asked:
    method = "POST" if body else "GET"
    request = Request(method, path, b"", {}, body.encode(), "one")
    statuses.append(asyncio.run(app.respond(request)).status)
print(json.dumps([statuses, sorted(sys.modules), found]))
"""


def children(service: Service) -> list[int]:
    """The workers."""
    pid = service.process.pid
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(one) for one in text.split()]


def answers(service: Service) -> bool:
    """Whether a row is answered now."""
    try:
        with closing(serving.connect(service.url, timeout=5.0)) as connection:
            return serving.call(connection, "/predict", serving.FINE).status == 200
    except (OSError, HTTPException):
        return False


def test_a_worker_loads_only_what_scores_and_unpickles_nothing() -> None:
    """A trainer in memory costs hundreds of megabytes; a pickle runs what its author wants."""
    bundle = small.bundle()
    folder = serving.folder_of(bundle)
    settings = prepare(folder, digest=bundle.identity, choices={}).settings
    command = [sys.executable, "-c", IN_PROCESS, settings.to_text(), json.dumps(serving.FINE)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    statuses, modules, found = json.loads(done.stdout)
    assert statuses[:3] == [200, 200, 400]
    assert set(statuses[3:]) == {200, 405}
    loaded = [name for name in modules for one in FORBIDDEN if name == one or name.startswith(f"{one}.")]
    assert loaded == []
    assert found == []


def test_no_module_of_the_service_imports_pickle() -> None:
    """What is not there cannot be tricked."""
    folder = Path(__file__).parents[2] / "src/cauce/service"
    texts = [path.read_text(encoding="utf-8") for path in folder.glob("*.py")]
    assert len(texts) > 10
    assert not any("pickle" in text or "eval(" in text or "exec(" in text for text in texts)


@contextmanager
def load(service: Service, threads: int) -> Iterator[list[Any]]:
    """Clients that ask without a pause over connections they keep; what came back, in the end."""
    found: list[Any] = []
    stopped = threading.Event()

    def client() -> None:
        connection = serving.connect(service.url)
        while not stopped.is_set():
            try:
                reply = serving.call(connection, "/predict", serving.FINE)
                found.append(reply.status)
                if reply.headers.get("connection") == "close":
                    return
            except (OSError, HTTPException) as error:
                found.append(type(error).__name__)
                return
        connection.close()

    clients = [threading.Thread(target=client) for _number in range(threads)]
    for one in clients:
        one.start()
    try:
        yield found
    finally:
        stopped.set()
        for one in clients:
            one.join()


def test_stopping_under_load_fails_no_request() -> None:
    """Each new version would cost some customers an error."""
    service = serving.start(patience=30.0)
    with load(service, 4) as found:
        assert until(lambda: len(found) > 50)
        began = time.monotonic()
        assert service.stop() == 0
        assert time.monotonic() - began < 25
    assert set(found) == {200}


def test_a_killed_worker_is_started_again_and_its_counts_are_kept() -> None:
    """One crash in the night would leave half a service, or numbers that begin at zero."""
    with serving.start(workers=2) as service:
        assert answers(service)
        before = children(service)
        os.kill(before[0], signal.SIGKILL)
        assert until(lambda: len(children(service)) == 2 and before[0] not in children(service))
        assert until(lambda: answers(service))
        with closing(serving.connect(service.url)) as connection:
            text = serving.call(connection, "/metrics").body.decode()
    counted = [line for line in text.splitlines() if line.startswith("cauce_rows_total{")]
    assert sum(float(line.split()[-1]) for line in counted) >= 2


def test_workers_end_with_their_supervisor() -> None:
    """Processes nobody looks after would hold the port and answer with an old model."""
    service = serving.start()
    (worker,) = children(service)
    service.process.kill()
    service.process.wait()
    assert until(lambda: not Path(f"/proc/{worker}").exists() or "Z" in _state(worker))


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def test_a_model_that_changed_is_not_served(tmp_path: Path) -> None:
    """Between the check and the start somebody may have put another file there."""
    bundle = small.bundle()
    folder = shutil.copytree(serving.folder_of(bundle), tmp_path / "bundle")
    prepared = prepare(folder, digest=bundle.identity, choices={"port": 0})
    with (folder / "model.onnx").open("ab") as file:
        file.write(b"x")
    with pytest.raises(CauceError, match="E2404"):
        prepared.start()


def test_a_port_that_is_taken_is_told() -> None:
    """A second service on the same port would answer every other request with the other model."""
    with listen("127.0.0.1", 0) as taken:
        asked = prepare(serving.folder_of(small.bundle()), choices={"port": taken.getsockname()[1]})
        with pytest.raises(CauceError, match="E2403"):
            asked.start()


def test_a_worker_is_ready_soon_and_small() -> None:
    """Ten services on a machine; a restart in the middle of the day."""
    with serving.start() as service:
        (worker,) = children(service)
        text = Path(f"/proc/{worker}/status").read_text(encoding="ascii")
        kilobytes = int(text.partition("VmRSS:")[2].split()[0])
        used = Path(f"/proc/{worker}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    seconds = sum(map(int, used[11:13])) / os.sysconf("SC_CLK_TCK")
    assert kilobytes <= 150 * 1024
    assert seconds <= 2.0


def test_health_answers_while_large_requests_are_scored() -> None:
    """What restarts services that do not answer would restart one that only works."""
    rows = json.dumps([serving.FINE] * 9000).encode()
    slowest = 0.0
    with serving.start(patience=60.0, request_seconds=60.0) as service:
        large = threading.Thread(target=_ask, args=(service, rows))
        large.start()
        with closing(serving.connect(service.url)) as connection:
            while large.is_alive():
                began = time.monotonic()
                assert serving.call(connection, "/health/live").status == 200
                slowest = max(slowest, time.monotonic() - began)
        large.join()
    assert slowest < 2.0


def _ask(service: Service, body: bytes) -> None:
    with closing(serving.connect(service.url, timeout=120.0)) as connection:
        assert len(serving.call(connection, "/predict", body).json["predictions"]) == 9000


def test_the_command_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    """A script that reads where it is served, and asks at once, is answered; then a token, an exit code."""
    cauce = [sys.executable, "-m", "cauce"]
    made = subprocess.run(
        [*cauce, "token", "shop", "--file", "tokens.json"], cwd=tmp_path, capture_output=True, check=True
    )
    secret = made.stdout.decode().strip()
    folder = str(serving.folder_of(small.bundle()))
    line = [*cauce, "serve", folder, "--port", "0", "--tokens", "tokens.json", "--json"]
    with subprocess.Popen(line, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        service = Service(f"http://127.0.0.1:{said['port']}", "", process)
        with closing(serving.connect(service.url, timeout=60.0)) as connection:
            assert serving.call(connection, "/health/ready").status == 200
        assert _status(service, "/metrics", {}) == 401
        assert _status(service, "/openapi.json", {"authorization": f"Bearer {secret}"}) == 200
        process.terminate()
        assert process.wait() == 0
    assert said["schema"] == "cauce.serve/1"
    assert said["digest"] == small.bundle().identity


def test_the_command_says_nothing_of_serving_where_the_port_is_taken() -> None:
    """Who waits for that line would ask the other program, and take its answers for the model's."""
    folder = str(serving.folder_of(small.bundle()))
    with listen("127.0.0.1", 0) as taken:
        line = [sys.executable, "-m", "cauce", "serve", folder, "--port", str(taken.getsockname()[1])]
        done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 69
    assert "E2403" in done.stderr
    assert "Serving" not in done.stdout + done.stderr


def _status(service: Service, path: str, headers: dict[str, str]) -> int:
    try:
        with closing(serving.connect(service.url, timeout=5.0)) as connection:
            return serving.call(connection, path, None, headers).status
    except OSError:
        return 0


@pytest.mark.parametrize(
    ("choices", "code"),
    [
        ({"host": "0.0.0.0"}, "E2401"),
        ({"tokens": "nowhere.json"}, "E2402"),
        ({"workers": 0}, "E2406"),
        ({"port": 70_000}, "E2406"),
        ({"rows": 0}, "E2406"),
        ({"patience": 0.0}, "E2406"),
        ({"extra": "maybe"}, "E2406"),
    ],
)
def test_settings_that_cannot_be_are_refused_before_anything_starts(
    choices: dict[str, Any], code: str
) -> None:
    """A service that starts and then does something else is found out by its users."""
    with pytest.raises(CauceError) as refused:
        prepare(serving.folder_of(small.bundle()), choices=choices)
    assert refused.value.code == code


def test_bounds_are_told_as_one_types_them() -> None:
    """1.07374e+09 is no number that anybody could give."""
    with pytest.raises(CauceError) as refused:
        prepare(serving.folder_of(small.bundle()), choices={"body_bytes": 10})
    assert refused.value.message == "--body-bytes takes 1024 … 1073741824, not 10."
    with pytest.raises(CauceError) as refused:
        prepare(serving.folder_of(small.bundle()), choices={"watch": -1.0})
    assert refused.value.message == "--watch takes 0 … 86400, not -1."
    for beyond, shown in ((86400.5, "not 86400.5."), (10**400, "not 1000")):
        with pytest.raises(CauceError, match="E2406") as refused:
            prepare(serving.folder_of(small.bundle()), choices={"watch": beyond})
        assert shown in refused.value.message


PROJECT = """
name = "small"

[data]
source = "rows.csv"

[target]
column = "late"

[[models]]
learner = "boosting"
rounds = 3

[tracking]
enabled = false
"""


def test_the_latest_runs_model_is_served_from_a_copy_that_stays(tmp_path: Path) -> None:
    """Deleting old runs would take the files away from under a service."""
    late = ["yes" if (k % 97 > 48) != (k % 4 == 0) else "no" for k in range(300)]
    lines = [f"{k % 97},{'a' if k % 3 else 'b'},{one}" for k, one in enumerate(late)]
    (tmp_path / "rows.csv").write_text("\n".join(["size,kind,late", *lines]) + "\n", encoding="utf-8")
    (tmp_path / "cauce.toml").write_text(PROJECT, encoding="utf-8")
    cauce.run(tmp_path / "cauce.toml")
    settings = prepare(None, project=tmp_path / "cauce.toml", choices={}).settings
    assert settings.folder == str(tmp_path / ".cauce" / "served" / settings.digest)
    model = open_served(settings.folder, digest=settings.digest)
    reply = serving.ask(serving.application(model), "/predict", {"size": 90, "kind": "a"})
    assert reply.json["prediction"] in ("yes", "no")
    assert reply.json["model_version"] == settings.digest
