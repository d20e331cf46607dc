"""Writes that the kernel does by itself (io_uring), while the loop goes on.

A thread that waits for the disk has to get the interpreter's lock back afterwards, which costs a busy loop
more than the disk does. caio brings the calls; its own way of waiting, a future and a semaphore for each,
would cost what is won.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from cauce.service.capture_writing import Append

_MOST = 8
_AGAIN = 0.01
Wrote = Callable[[OSError | None], None]
"""Is told in the loop, perhaps at once, that all of it is written, or why not."""


class Ring:
    """Writes for the loop that makes it.

    OSError where the system does not let us: it is not Linux, or forbids io_uring, as many containers do.
    """

    def __init__(self) -> None:
        try:
            from caio.linux_uring import Context, Operation

            self._context: Any = Context(max_requests=_MOST)
        except (ImportError, SystemError) as error:
            raise OSError(errno.ENOSYS, str(error)) from None
        self._operation = Operation
        self.loop = asyncio.get_running_loop()
        self.loop.add_reader(self._context.fileno, self._hear)

    def write(self, append: Append, wrote: Wrote) -> None:
        """Write it. Less than all of it is a full disk."""
        operation = self._operation.write(append.data, append.descriptor, append.offset)
        operation.set_callback(lambda result: wrote(_error(result, len(append.data))))
        self._context.submit(operation)
        self._hand_over()

    def _hand_over(self) -> None:
        try:
            self._context.flush()
        except SystemError:  # the kernel has no room for it just now, and nothing was taken
            self.loop.call_later(_AGAIN, self._hand_over)

    def _hear(self) -> None:
        with suppress(BlockingIOError):
            self._context.poll()
        while self._context.process_events():
            pass


def _error(result: int, size: int) -> OSError | None:
    if result == size:
        return None
    number = -result if result < 0 else errno.ENOSPC
    return OSError(number, os.strerror(number))
