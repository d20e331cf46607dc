"""What the benchmarks of the service share: a model of 25 columns, an echo, a client, and processor time.

The echo is the barest ASGI application under uvicorn: it reads the body and sends it back. MLflow serves the
same trees, as it serves any model: it is sent the features, which it has not to make, and 0 for missing ones,
which a row alone cannot hold there.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import polars as pl

from cauce.threads import limit_threads

NUMBERS, TEXTS = 20, 5
LEVELS = tuple(f"level {k}" for k in range(12))

ECHO = """
import sys, uvicorn
async def app(scope, receive, send):
    event = await receive()
    body = event["body"]
    while event["more_body"]:
        event = await receive()
        body += event["body"]
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), lifespan="off", ws="none", log_config=None,
            access_log=False, proxy_headers=False, server_header=False)
"""

SAVE = """
import sys, mlflow.xgboost, xgboost
booster = xgboost.Booster()
booster.load_model(sys.argv[1])
booster.feature_names = [str(place) for place in range(booster.num_features())]
booster.feature_types = None
mlflow.xgboost.save_model(booster, sys.argv[2], model_format="json", pip_requirements=["xgboost"])
"""


def rows(count: int, seed: int = 0) -> pl.DataFrame:
    """Rows of 20 floats and 5 texts, a tenth of them null."""
    random = np.random.default_rng(seed)
    data: dict[str, Any] = {}
    for k in range(NUMBERS):
        values = np.round(random.normal(0, 10, count), 3)
        data[f"number_{k}"] = pl.Series(values).scatter(np.flatnonzero(random.random(count) < 0.1), None)
    for k in range(TEXTS):
        data[f"text_{k}"] = random.choice(LEVELS, count).tolist()
    return pl.DataFrame(data)


def bundle_folder(folder: Path, *, rounds: int = 100) -> tuple[Path, str]:
    """A bundle of `rounds` trees of depth 6 over those columns, and its digest."""
    from cauce.core.boosting import BoostParameters, BoostSpec
    from cauce.core.bundle.exporting import export_bundle
    from cauce.core.bundle.features import Feature, feature_projection
    from cauce.core.bundle.inputs import InputColumn, schema_of
    from cauce.core.bundle.manifest import Manifest
    from cauce.core.bundle.writing import Draft, make_bundle
    from cauce.core.task import Target
    from cauce.engines.local.boosting import boost
    from cauce.expr import nodes as n
    from cauce.expr.schema import Field

    frame = rows(20_000)
    numbers = [name for name in frame.columns if name.startswith("number")]
    texts = [name for name in frame.columns if name.startswith("text")]
    columns = tuple(
        InputColumn(Field(name, "float" if name in numbers else "text")) for name in (*numbers, *texts)
    )
    scaled = tuple(
        Feature(
            name,
            n.Divide(
                n.Subtract(n.Coalesce((n.Column(name), n.literal(0.5))), n.literal(0.1)), n.literal(9.9)
            ),
        )
        for name in numbers
    )
    coded = tuple(Feature(name, n.LookupCode(n.Column(name), LEVELS), LEVELS) for name in texts)
    features = (*scaled, *coded)
    made = feature_projection(features, schema_of(columns))(frame)
    label = frame["number_0"].fill_null(0) + frame["number_1"].fill_null(0) * 0.5 > 1
    random = np.random.default_rng(1)
    lanes = {name: random.integers(0, 2**62, frame.height) for name in ("a", "b")}
    table = made.with_columns(
        label.cast(pl.Float64).alias("label"),
        pl.lit(0, dtype=pl.Int64).alias("fold"),
        *(pl.Series(name, values) for name, values in lanes.items()),
    )
    spec = BoostSpec(
        task="binary",
        features=tuple(one.name for one in features),
        levels=tuple((name, len(LEVELS)) for name in texts),
        label="label",
        fold="fold",
        lanes=("a", "b"),
        parameters=BoostParameters(rounds=rounds),
    )
    manifest = Manifest(
        name="bench",
        target=Target("label", n.Column("label"), "integer", "binary", (0, 1)),
        input=columns,
        features=features,
        snapshot="0" * 64,
    )
    bundle = make_bundle(Draft(manifest=manifest, payload=boost(lambda: iter((table,)), spec).payload))
    return export_bundle(bundle, folder / "bundle"), bundle.identity


def bodies(count: int = 200) -> list[bytes]:
    """Requests of one row."""
    return [json.dumps(row).encode() for row in rows(count, seed=5).to_dicts()]


@contextmanager
def echo() -> Iterator[tuple[str, int]]:
    """The echo: its address and its process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-c", ECHO, str(port)])
    try:
        _until_open(port)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait()


@contextmanager
def cauce(folder: Path, digest: str, **choices: Any) -> Iterator[tuple[str, int]]:
    """The service with one worker: its address and the worker's process."""
    from cauce.running.serving import prepare

    with prepare(folder, digest=digest, choices={"port": 0, **choices}).start() as service:
        yield service.url, _children(service.process.pid)[0]


@contextmanager
def mlflow(folder: Path, digest: str) -> Iterator[tuple[str, int, list[bytes]]]:
    """`mlflow models serve` of the bundle's trees, one worker: its address, its process, and requests."""
    from cauce.core.bundle.opening import open_bundle
    from cauce.core.trees.document import write_xgboost

    bundle = open_bundle(folder, digest=digest)
    trees, where = folder.parent / "trees.json", folder.parent / "mlflow"
    trees.write_bytes(write_xgboost(bundle.ensemble))
    subprocess.run([sys.executable, "-I", "-c", SAVE, str(trees), str(where)], check=True)
    matrix = bundle.scorer(payload="onnx", threads=1).matrix(rows(200, seed=5))
    names = [str(place) for place in range(matrix.shape[1])]
    split = [
        {"columns": names, "data": [[0.0 if value != value else value for value in row]]}
        for row in matrix.astype(float).tolist()
    ]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    binaries = Path(sys.executable).parent
    command = [str(binaries / "mlflow"), "models", "serve", "--model-uri", str(where), "--port", str(port)]
    command += ["--env-manager", "local", "--workers", "1"]
    environment = {**os.environ, "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    pid = process.pid
    try:
        _until_open(port, seconds=180)
        while children := _children(pid):
            pid = children[-1]
        yield (
            f"http://127.0.0.1:{port}",
            pid,
            [json.dumps({"dataframe_split": one}).encode() for one in split],
        )
    finally:
        for one in (pid, process.pid):
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGTERM)
        process.wait()


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(one) for one in text.split()]


def _until_open(port: int, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("the server did not start")


def processor_seconds(pid: int) -> float:
    """What a process has used, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Load:
    """What came of a closed loop. latencies: seconds, sorted. processor: the server's seconds a request."""

    latencies: list[float]
    seconds: float
    processor: float
    refused: int

    @property
    def throughput(self) -> float:
        """Requests a second."""
        return len(self.latencies) / self.seconds

    def quantile(self, share: float) -> float:
        """A latency in seconds."""
        return self.latencies[min(len(self.latencies) - 1, int(share * len(self.latencies)))]


class _Client(asyncio.Protocol):
    """One connection that sends the next request when the answer to the last is there."""

    def __init__(self, requests: list[bytes], until: float) -> None:
        self.requests, self.until = requests, until
        self.latencies: list[float] = []
        self.refused = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.data, self.turn, self.began = b"", 0, 0.0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self._send()

    def _send(self) -> None:
        self.began = time.perf_counter()
        self.transport.write(self.requests[self.turn % len(self.requests)])
        self.turn += 1

    def data_received(self, data: bytes) -> None:
        self.data += data
        head, mark, body = self.data.partition(b"\r\n\r\n")
        if not mark:
            return
        start = head.lower().index(b"content-length: ") + 16
        if len(body) < int(head[start:].split(b"\r\n", 1)[0]):
            return
        now = time.perf_counter()
        self.latencies.append(now - self.began)
        self.refused += not head.startswith(b"HTTP/1.1 200")
        self.data = b""
        if now >= self.until:
            self.transport.close()
        else:
            self._send()

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


def load(
    url: str, sent: list[bytes], *, connections: int, seconds: float, pid: int, path: str = "/predict"
) -> Load:
    """A closed loop of `connections` for `seconds`, after a second to warm up."""
    import uvloop

    parts = urlsplit(url)
    head = (
        f"POST {path} HTTP/1.1\r\nhost: {parts.netloc}\r\ncontent-type: application/json\r\ncontent-length: "
    )
    requests = [head.encode() + b"%d\r\n\r\n" % len(body) + body for body in sent]

    async def run(duration: float) -> list[_Client]:
        until = time.perf_counter() + duration
        loop = asyncio.get_running_loop()
        made = [
            await loop.create_connection(lambda: _Client(requests, until), parts.hostname, parts.port)
            for _number in range(connections)
        ]
        clients = [client for _transport, client in made]
        await asyncio.gather(*(client.done for client in clients))
        return clients

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(1.0))
        before, began = processor_seconds(pid), time.perf_counter()
        clients = runner.run(run(seconds))
        took, used = time.perf_counter() - began, processor_seconds(pid) - before
    latencies = sorted(one for client in clients for one in client.latencies)
    refused = sum(client.refused for client in clients)
    return Load(latencies, took, used / len(latencies), refused)


def beside_echo(
    *, connections: int, seconds: float, rounds: int, capture: bool = False, beside_mlflow: bool = False
) -> dict[str, list[Load]]:
    """The echo and the service under the same load in turns; capture: also the service that keeps what it
    answers; beside_mlflow: also MLflow's service of the same trees."""
    limit_threads()
    sent = bodies()
    with workplace() as folder, ExitStack() as stack:
        where, digest = bundle_folder(folder)
        servers = {
            "echo": stack.enter_context(echo()),
            "cauce": stack.enter_context(cauce(where, digest, patience=60.0)),
        }
        if capture:
            keeping = cauce(where, digest, patience=60.0, capture=str(folder / "kept"))
            servers["capture"] = stack.enter_context(keeping)
        asked = {name: (url, pid, sent, "/predict") for name, (url, pid) in servers.items()}
        if beside_mlflow:
            asked["mlflow"] = (*stack.enter_context(mlflow(where, digest)), "/invocations")
        found: dict[str, list[Load]] = {name: [] for name in asked}
        for _round in range(rounds):
            for name, (url, pid, requests, path) in asked.items():
                one = load(url, requests, connections=connections, seconds=seconds, pid=pid, path=path)
                found[name].append(one)
    return found


def medians(found: dict[str, list[Load]], value: Callable[[Load], float]) -> dict[str, float]:
    """A value's median over the rounds, by server."""
    return {name: statistics.median(map(value, loads)) for name, loads in found.items()}


def sync_seconds(folder: Path, count: int = 200) -> float:
    """The median of one append of 1,000 bytes and its fdatasync."""
    found = []
    with (folder / "sync").open("ab", buffering=0) as file:
        for _turn in range(count):
            began = time.perf_counter()
            file.write(bytes(1000))
            os.fdatasync(file.fileno())
            found.append(time.perf_counter() - began)
    return statistics.median(found)


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder that goes away."""
    with tempfile.TemporaryDirectory(prefix="cauce-bench-") as folder:
        yield Path(folder)
