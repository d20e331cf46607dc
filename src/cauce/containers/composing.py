"""Docker, asked by its command line: what it lacks, and what goes wrong, in our own codes."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cauce.containers.compose_file import FILE
from cauce.core.secrets import MASK
from cauce.errors import CauceError

_ASKING = 60.0
_FOREVER = 86_400.0
_LAST_LINES = 20
_NO_RIGHT = re.compile("permission denied", re.IGNORECASE)
_PORT = re.compile(r"(?:127\.0\.0\.1|0\.0\.0\.0):(\d+).*already (?:in use|allocated)", re.IGNORECASE)
_NO_IMAGE = re.compile(
    r"(?:manifest for|pull access denied for|No such image:?|Unable to find image)\s*['\"]?([\w./:@-]+)?",
    re.IGNORECASE,
)
_NO_NETWORK = re.compile(
    "no such host|temporary failure in name resolution|i/o timeout|network is unreachable|"
    "connection refused.*registry|TLS handshake timeout|Could not resolve|NewConnectionError|"
    "failed to resolve source metadata|request canceled while waiting",
    re.IGNORECASE,
)
_NO_SPACE = re.compile("no space left on device", re.IGNORECASE)


@dataclass(frozen=True)
class Container:
    """One container. state: as Docker says it (running, exited, …); health: healthy, unhealthy, starting, or
    "" for one that has no check; code: what it ended with; restarts: how often it was begun again."""

    service: str
    id: str
    state: str
    health: str
    code: int
    restarts: int = 0

    @property
    def ended_well(self) -> bool:
        """Whether it did its work and ended."""
        return self.state == "exited" and self.code == 0


@dataclass(frozen=True)
class Compose:
    """`docker compose` in the folder of a stack. command: how it is called here."""

    folder: Path
    command: tuple[str, ...]
    hidden: frozenset[str] = frozenset()

    def run(
        self, *arguments: str, heard: Callable[[str], None] | None = None, seconds: float | None = None
    ) -> str:
        """What it prints; every line is heard as it comes. E2710 to E2715 where it fails, TimeoutError where
        it takes longer than `seconds`."""
        words = [*self.command, "--file", str(self.folder / FILE), *arguments]
        lines: list[str] = []
        late = threading.Event()
        with subprocess.Popen(  # noqa: S603 - the words are ours
            words,
            cwd=self.folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process:
            timer = threading.Timer(seconds or _FOREVER, _ended, (late, process))
            timer.daemon = True
            timer.start()
            try:
                for line in process.stdout or ():
                    lines.append(self.redacted(line.rstrip()))
                    if heard is not None and lines[-1]:
                        heard(lines[-1])
            except BaseException:
                process.terminate()
                raise
            finally:
                timer.cancel()
        if late.is_set():
            raise TimeoutError(arguments[0])
        if process.returncode:
            raise _failure(arguments[0], lines)
        return "\n".join(lines)

    def containers(self) -> list[Container]:
        """Its containers, also those that have ended, by service."""
        every = ("--all",) if self.command[0] == "docker" else ()
        found = self.run("ps", "--quiet", *every)
        ids = [line for line in found.split() if re.fullmatch("[0-9a-f]{12,64}", line)]
        if not ids:
            return []
        told = json.loads(_docker("inspect", *ids))
        return sorted((_container(one) for one in told), key=lambda one: (one.service, one.id))

    def has_image(self, image: str) -> bool:
        """Whether the image is on this machine."""
        return _asked(["docker", "image", "inspect", "--format", "{{.Id}}", image]).returncode == 0

    def log(self, service: str) -> str:
        """The last lines that a service has said."""
        try:
            return self.run("logs", "--no-color", f"--tail={_LAST_LINES}", service)
        except CauceError:
            return ""

    def redacted(self, text: str) -> str:
        """`text` without the secrets of the stack."""
        for secret in self.hidden:
            text = text.replace(secret, MASK)
        return text


def compose_in(folder: Path, secrets: Mapping[str, str]) -> Compose:
    """Docker's way to run the folder. E2707 without Docker, E2708 without Compose, E2709 where the daemon
    does not answer, E2711 where it answers others only."""
    if shutil.which("docker") is None:
        raise CauceError("E2707", program="docker")
    _docker("version", "--format", "{{.Server.Version}}")
    for command in (("docker", "compose"), ("docker-compose",)):
        if shutil.which(command[0]) and _asked([*command, "version"]).returncode == 0:
            return Compose(folder, command, frozenset(secrets.values()))
    raise CauceError("E2708", program="docker compose")


def _docker(*arguments: str) -> str:
    done = _asked(["docker", *arguments])
    if done.returncode == 0:
        return done.stdout
    said = _last(done.stderr.splitlines())
    raise CauceError("E2711" if _NO_RIGHT.search(done.stderr) else "E2709", reason=said)


def _asked(words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603 - the words are ours
            words,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_ASKING,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CauceError("E2709", reason=f"{' '.join(words[:2])}: {_ASKING:.0f} s") from None


def _environment() -> dict[str, str]:
    """Ours, with plain English answers; a project's name is the folder's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COMPOSE_")}
    return {**kept, "LC_ALL": "C", "DOCKER_CLI_HINTS": "false", "COMPOSE_ANSI": "never"}


def _container(told: Mapping[str, Any]) -> Container:
    state = told["State"]
    labels = told["Config"]["Labels"] or {}
    return Container(
        service=str(labels.get("com.docker.compose.service", told["Name"])),
        id=str(told["Id"])[:12],
        state=str(state["Status"]),
        health=str((state.get("Health") or {}).get("Status", "")),
        code=int(state.get("ExitCode", 0)),
        restarts=int(told.get("RestartCount", 0)),
    )


def _failure(action: str, lines: Sequence[str]) -> CauceError:
    text = "\n".join(lines[-200:])
    if _NO_SPACE.search(text):
        return CauceError("E2715", action=action, reason=_last(lines))
    port = _PORT.search(text)
    if port:
        return CauceError("E2712", port=port[1])
    if _NO_NETWORK.search(text):
        return CauceError("E2713", action=action, reason=_last(lines))
    image = _NO_IMAGE.search(text)
    if image:
        return CauceError("E2714", image=image[1] or "?", reason=_last(lines))
    if _NO_RIGHT.search(text) and "docker.sock" in text:
        return CauceError("E2711", reason=_last(lines))
    return CauceError("E2710", action=action, reason=_last(lines))


def _ended(late: threading.Event, process: subprocess.Popen[str]) -> None:
    late.set()
    process.terminate()


def _last(lines: Sequence[str]) -> str:
    return next((line.strip() for line in reversed(lines) if line.strip()), "-")
