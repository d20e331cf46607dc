"""Captured predictions in the project's store: put there once they are sealed, and found there again.

`python -m cauce.running.capture_keeping SETTINGS FOLDER DAYS` seals and stores; the service starts it beside
itself. DAYS may be "".
"""

from __future__ import annotations

import hashlib
import logging
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from cauce.core.durable import sync
from cauce.core.faults import translated
from cauce.errors import CauceError
from cauce.failpoints import passage
from cauce.ports.store import Store
from cauce.running.wiring import make_store
from cauce.running.workspace import Workspace
from cauce.service import capture_segments as files
from cauce.service.capture_sealing import forget, seal
from cauce.service.logs import start_logs

FOLDER = "captures"
"""Where they are in a store, in a folder for each project's name."""
_LOG = logging.getLogger("cauce.service")


@dataclass(frozen=True, kw_only=True)
class KeepSettings:
    """folder, url: of the store. project: its name."""

    folder: str
    url: str | None
    project: str


def sealer_of(work: Workspace) -> tuple[str, ...]:
    """The command that seals a folder of captures and puts them into the project's store."""
    settings = KeepSettings(
        folder=str(work.store_folder.absolute()), url=work.project.store.url, project=work.project.name
    )
    return (sys.executable, "-m", "cauce.running.capture_keeping", msgspec.json.encode(settings).decode())


def keep(folder: Path, store: Store, *, project: str) -> int:
    """Put every sealed file of the folder into the store that is not known to be there; how many.

    A file is there under its own name, which holds its digest, so once whoever puts it; it is marked here
    when the store has confirmed it. What is not what was sealed is told and set aside. E0503 to E0506, and
    E2650 to E2664.
    """
    done = 0
    for path in files.unstored(folder):
        with translated(path):
            data = path.read_bytes()
        if not _sound(path.name, data):
            _LOG.error("capture: %s is not what was sealed, and is set aside", path.name)
            with translated(path):
                path.rename(path.with_suffix(files.DAMAGED))
            continue
        store.put_if_absent(f"{FOLDER}/{project}/{path.name}", data)
        passage("capture.stored")
        mark = files.stored_mark(path)
        with translated(mark):
            mark.touch()
            sync(folder)
        passage("capture.marked")
        done += 1
    return done


def captures_here(work: Workspace, *, report: Callable[[float, float | None], None]) -> Path:
    """A folder with all that services of the project put into its store, whichever machine they ran on.

    report(done, total): counts files. E2452 where there is nothing, E2454 for a file that is not what was
    sealed.
    """
    prefix = f"{FOLDER}/{work.project.name}/"
    folder, keys = work.store_folder / FOLDER / work.project.name, list(work.store.list(prefix))
    if not keys:
        raise CauceError("E2452", folder=prefix)
    for number, key in enumerate(keys):
        report(number, len(keys))
        target = folder / key.removeprefix(prefix)
        if target.is_file():
            continue
        data = work.store.get(key)
        if not _sound(target.name, data):
            raise CauceError("E2454", file=target)
        draft = target.with_name(f".{target.name}.{os.getpid()}")
        with translated(target):
            folder.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(data)
            draft.replace(target)
    return folder


def _sound(name: str, data: bytes) -> bool:
    """Whether the bytes are those that the name of a sealed file proves."""
    return hashlib.sha256(data).hexdigest() == name.partition(".")[2].partition(".")[0]


def main(arguments: Sequence[str]) -> int:
    """Seal, store, and forget what is stored and old; the exit code."""
    start_logs()
    said, where, days = arguments
    settings, folder = msgspec.json.decode(said, type=KeepSettings), Path(where)
    with suppress(OSError):
        os.nice(10)
    try:
        seal(folder)
        keep(folder, make_store(Path(settings.folder), settings.url), project=settings.project)
        if days:
            forget([one for one in files.sealed(folder) if files.stored_mark(one).exists()], float(days))
    except CauceError as error:
        _LOG.error("capture: not stored yet: %s", error)
        return 1
    except OSError as error:
        _LOG.error("capture: nothing is sealed in %s: %s", folder, error.strerror)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
