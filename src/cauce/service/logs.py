"""Where a service writes what happened: lines on standard error, never with a row."""

from __future__ import annotations

import logging


def start_logs() -> None:
    """Send the log of this process to standard error."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", force=True
    )
    logging.getLogger("asyncio").setLevel(logging.ERROR)
