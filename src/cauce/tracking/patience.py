"""Work that gives way to whatever else the machine has to do."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

Found = TypeVar("Found")
_NICE = 10


def patiently(action: Callable[[], Found]) -> Found:
    """What `action` returns or raises, run at low priority where a thread can have its own (Linux).

    Elsewhere at the priority of the process: one that is lowered cannot be raised again.
    """
    with ThreadPoolExecutor(1, "cauce-patient", initializer=_give_way) as thread:
        return thread.submit(action).result()


def _give_way() -> None:
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
