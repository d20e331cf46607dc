"""A folder behind an address, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any


@contextmanager
def file_server(folder: Path, seen: list[str]) -> Iterator[str]:
    """Where the folder is served; `seen` gets the status of each answer."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *parts: Any) -> None:
            seen.append(f"{parts[2]}")

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
