"""Whether a server answers, within two seconds whatever the network does."""

from __future__ import annotations

import socket
import threading
from urllib.parse import urlsplit

from cauce.api.machine import Check
from cauce.language import format_significant, translate
from cauce.language import gettext_noop as _

PATIENCE = 2.0
_PORTS = {"http": 80, "https": 443}


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
