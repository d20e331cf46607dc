"""Starts and stops a stack, and waits until every service is healthy."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cauce.containers.composing import Compose, Container, compose_in
from cauce.containers.parts import MARIADB, STORAGE
from cauce.containers.passwords import kept
from cauce.containers.rendering import Rendered, free
from cauce.errors import CauceError

_BETWEEN = 2.0
_PACE = 5.0
_MOST_RESTARTS = 4
_ERROR = re.compile(r"\b\w*(?:error|denied|refused|failed)\b", re.IGNORECASE)
Heard = Callable[[str], None]


@dataclass(frozen=True)
class Service:
    """How a service is: running and healthy, not yet so, ended, or not there."""

    name: str
    state: str
    health: str

    @property
    def fine(self) -> bool:
        """Whether it is up and well."""
        return self.state == "running" and self.health in ("healthy", "")


def composing(stack: Rendered) -> Compose:
    """Docker for this stack, whose secrets are in nothing it says."""
    return compose_in(stack.folder, kept(stack.folder, stack.secrets, known=stack.secrets))


def start(stack: Rendered, *, seconds: float, heard: Heard) -> list[Service]:
    """Fetch, build, start and wait. E2712 for a port that something else has, E2716 for a service that ended
    or is unhealthy, E2717 where it takes longer than `seconds` once all is built, and what Docker fails with.
    """
    compose = composing(stack)
    _check_ports(stack, compose.containers())
    for service, image in (("database", MARIADB), ("storage", STORAGE)):
        if not compose.has_image(image):
            compose.run("pull", service, heard=_paced(heard))
    compose.run("build", heard=_paced(heard))
    ends = time.monotonic() + seconds
    try:
        compose.run("up", "--detach", "--no-build", "--remove-orphans", seconds=seconds)
    except TimeoutError:
        raise _late(stack, seconds, compose.containers()) from None
    except CauceError:
        _check_well(compose, compose.containers())
        raise
    return _healthy(stack, compose, ends=ends, seconds=seconds, heard=heard)


def _healthy(
    stack: Rendered, compose: Compose, *, ends: float, seconds: float, heard: Heard
) -> list[Service]:
    told: dict[str, str] = {}
    while True:
        containers = compose.containers()
        _tell(containers, told, heard)
        if not _waited_for(stack, containers):
            return services(stack, containers)
        _check_well(compose, containers)
        if time.monotonic() > ends:
            raise _late(stack, seconds, containers)
        time.sleep(_BETWEEN)


def _late(stack: Rendered, seconds: float, containers: Sequence[Container]) -> CauceError:
    waited = ", ".join(_waited_for(stack, containers))
    return CauceError("E2717", seconds=round(seconds), services=waited, folder=stack.folder)


def _paced(heard: Heard) -> Heard:
    """Hears a line now and then."""
    told = [time.monotonic()]

    def hear(line: str) -> None:
        if time.monotonic() - told[0] >= _PACE:
            told[0] = time.monotonic()
            heard(line)

    return hear


def stop(stack: Rendered, *, erase: str | None, heard: Heard) -> None:
    """Stop and remove the containers. erase: the stack's name, to delete what they hold as well. E2718 for
    another name."""
    if erase is not None and erase != stack.parts.name:
        raise CauceError("E2718", given=erase, name=stack.parts.name)
    composing(stack).run("down", "--remove-orphans", *(["--volumes"] if erase else []), heard=heard)


def services(stack: Rendered, containers: Sequence[Container]) -> list[Service]:
    """Every service of the stack, in its order."""
    found = {one.service: one for one in containers}
    return [
        Service(name, found[name].state, found[name].health) if name in found else Service(name, "absent", "")
        for name in stack.parts.services
    ]


def _check_ports(stack: Rendered, containers: Sequence[Container]) -> None:
    """Those of services that are not up yet must be free."""
    if any(one.state == "running" for one in containers):
        return
    for door in stack.parts.doors:
        if not free(stack.parts.ports[door]):
            raise CauceError("E2712", port=stack.parts.ports[door])


def _tell(containers: Sequence[Container], told: dict[str, str], heard: Heard) -> None:
    for one in containers:
        words = one.health or one.state
        if told.get(one.service) != words:
            told[one.service] = words
            heard(f"{one.service}: {words}")


def _waited_for(stack: Rendered, containers: Sequence[Container]) -> list[str]:
    return [one.name for one in services(stack, containers) if not one.fine]


def _check_well(compose: Compose, containers: Sequence[Container]) -> None:
    for one in containers:
        often = one.restarts > _MOST_RESTARTS
        ended = one.state in ("exited", "dead") and not one.ended_well
        if ended or often or one.health == "unhealthy":
            state = one.state if ended else "restarting" if often else one.health
            said = _reason(compose.log(one.service))
            raise CauceError("E2716", service=one.service, state=state, said=said, folder=compose.folder)


def _reason(log: str) -> str:
    """The last line that speaks of an error, else the last one."""
    lines = [line for line in log.splitlines() if line.strip()] or ["-"]
    told = [line for line in lines if _ERROR.search(line)]
    return (told or lines)[-1].strip()
