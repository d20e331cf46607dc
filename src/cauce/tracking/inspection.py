"""Whether a tracking server would take a run: who asks is let in, and its files find their place."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cauce.tracking.border import answering, connect
from cauce.tracking.destination import Destination, redacted
from cauce.tracking.places import leads_away, refuse_to_send
from cauce.tracking.trouble import files_in

PROBE = "cauce-doctor"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Inspection:
    """What was found. place: where files of runs go, "" where no experiment says so. own: it is a folder of
    the server's machine. open: a password or token goes there without TLS."""

    place: str
    own: bool
    open: bool


def inspect(destination: Destination, *, experiment: str) -> Inspection:
    """Ask the server as a run of `experiment` would, and put a file of a few bytes where its files would go.

    The file is called cauce-doctor and is removed where that is allowed. Raises E1301, E1302, E1316, E1317,
    E1320.
    """
    with answering(destination):
        client = connect(destination)
        known = client.get_experiment_by_name(experiment)
        found = [known] if known is not None else client.search_experiments(max_results=1)
        place = str(found[0].artifact_location) if found else ""
        own = urlsplit(place).scheme in ("", "file")
        if known is not None:
            refuse_to_send(place, destination.uri)
        elif leads_away(place, destination.uri):
            # Another's: where the project's own will be, the server says once it is made.
            place = ""
        if place and not own:
            with files_in(lambda: place):
                _try_file(place, destination.uri)
    return Inspection(redacted(place), own, _in_the_open(destination))


def _try_file(place: str, tracking: str) -> None:
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    kept: Any = get_artifact_repository(place, tracking_uri=tracking)
    with tempfile.TemporaryDirectory(prefix="cauce-") as scratch:
        file = Path(scratch, PROBE)
        file.write_bytes(b"cauce")
        kept.log_artifact(str(file))
    with suppress(Exception):
        kept.delete_artifacts(PROBE)


def _in_the_open(destination: Destination) -> bool:
    parts = urlsplit(destination.uri)
    known = destination.login is not None or parts.password is not None
    return known and parts.scheme == "http" and parts.hostname not in _LOOPBACK
