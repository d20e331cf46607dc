"""Named passages before and after each durable action, where tests can end the process.

CAUCE_FAILPOINT="name:N" ends it with SIGKILL at the Nth passage of that name ("*" counts all names);
CAUCE_FAILPOINT_LOG names a file that receives each passage's name. Both are read once, at import.
`cauce.testing.failpoints` drives this.
"""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import dataclass, field


@dataclass
class _Watch:
    name: str
    number: int
    log: str
    seen: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def pass_by(self, name: str) -> None:
        with self.lock:
            if self.log:
                descriptor = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
                os.write(descriptor, f"{name}\n".encode())
                os.close(descriptor)
            if self.name in (name, "*"):
                self.seen += 1
                if self.seen == self.number:
                    os.kill(os.getpid(), signal.SIGKILL)


_watch: _Watch | None = None


def watch(point: str, log: str = "") -> None:
    """Watch for `point` ("name:N", "*:N", or "" for none) and write passages to the file `log`."""
    global _watch  # noqa: PLW0603 - one switch for the whole process, off in production
    name, _, number = point.rpartition(":")
    _watch = _Watch(name, int(number or 0), log) if point or log else None


def passage(name: str) -> None:
    """Pass the point `name`: nothing, unless a test watches."""
    if _watch is not None:
        _watch.pass_by(name)


watch(os.environ.get("CAUCE_FAILPOINT", ""), os.environ.get("CAUCE_FAILPOINT_LOG", ""))
