"""How often test rows were looked at: each look can flatter a choice that is made after it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from cauce.core.canonical import Json, canonical_json, damaged, digest_of
from cauce.language import counted, format_number, ngettext_noop
from cauce.ports.store import Store

_SAID = ngettext_noop(
    "The test rows of this dataset have been looked at {count} time.",
    "The test rows of this dataset have been looked at {count} times.",
)


@dataclass(frozen=True)
class TestReadings:
    """How many evaluations and comparisons read the test rows of a snapshot."""

    evaluations: int
    comparisons: int

    @property
    def count(self) -> int:
        """All of them."""
        return self.evaluations + self.comparisons

    @property
    def sentence(self) -> str:
        """The count in the active language."""
        return counted(_SAID, self.count).format(count=format_number(self.count))

    def to_json(self) -> dict[str, Json]:
        """A JSON value."""
        return {"evaluations": self.evaluations, "comparisons": self.comparisons, "count": self.count}


def note_reading(store: Store, snapshot: str, *, kind: str, about: Mapping[str, Json]) -> None:
    """Note that test rows of the snapshot are read. The same question is one reading however often asked.

    kind: "evaluation" or "comparison". about: what makes it another question.
    """
    content = {"kind": kind, "about": dict(about)}
    store.put_if_absent(f"readings/{snapshot}/{digest_of(content)}.json", canonical_json(content))


def test_readings(store: Store, snapshot: str) -> TestReadings:
    """How often the test rows of this snapshot were read. E0507 where a note is damaged."""
    found = {"evaluation": 0, "comparison": 0}
    for key in store.list(f"readings/{snapshot}/"):
        try:
            found[json.loads(store.get(key))["kind"]] += 1
        except (ValueError, KeyError, TypeError) as error:
            raise damaged(key, type(error).__name__) from error
    return TestReadings(found["evaluation"], found["comparison"])
