"""One thread makes the next batch while another works on the last."""

from __future__ import annotations

import contextvars
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Made = TypeVar("Made")


def made_ahead(items: Generator[Made, None, None]) -> Iterator[Made]:
    """`items` in their order, each made in one other thread while the one before is worked on.

    Never more than one is made ahead. What making one raises is raised where it is asked for. Whoever stops
    early waits for the one under way; `items` is closed in any case.
    """
    context = contextvars.copy_context()

    def following() -> Made | None:
        return context.run(lambda: next(items, None))

    with ThreadPoolExecutor(1, "cauce-batches") as thread:
        try:
            coming = thread.submit(following)
            while (item := coming.result()) is not None:
                coming = thread.submit(following)
                yield item
        finally:
            thread.submit(items.close)
