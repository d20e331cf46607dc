"""How soon a service answers, and the memory of its worker.

`serve`: from `cauce serve FOLDER` to the first answer, the check of the model in a process of its own
included. `worker`: from starting the supervisor alone. Times are the best of some rounds.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from serving import bodies, bundle_folder, workplace

TARGETS = {"seconds": 2.0, "megabytes": 150.0}


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _answered(port: int, body: bytes) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("POST", "/predict", body)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _timed(command: list[str], port: int, body: bytes) -> tuple[float, float]:
    """Seconds to the first answer, and the worker's megabytes then."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        while not _answered(port, body):
            time.sleep(0.01)
        took = time.perf_counter() - began
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii")
        status = Path(f"/proc/{children.split()[0]}/status").read_text(encoding="ascii")
        return took, int(status.partition("VmRSS:")[2].split()[0]) / 1024
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    seconds: dict[str, list[float]] = {"serve": [], "worker": []}
    megabytes = 0.0
    body = bodies(1)[0]
    with workplace() as folder:
        from cauce.service.settings import ServiceSettings

        where, digest = bundle_folder(folder)
        for _ in range(rounds):
            port = _free_port()
            settings = ServiceSettings(folder=str(where), digest=digest, version=digest, port=port)
            commands = {
                "serve": [sys.executable, "-m", "cauce", "serve", str(where), "--port", str(port)],
                "worker": [sys.executable, "-m", "cauce.service", settings.to_text()],
            }
            for name, command in commands.items():
                took, used = _timed(command, port, body)
                seconds[name].append(took)
                megabytes = max(megabytes, used)
    best = {name: round(min(values), 3) for name, values in seconds.items()}
    result = {
        "name": "service_start",
        "best_seconds": best,
        "megabytes": round(megabytes, 1),
        "targets": TARGETS,
        "holds": best["serve"] <= TARGETS["seconds"] and megabytes <= TARGETS["megabytes"],
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
