"""Whether a tracking server is there at all, asked without MLflow and with little patience."""

from __future__ import annotations

import http.client
import socket
import ssl
import urllib.error
import urllib.request
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from cauce.tracking.destination import Destination

SECONDS = 1.5
Pulse: TypeAlias = Literal["answers", "silent", "refuses"]
_PORTS = {"mysql": 3306, "mariadb": 3306, "postgresql": 5432, "postgres": 5432, "mssql": 1433}


def pulse(destination: Destination, *, seconds: float = SECONDS) -> Pulse:
    """Whether something answers there (HTTP below 500, a database's port), is silent, or refuses.

    "answers" where one cannot ask.
    """
    parts = urlsplit(destination.uri)
    port = _PORTS.get(parts.scheme.partition("+")[0])
    try:
        if parts.scheme in ("http", "https"):
            return _health(destination.uri, seconds)
        if port is not None and parts.hostname is not None:
            socket.create_connection((parts.hostname, parts.port or port), timeout=seconds).close()
    except TimeoutError:
        return "silent"
    except (OSError, ValueError, http.client.HTTPException):
        return "refuses"
    return "answers"


def _health(uri: str, seconds: float) -> Pulse:
    parts = urlsplit(uri)
    host = parts.netloc.rpartition("@")[2]
    url = f"{parts.scheme}://{host}{parts.path.rstrip('/')}/health"
    try:
        with urllib.request.urlopen(url, timeout=seconds):  # noqa: S310 - http or https, checked above
            return "answers"
    except urllib.error.HTTPError as error:
        return "answers" if error.code < 500 else "refuses"
    except urllib.error.URLError as error:
        if isinstance(error.reason, TimeoutError):
            return "silent"
        # A certificate we cannot check: MLflow may know how. Somebody is there.
        return "answers" if isinstance(error.reason, ssl.SSLError) else "refuses"
