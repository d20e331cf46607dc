"""Where files of versions and runs may lie: a server is written by many, and is not to send us anywhere."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from cauce.errors import CauceError
from cauce.tracking.destination import Destination, redacted

_OF_SERVER = ("http", "https", "mlflow-artifacts")
_NEVER = ("ftp", "sftp", "models", "runs")
"""What files of ours neither come from nor go to: one logs in there as this user, or it names a place
only once it is looked up."""
_PORTS = {"http": 80, "https": 443}
_TWO_MEANINGS = re.compile(r"[\s\\@\x00-\x1f\x7f]")
"""Signs by which one reader of an address finds another host in it than the next."""
_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]+):")


def refuse_elsewhere(source: str, destination: Destination, *, name: str, version: str) -> None:
    """E1319 for files behind an address of the net that is not the tracking server's own.

    MLflow's client would go there, with the server's password or token. Folders and buckets are left to their
    own rights; what comes from them must have the digest.
    """
    if leads_away(source, destination.uri):
        raise CauceError("E1319", name=name, version=version, there=redacted(source))


def refuse_to_send(place: str, server: str) -> None:
    """E1320 where a run's files are to lie behind such an address. server: the tracking server's own."""
    if leads_away(place, server):
        raise CauceError("E1320", there=redacted(place))


def leads_away(place: str, server: str) -> bool:
    """Whether it is an address of the net that is neither the server's nor a bucket's."""
    found = _SCHEME.match(place)
    scheme = found[1].lower() if found else ""
    return scheme in _NEVER or (scheme in _OF_SERVER and not _is_server(place, scheme, server))


def _is_server(source: str, scheme: str, uri: str) -> bool:
    if _TWO_MEANINGS.search(source):
        return False
    try:
        there, server = urlsplit(source), urlsplit(uri)
        if scheme == "mlflow-artifacts" and not there.netloc:
            return True
        meant = server.scheme if scheme == "mlflow-artifacts" else scheme
        if server.scheme not in _PORTS or meant != server.scheme:
            return False
        ports = [one.port or _PORTS[server.scheme] for one in (there, server)]
    except ValueError:
        return False
    return there.hostname == server.hostname and ports[0] == ports[1]
