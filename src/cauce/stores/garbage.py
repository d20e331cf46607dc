"""What nothing in a store refers to any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cauce.core.canonical import is_digest
from cauce.core.snapshot import Manifest
from cauce.errors import CauceError
from cauce.planning.record import Record
from cauce.ports.store import Store

_DAY = 24 * 3600.0
# Referring objects go before what they refer to, so that a collection that is killed leaves no
# manifest without its parts.
_COLLECTED = ("ledger/", "snapshots/", "bundles/", "objects/", "rejected/", "parts/")


def unreferenced(store: Store, roots: Iterable[str] | None = None) -> tuple[str, ...]:
    """Keys of records, snapshots, bundles, objects, rejected rows and parts that no root leads to.

    Those that refer to others come first.

    roots: keys that stay, with all they refer to; None for every record of the ledger. Provenance goes
    with what it is about. Notes of runs, and keys outside `ledger/ snapshots/ bundles/ objects/ rejected/
    parts/`, are never named. E0507 where a root's document is damaged: then nothing can be said.
    """
    kept = _reachable(store, store.list("ledger/") if roots is None else roots)
    lost = [key for prefix in _COLLECTED for key in store.list(prefix) if key not in kept]
    about = (f"provenance/{key}" for key in lost)
    return (*lost, *(key for key in about if store.exists(key)))


@dataclass(frozen=True)
class Garbage:
    """Keys that no root leads to: old ones, and young ones that a run under way may still refer to."""

    old: tuple[str, ...]
    young: tuple[str, ...]


def find_garbage(store: Store, roots: Iterable[str] | None = None, *, older_than: float = _DAY) -> Garbage:
    """What `collect_garbage` would delete now, and what it would leave for its age. Nothing is deleted."""
    found = {key: _is_young(store, key, older_than) for key in unreferenced(store, roots)}
    old = tuple(key for key, young in found.items() if young is False)
    return Garbage(old, tuple(key for key, young in found.items() if young))


def collect_garbage(
    store: Store, roots: Iterable[str] | None = None, *, older_than: float = _DAY
) -> tuple[str, ...]:
    """Delete what is unreferenced and older than so many seconds, and sweep scratch; the deleted keys.

    A run puts parts before the manifest that refers to them, and putting makes an object young again, so
    that nothing a running run needs is a day old. Hold the project's lock when `older_than` is less.
    """
    deleted = []
    for key in unreferenced(store, roots):
        if _is_young(store, key, older_than) is False:
            store.delete(key)
            deleted.append(key)
    store.sweep()
    return tuple(deleted)


def _is_young(store: Store, key: str, older_than: float) -> bool | None:
    """Whether it was put lately; None where it is gone already."""
    try:
        return store.age(key) < older_than
    except CauceError as error:
        if error.code != "E0502":
            raise
        return None


def _reachable(store: Store, roots: Iterable[str]) -> set[str]:
    kept: set[str] = set()
    waiting = list(roots)
    while waiting:
        key = waiting.pop()
        if key not in kept and store.exists(key):
            kept.add(key)
            waiting.extend(_references(store, key))
    return kept


def _references(store: Store, key: str) -> Iterator[str]:
    folder, _, rest = key.partition("/")
    if folder == "ledger":
        record = Record.from_bytes(store.get(key), key)
        yield from record.objects().values()
        yield from record.inputs_in_store().values()
    elif folder == "snapshots":
        yield from (part.key for part in Manifest.from_bytes(store.get(key), key).parts)
    elif folder == "bundles" and is_digest(rest.partition("/")[0]):
        yield from store.list(f"bundles/{rest.partition('/')[0]}/")
