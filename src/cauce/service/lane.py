"""Threads beside the loop, for what would hold it up; no more waits for them than can be done soon."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

Made = TypeVar("Made")


class Full(Exception):  # noqa: N818 - what happened
    """As much is under way as may be."""


@dataclass(eq=False)
class Lane:
    """threads: that work. most: pieces of work that are under way or wait."""

    name: str
    threads: int
    most: int
    _taken: int = field(default=0, init=False)

    async def run(self, work: Callable[..., Made], *given: Any) -> Made:
        """What the work gives or raises; Full at once where there is too much."""
        if self._taken >= self.most:
            raise Full
        self._taken += 1
        try:
            context = contextvars.copy_context()
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._executor, context.run, work, *given)
        finally:
            self._taken -= 1

    @cached_property
    def _executor(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.threads, self.name)
