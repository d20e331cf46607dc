"""Whether servers answer, and the tracking server takes runs, within seconds whatever the network does."""

from __future__ import annotations

import os
import socket
import threading
from importlib.util import find_spec
from urllib.parse import urlsplit

from cauce.api.machine import Check
from cauce.errors import CauceError
from cauce.language import format_significant, translate
from cauce.language import gettext_noop as _
from cauce.running.workspace import Workspace

PATIENCE, ASKING = 2.0, 20.0
_PORTS = {"http": 80, "https": 443}


def check_tracking(work: Workspace) -> Check:
    """Whether the tracking server answers, lets in who asks, and takes files: one of 5 bytes is written."""
    settings = work.project.tracking
    if not settings.enabled:
        return Check("tracking", "ok", translate(_("switched off")))
    uri = settings.uri or os.environ.get("MLFLOW_TRACKING_URI")
    found = reachable(uri)
    if uri is None or uri.startswith("sqlite") or found.state != "ok" or find_spec("mlflow") is None:
        return found
    asked: list[Check] = []
    worker = threading.Thread(target=lambda: asked.append(_asked(work)), daemon=True)
    worker.start()
    worker.join(ASKING)
    return asked[0] if asked else _silent(urlsplit(uri).hostname or "–", ASKING)


def _asked(work: Workspace) -> Check:
    """What the server says, through MLflow's own client, with the login and the places that a run has."""
    from cauce.tracking.destination import destination_for
    from cauce.tracking.inspection import inspect

    settings = work.project.tracking
    try:
        destination = destination_for(settings.uri, work.folder, home=work.store_folder)
        found = inspect(destination, experiment=settings.experiment or work.project.name)
    except CauceError as error:
        return Check("tracking", "fail", f"{error.code} {error.message}", error.hint)
    told = {"server": destination.where, "place": found.place}
    if found.open:
        said = translate(_("{server} is sent a password or token that anybody on the way can read"))
        return Check("tracking", "warn", said.format(**told), translate(_("Use https, or a tunnel.")))
    if found.own:
        said = translate(
            _("{server} keeps files in a folder of its own, {place}; runs write it on this machine")
        )
        fix = translate(_("Start the server with --serve-artifacts, unless both share that folder."))
        return Check("tracking", "warn", said.format(**told), fix)
    return Check(
        "tracking", "ok", translate(_("{server} takes runs, and their files into {place}")).format(**told)
    )


def reachable(uri: str | None, *, patience: float = PATIENCE) -> Check:
    """A connection to the server at `uri` (None: a database in the project) within `patience` seconds."""
    if uri is None:
        return Check("tracking", "ok", translate(_("a database in the project")))
    try:
        parts = urlsplit(uri)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in _PORTS or parts.hostname is None or port is None:
        return Check("tracking", "ok", translate(_("no server: {scheme}")).format(scheme=parts.scheme or "–"))
    where = f"{parts.hostname}:{port}"
    if answers(parts.hostname, port, patience=patience):
        return Check("tracking", "ok", translate(_("{server} answers")).format(server=where))
    return _silent(where, patience)


def _silent(where: str, patience: float) -> Check:
    said = translate(_("{server} does not answer within {seconds} s"))
    fix = translate(_("Start it or correct [tracking] uri; runs go on without it and deliver later."))
    return Check("tracking", "warn", said.format(server=where, seconds=format_significant(patience)), fix)


def answers(host: str, port: int, *, patience: float = PATIENCE) -> bool:
    """Whether something takes connections there, asked in a thread: looking up a name knows no limit."""
    reached = threading.Event()

    def connect() -> None:
        try:
            socket.create_connection((host, port), timeout=patience).close()
        except OSError:
            return
        reached.set()

    worker = threading.Thread(target=connect, daemon=True)
    worker.start()
    worker.join(patience)
    return reached.is_set()
