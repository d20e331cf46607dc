"""End a piece of work at any of its durable actions, and look at what is left.

The work runs in forked children, so that a thousand deaths cost a thousand forks and one start of the
interpreter. Call this from a process without other threads (a fresh script), not from a test runner.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from cauce.failpoints import watch


def _in_child(work: Callable[[], object], *, point: str = "", log: str = "") -> int:
    """The wait status of a forked child that does `work` while `point` is watched."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    status = 1
    try:
        watch(point, log)
        work()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def passages(work: Callable[[], object], log: Path) -> tuple[str, ...]:
    """The names `work` passes, in order, when nothing stops it. log: a file to write them to."""
    status = _in_child(work, log=str(log))
    if status != 0:
        raise AssertionError(f"the work fails without being killed (status {status})")
    return tuple(log.read_text("utf-8").split())


def points(names: tuple[str, ...]) -> tuple[str, ...]:
    """Each passage as a point to be killed at: "name:1", "name:2", …"""
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        seen[name] += 1
        found.append(f"{name}:{seen[name]}")
    return tuple(found)


def killed(work: Callable[[], object], point: str) -> bool:
    """Do `work` and end it with SIGKILL at `point`; False where it never passed it and ended well."""
    status = _in_child(work, point=point)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return True
    if status != 0:
        raise AssertionError(f"the work failed on its own (status {status})")
    return False


def done(work: Callable[[], object]) -> None:
    """Do `work` in a child to its end; AssertionError where it fails."""
    status = _in_child(work)
    if status != 0:
        raise AssertionError(f"the work failed (status {status})")


def traced_calls(trace: str) -> list[tuple[str, int]]:
    """Each call in a text of `strace -f` as (name, how manieth of its thread), every name's numbers once."""
    seen: Counter[tuple[str, str]] = Counter()
    found: dict[tuple[str, int], None] = {}
    for line in trace.splitlines():
        match = re.match(r"(\d+) +(\w+)\(", line)
        if match:
            seen[match[1], match[2]] += 1
            found[match[2], seen[match[1], match[2]]] = None
    return list(found)
