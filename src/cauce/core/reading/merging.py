"""Evidence on the parts of a table, found side by side and put together as if seen one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cauce.core.reading.evidence import ColumnEvidence, Evidence
from cauce.core.reading.formats import Format

Formats = Mapping[str, tuple[Format, ...]]
_COUNTS = ("values", "empty_texts", "leading_zeros", "inexact_wholes", "rounded")


def dumped(evidence: Evidence) -> dict[str, Any]:
    """The evidence as plain JSON that `loaded` reads, given the formats that it began with."""
    columns = {
        name: {
            "gone": None if column.settled else sorted(_gone(column, evidence.began[name])),
            "markers": column.markers,
            "nearly": column.nearly,
            **{count: getattr(column, count) for count in _COUNTS},
        }
        for name, column in evidence.columns.items()
    }
    tallies = {name: list(counts.values()) for name, counts in evidence.tallies.items()}
    return {"rows": evidence.rows, "columns": columns, "tallies": tallies}


def _gone(column: ColumnEvidence, began: Sequence[Format]) -> list[int]:
    alive = set(column.alive)
    return [place for place, item in enumerate(began) if item not in alive]


def loaded(value: Mapping[str, Any], *, open_: Formats, declared: Formats) -> Evidence:
    """The evidence that was dumped. open_, declared: the formats that it began with."""
    evidence = Evidence(dict(open_), dict(declared))
    evidence.rows = value["rows"]
    for name, found in value["columns"].items():
        column, gone = evidence.columns[name], found["gone"]
        kept = () if gone is None else set(range(len(column.alive))).difference(gone)
        column.alive = tuple(item for place, item in enumerate(column.alive) if place in kept)
        column.markers = dict(found["markers"])
        column.nearly = None if found["nearly"] is None else tuple(found["nearly"])
        for count in _COUNTS:
            setattr(column, count, found[count])
    for name, counts in value["tallies"].items():
        evidence.tallies[name] = dict(zip(evidence.tallies[name], counts, strict=True))
    return evidence


def merged(
    parts: Sequence[Evidence], *, open_: Formats, declared: Formats
) -> tuple[Evidence, tuple[str, ...]]:
    """The evidence on all parts in order, and the columns on which only seeing them in order would tell.

    What is said of a column can depend on the cell that first contradicts the others; where the parts,
    each by itself, did not come to one view, the column is among those and its evidence means nothing.
    """
    whole = Evidence(dict(open_), dict(declared))
    whole.rows = sum(part.rows for part in parts)
    for name, counts in whole.tallies.items():
        whole.tallies[name] = {item: sum(part.tallies[name][item] for part in parts) for item in counts}
    disputed = []
    for name in whole.columns:
        found = _in_order([part.columns[name] for part in parts], whole.columns[name])
        if found is None:
            disputed.append(name)
        else:
            whole.columns[name] = found
    return whole, tuple(disputed)


def _in_order(parts: Sequence[ColumnEvidence], began: ColumnEvidence) -> ColumnEvidence | None:
    so_far = began
    for part in parts:
        if so_far.settled:
            return so_far
        joined = _joined(so_far, part)
        if joined is None:
            return None
        so_far = joined
    return so_far


def _joined(left: ColumnEvidence, right: ColumnEvidence) -> ColumnEvidence | None:
    """`left`, not settled, as it would be after the rows of `right`; None where that cannot be told."""
    if not left.values and not left.markers:
        return right
    if right.settled or (left.values and right.values and left.alive != right.alive):
        return None
    if right.rounded and right.alive[0].kind == "float":  # counted only where cells come as texts
        return None
    counts: dict[str, Any] = {count: getattr(left, count) + getattr(right, count) for count in _COUNTS}
    markers = dict(left.markers)
    for text, count in right.markers.items():
        markers[text] = markers.get(text, 0) + count
    return replace(right if right.values else left, markers=markers, **counts)
