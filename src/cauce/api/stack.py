"""Servers for a project in containers: a database, an S3 server, MLflow; Spark and JupyterLab when asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack, get_args

from cauce.containers import starting
from cauce.containers.contexts import LOCKS
from cauce.containers.parts import chosen_extras
from cauce.containers.passwords import FOLDER
from cauce.containers.rendering import Materials, Rendered, project_lines, render, rendered
from cauce.containers.starting import Service
from cauce.errors import CauceError
from cauce.language import gettext_noop as _
from cauce.language import translate

Action = Literal["render", "up", "down", "status"]
ACTIONS: tuple[Action, ...] = get_args(Action)
SECONDS = 300
_TAKES: Mapping[Action, frozenset[str]] = {
    "render": frozenset(("parts", "port", "force")),
    "up": frozenset(("seconds",)),
    "down": frozenset(("erase",)),
    "status": frozenset(),
}


class StackAsked(TypedDict, total=False):
    """What an action may be told. parts, port, force: of render; seconds: of up; erase: of down."""

    parts: str
    port: tuple[str, ...]
    force: bool
    seconds: int
    erase: str


@dataclass(frozen=True)
class Stack:
    """A stack after an action. ports: on 127.0.0.1, by door; services: how each is, () after render and down;
    project: lines of a project file that use it; environment: what to read into the shell before."""

    action: Action
    folder: Path
    name: str
    ports: Mapping[str, int]
    services: tuple[Service, ...]
    project: tuple[str, ...]
    environment: Path

    @property
    def healthy(self) -> bool:
        """Whether every service is up and well."""
        return all(one.fine for one in self.services)


def stack(
    action: Action,
    *,
    folder: str | Path = "stack",
    heard: Callable[[str], None] | None = None,
    **asked: Unpack[StackAsked],
) -> Stack:
    """Write, start, stop or look at a stack of servers in containers.

    render writes `folder`, with Spark and JupyterLab where parts="spark,jupyter" names them, at ports such as
    port=("mlflow=5001",); force: over files that somebody edited. up builds and starts it, waits `seconds`
    at most (300) once all is built, and tries each server as its user; down stops it, and with erase=NAME,
    the stack's name, deletes what it holds. heard: told of progress. Raises E2700 to E2721, E0503 to E0506.
    """
    given: dict[str, Any] = {name: value for name, value in asked.items() if value}
    if action not in ACTIONS:
        raise CauceError("E1504", option="ACTION", choices=", ".join(ACTIONS), value=action)
    for name in sorted(given.keys() - _TAKES[action]):
        raise CauceError("E2721", option="with" if name == "parts" else name, action=action)
    place, told = Path(folder).absolute(), heard or _nobody
    if action == "render":
        return _answer(action, _rendered(place, **given))
    made = rendered(place)
    if action == "up":
        return _answer(action, made, _up(made, told, **given))
    if action == "down":
        starting.stop(made, erase=given.get("erase"), heard=told)
        return _answer(action, made)
    return _answer(action, made, starting.services(made, starting.composing(made).containers()))


def _nobody(_line: str) -> None:
    """Nobody hears it."""


def _answer(action: Action, made: Rendered, services: list[Service] | None = None) -> Stack:
    parts = made.parts
    return Stack(
        action,
        made.folder,
        parts.name,
        {door: parts.ports[door] for door in parts.doors},
        tuple(services or ()),
        project_lines(made.folder, parts),
        made.folder / FOLDER / "environment",
    )


def _rendered(
    folder: Path, *, parts: str | None = None, port: tuple[str, ...] = (), force: bool = False
) -> Rendered:
    from cauce.running.image import locked_libraries, own_package

    extras = chosen_extras(parts)
    locks = {image: locked_libraries(lock) for image, lock in LOCKS.items()}
    materials = Materials(locks, own_package() if extras else {})
    return render(folder, materials, extras=extras, ports=tuple(port), force=force)


def _up(made: Rendered, heard: Callable[[str], None], seconds: int = SECONDS) -> list[Service]:
    from cauce.running.stack_proof import prove

    services = starting.start(made, seconds=seconds, heard=heard)
    text = translate(_("{service} takes its user: {said}"))
    prove(made, lambda service, said: heard(text.format(service=service, said=said)))
    return services
