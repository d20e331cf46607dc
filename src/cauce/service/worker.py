"""A worker: opens the model, says that it is ready, answers until it is told to stop.

The supervisor starts `python -m cauce.service.worker SETTINGS NUMBER LISTENING MEMORY READY ALIVE CONTROL`;
the last five are file descriptors.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import mmap
import os
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress

from cauce.errors import CauceError
from cauce.language import use_language
from cauce.service.application import Application
from cauce.service.capture import CaptureLog
from cauce.service.counters import Counters
from cauce.service.explaining import ExplainClient
from cauce.service.layout import FAILED, NAMES, READY
from cauce.service.logs import start_logs
from cauce.service.served import open_served
from cauce.service.server import Server, loop_factory
from cauce.service.settings import ServiceSettings
from cauce.service.swapping import Swapping
from cauce.service.tokens import read_tokens
from cauce.service.watched import Watched
from cauce.sparing import spare_collections

_LOG = logging.getLogger("cauce.service")


def application(settings: ServiceSettings, *, memory: mmap.mmap, number: int = 0) -> Application:
    """The application of worker `number`, its model opened and tried. What `open_served` raises, E2402."""
    served = open_served(
        settings.folder,
        digest=settings.digest,
        version=settings.version,
        extra=settings.extra,
        rows=settings.limits.rows,
    )
    tokens = () if settings.tokens is None else read_tokens(settings.tokens)
    counters = Counters(memory, NAMES, number, settings.workers)
    start = Counters.size(NAMES, settings.workers)
    watched = Watched(memory, start) if settings.watcher else None
    kept = None if settings.capture is None else CaptureLog(settings.capture, counters)
    return Application(
        served=served,
        settings=settings,
        counters=counters,
        tokens=tokens,
        capture=kept,
        watched=watched,
        explain=ExplainClient(settings.explain_at) if settings.explain_at else None,
    )


async def serve(
    app: Application, listening: socket.socket, *, ready: int, alive: int, control: socket.socket
) -> None:
    """Answer. ready: where to write that it does; alive: ends the worker once it can be read; control: where
    orders to swap come from."""
    server = Server(app)

    def started() -> None:
        os.write(ready, READY)
        os.close(ready)
        asyncio.get_running_loop().add_reader(alive, server.stop)
        Swapping(app, control).begin()

    await server.run(listening, started)


def main(arguments: Sequence[str]) -> int:
    """Work; the exit code."""
    settings = ServiceSettings.from_text(arguments[0])
    number, listening, memory, ready, alive, control = map(int, arguments[1:])
    spare_collections()
    start_logs()
    use_language(settings.language)
    try:
        shared = mmap.mmap(memory, 0)
        app = application(settings, memory=shared, number=number)
    except CauceError as error:
        with suppress(OSError):
            os.write(ready, FAILED + str(error).encode()[:4000])
        return int(error.exit_code)
    gc.collect()
    # What is there now stays: looking through it for garbage would hold up requests.
    gc.freeze()
    sock = socket.socket(fileno=listening)
    _LOG.debug("worker %d has %s", number, settings.version)
    orders = socket.socket(fileno=control)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(serve(app, sock, ready=ready, alive=alive, control=orders))
    if isinstance(app.capture, CaptureLog):
        app.capture.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
