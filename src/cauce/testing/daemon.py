"""A private Docker daemon for tests, and a base image made here: nothing is pulled from anywhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_STARTING, _STOPPING, _MAKING = 60.0, 60.0, 1500.0
_PACKAGES = "python3,python3-pip,python3-venv,ca-certificates,mariadb-server"
_AUTHORITIES = "etc/ssl/certs/ca-certificates.crt"
BASE = "cauce-test-base:1"
"""Debian with Python, pip and MariaDB; its tar may lie ready at $CAUCE_TEST_BASE."""


def lacking() -> str | None:
    """What keeps this machine from running containers for tests; None where nothing does."""
    if os.geteuid() != 0:
        return "starting Docker's daemon needs root"
    wanted = ["dockerd", "docker", "docker-compose"]
    wanted += [] if os.environ.get("CAUCE_TEST_BASE") else ["debootstrap"]
    missing = [name for name in wanted if shutil.which(name) is None]
    return f"needs {', '.join(missing)}" if missing else None


@contextmanager
def docker_daemon(folder: Path) -> Iterator[str]:
    """Its address, for DOCKER_HOST; all that it holds lies in `folder`. AssertionError with its log where it
    does not start. The rules and the bridge that it makes go with it, unless another daemon has them. One
    that $CAUCE_TEST_DOCKER names is taken as it is, with what it has built before."""
    if address := os.environ.get("CAUCE_TEST_DOCKER"):
        yield address
        return
    ours = not _has_bridge()
    socket, pid = folder / "docker.sock", folder / "docker.pid"
    options = {"data-root": folder / "data", "exec-root": folder / "run", "pidfile": pid}
    words = [f"--{name}={path}" for name, path in options.items()]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - the command is ours
            ["dockerd", f"--host=unix://{socket}", *words],  # noqa: S607 - Debian's own
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait(f"unix://{socket}", process, folder / "log")
        yield f"unix://{socket}"
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOPPING)
        process.kill()
        if ours:
            _sweep()


def base_image(folder: Path) -> None:
    """Make the base image, by debootstrap where no tar of it lies ready: minutes, and 600 MB."""
    known = ["docker", "image", "inspect", BASE]
    if subprocess.run(known, capture_output=True, check=False).returncode == 0:  # noqa: S603
        return
    ready = os.environ.get("CAUCE_TEST_BASE")
    if ready is None:
        root = folder / "root"
        command = ["debootstrap", "--variant=minbase", f"--include={_PACKAGES}", "bookworm", str(root)]
        subprocess.run(command, check=True, capture_output=True, timeout=_MAKING)  # noqa: S603
        (root / "usr/lib/python3.11/EXTERNALLY-MANAGED").unlink(missing_ok=True)
        (root / "usr/bin/python").symlink_to("python3")
        if Path("/", _AUTHORITIES).is_file():
            shutil.copyfile(Path("/", _AUTHORITIES), root / _AUTHORITIES)
        ready = str(folder / "base.tar")
        subprocess.run(["tar", "-C", str(root), "-cf", ready, "."], check=True)  # noqa: S603, S607
        shutil.rmtree(root)
    subprocess.run(["docker", "import", ready, BASE], check=True, capture_output=True)  # noqa: S603, S607


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _STARTING
    command = ["docker", "--host", address, "version"]
    while subprocess.run(command, capture_output=True, check=False).returncode:  # noqa: S603
        if process.poll() is not None or time.monotonic() > end:
            raise AssertionError(log.read_text(errors="replace")[-3000:])
        time.sleep(0.2)


def _has_bridge() -> bool:
    return Path("/sys/class/net/docker0").exists()


def _sweep() -> None:
    """What a daemon leaves in the kernel: its bridge, and its chains of the packet filter."""
    local = ["-m", "addrtype", "--dst-type", "LOCAL", "-j", "DOCKER"]
    for words in (
        ["ip", "link", "delete", "docker0"],
        ["iptables", "-t", "nat", "-D", "PREROUTING", *local],
        ["iptables", "-t", "nat", "-D", "OUTPUT", "!", "-d", "127.0.0.0/8", *local],
        ["iptables", "-P", "FORWARD", "ACCEPT"],
    ):
        with suppress(OSError):
            subprocess.run(words, capture_output=True, check=False)  # noqa: S603
