"""From a model and how it is to be served to the process that serves it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING, Any

from cauce.core.bundle.bundle import Bundle
from cauce.core.payload import is_linear
from cauce.errors import CauceError
from cauce.language import active_language, translate
from cauce.language import gettext_noop as _
from cauce.ports.registry import ModelAddress
from cauce.running.capturing import capture_settings, check_bounds, check_left_out
from cauce.running.model_reference import REGISTERED, find_model, nearest_workspace
from cauce.running.served_folders import keep_served
from cauce.service.listening import listen
from cauce.service.settings import EXTRAS, Limits, ServiceSettings, check_address
from cauce.service.tokens import read_tokens

if TYPE_CHECKING:
    from cauce.spec import Project

_LIBRARIES = ("msgspec", "httptools", "prometheus_client")
_PATIENCE = 30.0
WATCH_SECONDS = 15.0
_BOUNDS: Mapping[str, tuple[float, float]] = {
    "port": (0, 65535),
    "workers": (1, 256),
    "rows": (1, 1_000_000),
    "body_bytes": (1024, 1 << 30),
    "request_seconds": (0.1, 3600.0),
    "patience": (0.001, 3600.0),
    "watch": (0.0, 86400.0),
}
_LIMITS = ("rows", "body_bytes", "request_seconds", "patience")


@dataclass(frozen=True)
class Serving:
    """A service that is about to start."""

    settings: ServiceSettings

    def listen(self) -> Listening:
        """The same with its port, at which requests wait from now on; E2403."""
        made = listen(self.settings.host, self.settings.port)
        return Listening(replace(self.settings, port=made.getsockname()[1]), made)

    def start(self) -> Service:
        """Start it beside this process and wait until it answers; E2403, E2404 where it does not."""
        with self.listen() as ready:
            return ready.start()


@dataclass(frozen=True)
class Listening:
    """A service that has its port, and starts now; leaving its `with` leaves the port to what was started."""

    settings: ServiceSettings
    listening: socket

    @property
    def command(self) -> tuple[str, ...]:
        """What starts it; no secret is in it."""
        descriptor = str(self.listening.fileno())
        return (sys.executable, "-m", "cauce.service", self.settings.to_text(), descriptor)

    def become(self) -> None:
        """Turn this process into the service; nothing of it is left. Comes back only where that failed."""
        os.execv(sys.executable, self.command)  # noqa: S606 - this interpreter, and our own settings

    def start(self) -> Service:
        """Start it beside this process and wait until it answers; E2404 where it does not."""
        reading, writing = os.pipe()
        process = subprocess.Popen(  # noqa: S603 - as above
            [*self.command, str(writing)],
            pass_fds=(self.listening.fileno(), writing),
            stdin=subprocess.DEVNULL,
        )
        os.close(writing)
        with os.fdopen(reading, "rb") as heard:
            address = heard.readline().decode().strip()
        if not address:
            status = process.wait(timeout=_PATIENCE)
            reason = translate(_("it ended with exit code {status}; its log says why"))
            raise CauceError("E2404", reason=reason.format(status=status))
        return Service(address, self.settings.version, process)

    def __enter__(self) -> Listening:
        return self

    def __exit__(self, *_error: object) -> None:
        self.listening.close()


@dataclass(eq=False)
class Service:
    """A service that runs beside this process; leaving its `with` stops it. url: where it answers."""

    url: str
    version: str
    process: subprocess.Popen[bytes] = field(repr=False)

    def stop(self) -> int:
        """Stop it: requests that were begun are answered. The exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(timeout=_PATIENCE)

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()


def prepare(
    model: str | Path | None,
    *,
    digest: str | None = None,
    project: str | Path | Project | None = None,
    choices: Mapping[str, Any],
) -> Serving:
    """Find the model, check it and all settings. choices: of `ServiceSettings` and `Limits`, those not None.

    What `choices` do not say, the section [serve] of the project does (`served_as`). E2400, E2401, E2402,
    E2406, E2302 where trees are to be explained without XGBoost, and what finding a model raises.
    """
    for library in _LIBRARIES:
        if find_spec(library) is None:
            raise CauceError("E2400", library=library)
    given = {name: value for name, value in choices.items() if value is not None}
    chosen = {**served_as(model, project), **given}
    declared = chosen.pop("model", None)
    model = declared if model is None else model
    _check(chosen)
    host, tokens = chosen.setdefault("host", "127.0.0.1"), chosen.get("tokens")
    check_address(host, tokens=tokens)
    if tokens is not None:
        read_tokens(tokens)
        chosen["tokens"] = str(Path(tokens).absolute())
    limits = Limits(**{name: chosen.pop(name) for name in _LIMITS if name in chosen})
    docs, explains = chosen.pop("docs", False) or tokens is None, chosen.pop("explain", False)
    capture = capture_settings(chosen, partial(nearest_workspace, project))
    seconds = chosen.pop("watch", WATCH_SECONDS)
    found = find_model(model, digest=digest, project=project)
    watched = digest is None and seconds > 0
    if capture is not None:
        check_left_out(capture, found.bundle.manifest)
    settings = ServiceSettings(
        folder=str(_folder(model, found.bundle, project)),
        digest=found.bundle.identity,
        version=found.version,
        docs=docs,
        watcher=_watcher(model, found.bundle.identity, project, seconds) if watched else (),
        explainer=_explainer(found.bundle) if explains else (),
        limits=limits,
        capture=capture,
        **{"language": active_language(), **chosen},
    )
    return Serving(settings)


def served_as(model: str | Path | None, project: str | Path | Project | None) -> dict[str, Any]:
    """What a project says of how its models are served: `model`, and options by name. Nothing for a bundle's
    folder where no project is named."""
    if project is None and model is not None and not str(model).startswith(REGISTERED):
        return {}
    work = nearest_workspace(project)
    said = {name: value for name, value in vars(work.project.serve).items() if value is not None}
    for name in ("tokens", "capture"):
        if name in said:
            said[name] = str(work.folder / said[name])
    text = str(said.get("model", ""))
    if text and not text.startswith(REGISTERED):
        said["model"] = str(work.folder / text)
    return said


def _explainer(bundle: Bundle) -> tuple[str, ...]:
    """What explains the bundle's predictions, and those of the models that may follow it."""
    if not is_linear(bundle.xgboost) and find_spec("xgboost") is None:
        raise CauceError("E2302")
    return (sys.executable, "-m", "cauce.running.explaining")


def _watcher(
    model: str | Path | None, digest: str, project: str | Path | Project | None, seconds: float
) -> tuple[str, ...]:
    """What asks for another version of an alias; nothing where the model cannot become another one."""
    text = str(model)
    if not text.startswith(REGISTERED) or ModelAddress.parse(text).alias is None:
        return ()
    from cauce.spec import Project  # noqa: PLC0415 - not for a bundle's folder

    if isinstance(project, Project):
        return ()
    from cauce.running.watching import WatchSettings  # noqa: PLC0415 - needs the extra

    place = nearest_workspace(None).folder if project is None else Path(project).absolute()
    settings = WatchSettings(
        address=text,
        project=str(place),
        digest=digest,
        seconds=seconds,
        language=active_language(),
    )
    return settings.command()


def _check(chosen: Mapping[str, Any]) -> None:
    check_bounds(chosen, _BOUNDS)
    if chosen.get("extra", EXTRAS[0]) not in EXTRAS:
        raise CauceError("E2406", option="--extra", expected=", ".join(EXTRAS), value=chosen["extra"])


def _folder(model: str | Path | None, bundle: Any, project: str | Path | Project | None) -> Path:
    """Where the bundle's files lie; those of a registered or stored model are copied, so that they stay."""
    if model is not None and not str(model).startswith(REGISTERED):
        return Path(model).absolute()
    return keep_served(nearest_workspace(project).store_folder, bundle)
