"""A standalone Spark cluster of this machine, for tests: a real master and real workers, on loopback.

A process holds one SparkContext, and a test process has its own (the fixture `spark_session`). What needs
the cluster therefore runs in a child process that is given the master's address.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

# The shell ends the Java process when its input closes: also when the process that started it is killed.
_GUARD = '"$@" & child=$!; trap "kill $child" TERM; read _; kill $child; wait $child'
_SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
_STARTING = 180.0
_STOPPING = 10.0

QUICK = {
    "spark.driver.extraJavaOptions": _SHORT_LIVED,
    "spark.executor.extraJavaOptions": _SHORT_LIVED,
}
"""Settings of a Spark that lives for minutes: Java compiles once, quickly. A third of the processors less."""


@dataclass(frozen=True)
class Cluster:
    """A running cluster: its master's address, its folder of logs and work, the workers' process groups."""

    master: str
    folder: Path
    groups: tuple[int, ...]

    def executors(self) -> tuple[int, ...]:
        """The process ids of the executors that run now, those of the oldest first."""
        return tuple(
            pid for pid in _in_groups(self.groups) if "CoarseGrainedExecutorBackend" in _command(pid)
        )


@contextmanager
def standalone_cluster(
    folder: Path,
    workers: int = 2,
    *,
    cores: int = 1,
    memory: str = "1g",
    environment: Mapping[str, str] | None = None,
) -> Iterator[Cluster]:
    """A master and `workers` worker processes that listen on loopback only, stopped at the end.

    folder: for their logs and work; made where it is not. cores and memory: of each worker. environment:
    added to that of the workers. TimeoutError with the end of the log where one does not start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "conf").mkdir(exist_ok=True)
    with ExitStack() as running:
        head = running.enter_context(
            _started(folder, "master", ["org.apache.spark.deploy.master.Master"], extra={})
        )
        master = _told(folder / "master.log", "Starting Spark master at ", head)
        options = ["--cores", str(cores), "--memory", memory, master]
        command = ["org.apache.spark.deploy.worker.Worker", *options]
        names = [f"worker-{number}" for number in range(workers)]
        own = [
            running.enter_context(_started(folder, name, command, extra=environment or {})) for name in names
        ]
        for name, process in zip(names, own, strict=True):
            _told(folder / f"{name}.log", "Successfully registered with master ", process)
        yield Cluster(master, folder, tuple(process.pid for process in own))


def run_with(master: str, command: list[str], *, seconds: float = 240.0) -> subprocess.CompletedProcess[str]:
    """Run this interpreter with `command` and the environment's CAUCE_TEST_MASTER set to `master`.

    The fixture `spark_session` of the child's tests is then a session on that master.
    """
    environment = {**os.environ, "CAUCE_TEST_MASTER": master, "SPARK_LOCAL_IP": "127.0.0.1"}
    return subprocess.run(  # noqa: S603 - a test's own command
        [sys.executable, *command],
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=seconds,
        check=False,
    )


def bare_python(folder: Path) -> Path:
    """An interpreter of this minor version in a new folder, with the standard library and nothing else."""
    made = folder / "bare-python"
    base = getattr(sys, "_base_executable", sys.executable)
    subprocess.run([base, "-m", "venv", "--without-pip", str(made)], check=True)  # noqa: S603
    return made / "bin" / "python"


@contextmanager
def _started(
    folder: Path, name: str, command: list[str], *, extra: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    home = spark_home()
    work = folder / name
    work.mkdir(exist_ok=True)
    environment = {
        **os.environ,
        "SPARK_HOME": str(home),
        "SPARK_CONF_DIR": str(folder / "conf"),
        "SPARK_LOCAL_DIRS": str(work),
        "SPARK_WORKER_DIR": str(work),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": _SHORT_LIVED,
        **extra,
    }
    address = ["--host", "127.0.0.1", "--port", "0", "--webui-port", "0"]
    start = [str(home / "bin/spark-class"), command[0], *address, *command[1:]]
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - Spark's own programs
            ["/bin/sh", "-c", _GUARD, "guard", *start],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_STOPPING)
    # Executors that outlive their worker, and a Java process that does not end when asked.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def spark_home() -> Path:
    """The folder of the installed pyspark, which has Spark's programs; ImportError where there is none."""
    found = find_spec("pyspark")
    if found is None or found.origin is None:
        raise ImportError("pyspark is not installed")
    return Path(found.origin).parent


def _told(log: Path, mark: str, process: subprocess.Popen[bytes]) -> str:
    """What the log says after `mark`, as soon as it does."""

    def said() -> str | None:
        text = log.read_text("utf-8", "replace")
        for line in text.splitlines(keepends=True):
            if mark in line and line.endswith("\n"):
                return line.partition(mark)[2].strip()
        if process.poll() is not None:
            raise TimeoutError(f"{log.stem} ended before it ran:\n{text[-2000:]}")
        return None

    return wait_for(said, seconds=_STARTING, what=f"{log.stem} did not start; see {log}")


def wait_for(look: Callable[[], str | None], *, seconds: float, what: str) -> str:
    """What `look` finds, looked for every 50 ms; TimeoutError with `what` after so many seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = look()
        if found is not None:
            return found
        time.sleep(0.05)
    raise TimeoutError(what)


def _in_groups(groups: tuple[int, ...]) -> list[int]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with suppress(OSError):
                if os.getpgid(int(folder.name)) in groups:
                    found.append(int(folder.name))
    return sorted(found)


def _command(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    return ""
