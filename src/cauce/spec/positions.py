"""Where each key and list item of a TOML text stands."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from itertools import accumulate

KeyPath = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}'
    r"|'''(?:[^']|'{1,2}(?!'))*'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BARE_VALUE = re.compile(r"[^,\]}#\n]+")


def positions(text: str) -> dict[KeyPath, tuple[int, int]]:
    """The 1-based line and column of every key, table header and list item, by its path.

    `text` must be TOML that `tomllib` accepts, with "\\n" line ends; columns count characters.
    """
    scanner = _Scanner(text)
    scanner.document()
    starts = list(accumulate((len(line) + 1 for line in text.split("\n")), initial=0))
    return {path: _line_and_column(starts, offset) for path, offset in scanner.found.items()}


def _line_and_column(starts: list[int], offset: int) -> tuple[int, int]:
    line = bisect_right(starts, offset)
    return line, offset - starts[line - 1] + 1


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: dict[KeyPath, int] = {}
        self._lengths: dict[KeyPath, int] = {}

    def document(self) -> None:
        table: KeyPath = ()
        while self._skip_blank():
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)

    def _skip_blank(self) -> bool:
        found = _BLANK.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.at < len(self.text)

    def _header(self) -> KeyPath:
        listed = self.text.startswith("[[", self.at)
        self.at += 2 if listed else 1
        *parents, (last, offset) = self._dotted_key()
        table: KeyPath = ()
        for name, start in parents:
            table = self._inside((*table, name), start)
        table = (*table, last)
        if listed:
            self._lengths[table] = self._lengths.get(table, 0) + 1
        table = self._inside(table, offset)
        self.at += 2 if listed else 1
        return table

    def _inside(self, table: KeyPath, offset: int) -> KeyPath:
        self.found.setdefault(table, offset)
        if table in self._lengths:
            table = (*table, self._lengths[table] - 1)
            self.found.setdefault(table, offset)
        return table

    def _dotted_key(self) -> list[tuple[str, int]]:
        parts = []
        while True:
            self._skip_blank()
            start = self.at
            parts.append((self._key(), start))
            self._skip_blank()
            if not self.text.startswith(".", self.at):
                return parts
            self.at += 1

    def _key(self) -> str:
        raw = self._take(_STRING if self.text[self.at] in "\"'" else _BARE_KEY)
        return next(iter(tomllib.loads(f"{raw} = 0")))

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise AssertionError("positions() was given a text that is not TOML")
        self.at = found.end()
        return found.group()

    def _pair(self, table: KeyPath) -> None:
        path = table
        for name, offset in self._dotted_key():
            path = (*path, name)
            self.found.setdefault(path, offset)
        self.at += 1
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        self._skip_blank()
        opening = self.text[self.at]
        if opening == "[":
            self._array(path)
        elif opening == "{":
            self._inline_table(path)
        else:
            self._take(_STRING if opening in "\"'" else _BARE_VALUE)

    def _array(self, path: KeyPath) -> None:
        self.at += 1
        index = 0
        while self._more("]"):
            item = (*path, index)
            self.found[item] = self.at
            self._value(item)
            index += 1

    def _inline_table(self, path: KeyPath) -> None:
        self.at += 1
        while self._more("}"):
            self._pair(path)

    def _more(self, closing: str) -> bool:
        self._skip_blank()
        if self.text.startswith(",", self.at):
            self.at += 1
            self._skip_blank()
        if self.text.startswith(closing, self.at):
            self.at += 1
            return False
        return True
