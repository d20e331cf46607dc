"""A program that asks a cluster for more memory than its workers have, and ends with the first warning."""

from __future__ import annotations

import json
import sys
import time
import warnings
from typing import Any

from cauce.engines.spark.session import open_session
from cauce.engines.spark.workers import check_workers
from cauce.errors import CauceWarning


def main(master: str) -> None:
    settings = {"spark.driver.memory": "512m", "spark.executor.memory": "3g"}
    session = open_session(master, settings=settings)
    began = time.monotonic()
    told: dict[str, Any] = {}

    def hear(message: Warning | str, *_more: Any, **_named: Any) -> None:
        if isinstance(message, CauceWarning):
            told.update(
                code=message.told.code, message=message.told.message, seconds=time.monotonic() - began
            )
            raise KeyboardInterrupt

    with warnings.catch_warnings():
        warnings.simplefilter("always", CauceWarning)
        warnings.showwarning = hear  # type: ignore[assignment]
        try:
            check_workers(session)
        except KeyboardInterrupt:
            print(json.dumps(told))
    session.stop()


if __name__ == "__main__":
    main(sys.argv[1])
