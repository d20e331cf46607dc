"""Long text files cut where a record surely begins, so that workers read one file side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from cauce.core.canonical import Json
from cauce.core.reading.records import count_lines
from cauce.ports.pieces import Ask
from cauce.sources.blocks import Stretch, TextFile
from cauce.sources.delimited import DelimitedFile
from cauce.sources.unpacking import unpacked

LONG = 1 << 25
"""Bytes of a stretch, some blocks: so each worker has the blocks that one process would have. A file of less
than two stretches is not cut."""

_BYTEWISE = ("utf-8", "cp1252", "iso8859-1")
"""Encodings in which the bytes of a line end, a quote and a delimiter mean nothing else."""
_LINE_END = ord("\n")

Bytes = npt.NDArray[np.uint8]


def stretched(files: Sequence[DelimitedFile], ask: Ask) -> tuple[DelimitedFile, ...]:
    """The same records in the same order, long plain files in several stretches, found out by workers.

    A file stays whole where its bytes do not tell where a record begins: packed, in UTF-16 or UTF-32, with
    lines that end in a carriage return alone, with quotes inside bare cells. So does one of a single column,
    whose blank lines are rows.
    """
    asked = [_questions(file) for file in files]
    answers = iter(ask([one for some in asked for one in some]))
    found: list[DelimitedFile] = []
    for file, questions in zip(files, asked, strict=True):
        own = [next(answers) for _ in questions]
        found.extend(_cut(file, _begins(questions, own, header=file.header[0])))
    return tuple(found)


def _questions(file: DelimitedFile) -> list[_Look]:
    text, size = file.text, file.text.stamp[0]
    whole = text.content != "text" or text.encoding.name not in _BYTEWISE or len(file.names) < 2
    if whole or size < 2 * LONG:
        return []
    starts = [text.encoding.mark, *range(LONG, size - LONG + 1, LONG)]
    return [_Look(text, start, end) for start, end in zip(starts, [*starts[1:], size], strict=True)]


@dataclass(frozen=True)
class _Look:
    """Asks what bytes of a file say of its records: whatever comes before, in a quoted cell or not."""

    text: TextFile
    start: int
    end: int

    def __call__(self) -> Json:
        before = 1 if self.start > self.text.encoding.mark else 0
        data = self._read(self.start - before, self.end + 1)
        buffer, size = np.frombuffer(data, np.uint8), self.end - self.start
        quote = self.text.grammar.quote
        places = np.flatnonzero(buffer == ord(quote)) if quote else np.zeros(0, np.int64)
        quotes = places[(places >= before) & (places < before + size)]
        ends = np.flatnonzero(buffer[before : before + size] == _LINE_END) + before
        own = data[before : before + size]
        return {
            "quotes": len(quotes),
            "lines": count_lines(own),
            # A line end that is cut in two counts where it begins.
            "split": -1 if before and data[:2] == b"\r\n" else 0,
            "regular": [_regular(buffer, quotes, inside, self._borders) for inside in (0, 1)],
            "begins": [_last_begin(own, ends - before, quotes - before, inside) for inside in (0, 1)],
        }

    @property
    def _borders(self) -> npt.NDArray[np.bool_]:
        grammar = self.text.grammar
        borders = np.zeros(256, bool)
        borders[[ord(one) for one in f"{grammar.delimiter}{grammar.quote}\r\n"]] = True
        return borders

    def _read(self, start: int, end: int) -> bytes:
        text = self.text
        with unpacked(text.file, text.content, expansion_limit=text.expansion_limit, start=start) as read:
            return read(end - start)


def _regular(buffer: Bytes, quotes: npt.NDArray[Any], inside: int, borders: npt.NDArray[np.bool_]) -> bool:
    """Whether every quote opens or closes a cell, as `Grammar.regular` has it. inside: 1 in a quoted cell."""
    opening, closing = quotes[inside::2], quotes[1 - inside :: 2]
    before = borders[buffer[np.maximum(opening - 1, 0)]] | (opening == 0)
    after = borders[buffer[np.minimum(closing + 1, len(buffer) - 1)]] | (closing + 1 == len(buffer))
    return bool(before.all() and after.all())


def _last_begin(
    data: bytes, ends: npt.NDArray[Any], quotes: npt.NDArray[Any], inside: int
) -> list[int] | None:
    """Where the last record that follows a line end in `data` begins, and the line ends before."""
    bare = np.flatnonzero((np.searchsorted(quotes, ends) + inside) % 2 == 0)
    if not len(bare):
        return None
    at = int(ends[bare[-1]]) + 1
    return [at, count_lines(data[:at])]


def _begins(questions: Sequence[_Look], answers: Sequence[Any], *, header: int) -> list[tuple[int, int]]:
    """Where records begin that a stretch may begin with, each with its line; none where that is unsure."""
    found: list[tuple[int, int]] = []
    inside, line = 0, 1
    for question, answer in zip(questions, answers, strict=True):
        if not answer["regular"][inside]:
            return []
        mark, size = question.text.encoding.mark, question.text.stamp[0]
        begin = answer["begins"][inside]
        if begin is not None and question.end < size and question.start + begin[0] > mark + header:
            found.append((question.start + begin[0], line + begin[1] + answer["split"]))
        inside, line = (inside + answer["quotes"]) % 2, line + answer["lines"] + answer["split"]
    return [] if inside else found


def _cut(file: DelimitedFile, begins: Sequence[tuple[int, int]]) -> Iterator[DelimitedFile]:
    if not begins:
        yield file
        return
    text, size = file.text, file.text.stamp[0]
    starts = [(0, 1), *begins]
    ends = [start for start, _ in begins]
    for (start, line), end in zip(starts, [*ends, size], strict=True):
        own = replace(text, stretch=Stretch(start, end, line))
        if start:
            own = replace(own, encoding=replace(text.encoding, mark=0))
        yield replace(file, text=own, header=(0, 0) if start else file.header)
