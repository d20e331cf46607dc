"""Which delimiter a text table has, and whether its first record holds names."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from itertools import islice

from cauce.core.reading.records import Grammar

# The order decides where two delimiters split every record alike: a comma is also a decimal mark.
DELIMITERS = ("\t", ";", "|", ",")
_SAMPLED_RECORDS = 300
_NUMBER = re.compile(r"[-+]?[$€£]?[-+]?(\d[\d.,' ]*|\.\d+)([eE][-+]?\d+)?\s?%?")
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?")


def choose_delimiter(sample: bytes, quote: str, *, whole: bool) -> str | None:
    """The delimiter under which most records have as many cells as the first, or None: one column.

    sample: UTF-8 bytes that begin with a record. whole: whether they end with one, too. Only the first 300
    records that are not blank count.
    """
    best: tuple[float, str] | None = None
    for delimiter in DELIMITERS:
        counts = _cell_counts(Grammar(delimiter, quote), sample)
        if not whole and 1 < len(counts) < _SAMPLED_RECORDS:
            counts.pop()
        if not counts or counts[0] < 2:
            continue
        share = counts.count(counts[0]) / len(counts)
        if best is None or share > best[0]:
            best = (share, delimiter)
    return best[1] if best else None


def _cell_counts(grammar: Grammar, sample: bytes) -> list[int]:
    texts = (sample[start:end] for start, end, _ in grammar.records(sample) if end > start)
    return [grammar.cell_count(text) for text in islice(texts, _SAMPLED_RECORDS)]


def looks_like_data(cell: str) -> bool:
    """Whether a cell is a number or a date, as names seldom are."""
    text = cell.strip()
    return bool(_NUMBER.fullmatch(text) or _DATE.fullmatch(text))


def has_header(first: Sequence[str]) -> bool:
    """Whether the first record holds names: unless all its cells that are not blank are numbers or dates."""
    filled = [cell for cell in first if cell.strip()]
    return not filled or not all(looks_like_data(cell) for cell in filled)


def usable_names(header: Sequence[str]) -> tuple[str, ...]:
    """Distinct names that are not blank, in order: blank ones become column_<position>, repeated ones get
    _2, _3, …; all others stay exactly as they are."""
    taken = set(header)
    seen: set[str] = set()
    names = []
    for position, name in enumerate(header, start=1):
        wanted = name if name.strip() else f"column_{position}"
        chosen, number = wanted, 2
        while chosen in seen or (chosen != name and chosen in taken):
            chosen, number = f"{wanted}_{number}", number + 1
        seen.add(chosen)
        names.append(chosen)
    return tuple(names)


def lookalikes(names: Sequence[str]) -> tuple[str, ...]:
    """Names that differ from another only in case, blanks at the ends or Unicode form."""
    folded = [unicodedata.normalize("NFKC", name).strip().casefold() for name in names]
    counts = Counter(folded)
    return tuple(name for name, key in zip(names, folded, strict=True) if counts[key] > 1)
