"""Histories of champions in a store: one immutable object for each entry, and notes of who was told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cauce.core.canonical import Json, canonical_json
from cauce.core.promotion.history import FOLDER, Change, checked_chain, entry_key, folder_of
from cauce.failpoints import passage
from cauce.ports.store import Store


@dataclass(frozen=True)
class StoreHistory:
    """The history of `model`. Of many who want to write an entry of the same number, one can."""

    store: Store
    model: str

    def entries(self) -> tuple[Change, ...]:
        """Every entry, in order. E2002 where one is missing or is not the one written, E0507, E0508."""
        folder = f"{folder_of(self.model)}/entries/"
        keys = (key for key in self.store.list(folder) if key.endswith(".json"))
        return checked_chain(self.model, [Change.from_bytes(self.store.get(key), key) for key in keys])

    def append(self, after: tuple[Change, ...], make: Callable[[int, str], Change]) -> Change | None:
        """Write the entry that follows `after`, durably; None where another was written there first.

        make(number, previous): the entry.
        """
        made = make(len(after) + 1, after[-1].digest if after else "")
        passage("history.entry")
        if not self.store.put_if_absent(entry_key(self.model, made.number), made.to_bytes()):
            return None
        passage("history.recorded")
        return made

    def note(self, number: int, name: str, content: Mapping[str, Json]) -> bool:
        """Keep a note about an entry; False where there is one of that name."""
        return self.store.put_if_absent(self._note(number, name), canonical_json(content))

    def notes(self, number: int) -> Mapping[str, bytes]:
        """The notes about an entry, by name."""
        folder = f"{folder_of(self.model)}/notes/{number:06d}/"
        return {
            key.removeprefix(folder).removesuffix(".json"): self.store.get(key)
            for key in self.store.list(folder)
        }

    def _note(self, number: int, name: str) -> str:
        return f"{folder_of(self.model)}/notes/{number:06d}/{name}.json"


def models_in(store: Store) -> tuple[str, ...]:
    """The models with a history in `store`, by name."""
    first = (key for key in store.list(f"{FOLDER}/") if key.endswith("/entries/000001.json"))
    return tuple(sorted(Change.from_bytes(store.get(key), key).model for key in first))
