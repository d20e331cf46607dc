"""A folder behind an address, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

from cauce.testing.loopback import served


@contextmanager
def file_server(folder: Path, seen: list[str]) -> Iterator[str]:
    """Where the folder is served; `seen` gets the status of each answer."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *parts: Any) -> None:
            seen.append(f"{parts[2]}")

    with served(partial(Handler, directory=str(folder))) as address:
        yield address
