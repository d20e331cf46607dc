"""Histories of champions in a store: one immutable object for each entry, and notes of who was told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from cauce.core.canonical import Json, canonical_json, damaged
from cauce.core.promotion.history import Change, checked_chain, entry_key, folder_of
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

    def append(self, change: Change) -> Change | None:
        """Write the entry, durably; None where there is another of its number."""
        passage("history.entry")
        if not self.store.put_if_absent(entry_key(self.model, change.number), change.to_bytes()):
            return None
        passage("history.recorded")
        return change

    def note(self, number: int, name: str, *, content: Mapping[str, Json]) -> bool:
        """Keep a note about an entry; False where there is one of that name."""
        return self.store.put_if_absent(self._note(number, name), canonical_json(content))

    def notes(self) -> Mapping[int, Mapping[str, str]]:
        """The keys of all notes, by entry and name; read one with `read_note`."""
        folder = f"{folder_of(self.model)}/notes/"
        found: dict[int, dict[str, str]] = {}
        for key in self.store.list(folder):
            number, _, name = key.removeprefix(folder).partition("/")
            found.setdefault(int(number), {})[name.removesuffix(".json")] = key
        return found

    def read_note(self, key: str) -> Mapping[str, Json]:
        """A note. E0502, E0507."""
        try:
            value = json.loads(self.store.get(key))
        except ValueError as error:
            raise damaged(key, type(error).__name__) from error
        if not isinstance(value, dict):
            raise damaged(key, "it is not a JSON object")
        return value

    def _note(self, number: int, name: str) -> str:
        return f"{folder_of(self.model)}/notes/{number:06d}/{name}.json"
