"""A process beside a service: asks the registry which version an alias names, and tells of another one.

`python -m cauce.running.watching SETTINGS ALIVE` writes lines of `News`, and ends once the file descriptor
ALIVE can be read.
"""

from __future__ import annotations

import logging
import os
import random
import select
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import msgspec

from cauce.core.bundle.disposable import parse_in_child
from cauce.core.bundle.opening import open_bundle
from cauce.errors import CauceError
from cauce.language import use_language
from cauce.ports.registry import Registry
from cauce.running.served_folders import keep_served
from cauce.running.workspace import open_workspace
from cauce.service.logs import start_logs
from cauce.service.news import News, Offer

_AWAY = ("E1301", "E1302")
_BAD = "E12"
_LONGER = 4
_JITTER = 0.2


@dataclass(frozen=True, kw_only=True)
class WatchSettings:
    """address: models:/name@alias. project: the project file, or its folder. digest: what is served now.

    seconds: between two questions, give or take a fifth.
    """

    address: str
    project: str
    digest: str
    seconds: float
    language: str = "en"

    def command(self) -> tuple[str, ...]:
        """What starts the process, but for its last argument."""
        return (sys.executable, "-m", "cauce.running.watching", msgspec.json.encode(self).decode())


@dataclass
class Watch:
    """What is known of an alias. registry: asked for it. store: its folder, where bundles are kept."""

    registry: Registry
    store: Path
    address: str
    digest: str
    _failures: int = field(default=0, init=False)
    _reason: str = field(default="", init=False)

    def ask(self) -> News:
        """Ask once. A version that was told of is told of again only when there was another in between.

        A bundle is first checked against its registered digest, then parsed and tried in a process that may
        crash.
        """
        try:
            found = self.registry.resolve(self.address)
            if found.digest == self.digest:
                self._failures, self._reason = 0, ""
                return News(kind="same")
        except CauceError as error:
            return self._failed(error, self.address)
        version = f"{found.name}/{found.version}"
        try:
            bundle = open_bundle(found.folder, digest=found.digest)
            parse_in_child(bundle, whole=True)
            folder = keep_served(self.store, bundle)
        except CauceError as error:
            if error.code.startswith(_BAD):
                self.digest = found.digest
            return self._failed(error, version)
        self.digest, self._failures, self._reason = found.digest, 0, ""
        return News(kind="model", offer=Offer(folder=str(folder), digest=found.digest, version=version))

    def _failed(self, error: CauceError, version: str) -> News:
        """What is told of a failure; the same one is not told of again."""
        self._failures += 1
        if error.code in _AWAY:
            return News(kind="away", version=version, reason=str(error))
        again, self._reason = str(error) == self._reason, str(error)
        return News(kind="same") if again else News(kind="refused", version=version, reason=str(error))

    def pause(self, seconds: float) -> float:
        """Seconds until the next question: longer after failures, and never those of all services at once."""
        longer = min(1 + self._failures, _LONGER)
        return seconds * longer * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - no secret


def watch(watching: Watch, *, wait: Callable[[float], bool], seconds: float) -> Iterator[News]:
    """Ask again and again. wait: for so long; whether the service has ended."""
    while not wait(watching.pause(seconds)):
        yield watching.ask()


def main(settings: WatchSettings, alive: int, *, out: BinaryIO) -> None:
    """Tell `out` until the service has ended."""
    work = open_workspace(settings.project)
    watching = Watch(work.registry, work.store_folder, settings.address, settings.digest)

    def wait(seconds: float) -> bool:
        return bool(select.select([alive], [], [], seconds)[0])

    for news in watch(watching, wait=wait, seconds=settings.seconds):
        out.write(news.line())
        out.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    start_logs()
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    told = msgspec.json.decode(sys.argv[1], type=WatchSettings)
    use_language(told.language)
    # What libraries print goes to the log, and not among the news.
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)
        try:
            main(told, int(sys.argv[2]), out=answers)
        except CauceError as error:
            raise SystemExit(str(error)) from None
