"""Where bytes are kept: snapshots, bundles, the ledger, captures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from cauce.core.objects import Objects


@runtime_checkable
class Measuring(Protocol):
    """A store that says how large an object is without fetching it."""

    def size(self, key: str) -> int:
        """How many bytes; E0502 where there is none."""
        ...


class Store(Objects, Protocol):
    """Immutable objects that can also be listed, and deleted by garbage collection.

    A store is a serialisable value: engines and their workers receive it.
    """

    def list(self, prefix: str) -> Iterator[str]:
        """The keys that begin with `prefix`, in the order of their characters."""
        ...

    def delete(self, key: str) -> None:
        """Remove the object; nothing where there is none. Only garbage collection calls it."""
        ...

    def age(self, key: str) -> float:
        """Seconds since the object was put, or put again in vain; E0502 where there is none."""
        ...

    def sweep(self) -> int:
        """Remove what ended processes left in the making; how many files and folders that were."""
        ...
