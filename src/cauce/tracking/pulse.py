"""Whether a tracking server is there at all, asked without MLflow and with little patience."""

from __future__ import annotations

import http.client
import socket
import ssl
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from cauce.tracking.destination import Destination

SECONDS = 1.0
_PORTS = {"mysql": 3306, "mariadb": 3306, "postgresql": 5432, "postgres": 5432, "mssql": 1433}


def is_alive(destination: Destination, *, seconds: float = SECONDS) -> bool:
    """Whether something answers there: HTTP below 500, or a database's port. True where one cannot ask."""
    parts = urlsplit(destination.uri)
    if parts.scheme in ("http", "https"):
        return _answers(destination.uri, seconds)
    port = _PORTS.get(parts.scheme.partition("+")[0])
    if port is None or parts.hostname is None:
        return True
    try:
        socket.create_connection((parts.hostname, parts.port or port), timeout=seconds).close()
    except (OSError, ValueError):
        return False
    return True


def _answers(uri: str, seconds: float) -> bool:
    parts = urlsplit(uri)
    host = parts.netloc.rpartition("@")[2]
    url = f"{parts.scheme}://{host}{parts.path.rstrip('/')}/health"
    try:
        with urllib.request.urlopen(url, timeout=seconds):  # noqa: S310 - http or https, checked above
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except urllib.error.URLError as error:
        # A certificate we cannot check: MLflow may know how. Somebody is there.
        return isinstance(error.reason, ssl.SSLError)
    except (OSError, ValueError, http.client.HTTPException):
        return False
