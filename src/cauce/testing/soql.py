"""Conditions of SoQL over rows of texts: as much of the language as a stand-in portal needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]
Condition = Callable[[Row], bool]

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<name>`[^`]+`|[:@A-Za-z_][\w:@]*)"
    r"|(?P<sign><=|>=|!=|<>|=|<|>|\(|\)|,))"
)
_WORDS = frozenset(("and", "or", "not", "is", "null", "in", "between", "like"))


class Malformed(Exception):  # noqa: N818 - an answer of the portal, not a failure
    """The condition cannot be understood; column: that there is no such column."""

    def __init__(self, column: str = "") -> None:
        super().__init__(column)
        self.column = column


def condition(text: str, columns: frozenset[str], *, key: Callable[[str, Any], Any]) -> Condition:
    """Which rows `text` keeps. key: what a column's value, or a literal for it, is compared as."""
    tokens, at = [], 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            raise Malformed
        tokens.append(found[0].strip())
        at = found.end()
    parser = _Parser(tokens, columns, key)
    made = parser.either()
    if parser.tokens:
        raise Malformed
    return made


@dataclass
class _Parser:
    tokens: list[str]
    columns: frozenset[str]
    key: Callable[[str, Any], Any]

    def either(self) -> Condition:
        parts = [self.both()]
        while self.next_is("or"):
            parts.append(self.both())
        return lambda row: any(part(row) for part in parts)

    def both(self) -> Condition:
        parts = [self.one()]
        while self.next_is("and"):
            parts.append(self.one())
        return lambda row: all(part(row) for part in parts)

    def one(self) -> Condition:
        if self.next_is("not"):
            inner = self.one()
            return lambda row: not inner(row)
        if self.next_is("("):
            inner = self.either()
            self.demand(")")
            return inner
        return self.comparison(self.name())

    def comparison(self, name: str) -> Condition:
        if self.next_is("is"):
            negated = self.next_is("not")
            self.demand("null")
            return lambda row: (row.get(name) is not None) is negated
        negated = self.next_is("not")
        test = self._test(name)

        def kept(row: Row) -> bool:
            value = row.get(name)
            return value is not None and test(self.key(name, value)) is not negated

        return kept

    def _test(self, name: str) -> Callable[[Any], bool]:
        if self.next_is("in"):
            self.demand("(")
            values = [self.literal(name)]
            while self.next_is(","):
                values.append(self.literal(name))
            self.demand(")")
            return lambda value: value in values
        if self.next_is("between"):
            low = self.literal(name)
            self.demand("and")
            high = self.literal(name)
            return lambda value: bool(low <= value <= high)
        if self.next_is("like"):
            pattern = re.escape(str(self.literal(name))).replace("%", ".*").replace("_", ".")
            return lambda value: re.fullmatch(pattern, str(value), re.DOTALL) is not None
        return self._ordered(self.take(), self.literal(name))

    @staticmethod
    def _ordered(sign: str, other: Any) -> Callable[[Any], bool]:
        tests: Mapping[str, Callable[[Any], bool]] = {
            "=": lambda value: bool(value == other),
            "!=": lambda value: bool(value != other),
            "<>": lambda value: bool(value != other),
            "<": lambda value: bool(value < other),
            "<=": lambda value: bool(value <= other),
            ">": lambda value: bool(value > other),
            ">=": lambda value: bool(value >= other),
        }
        if sign not in tests:
            raise Malformed
        return tests[sign]

    def name(self) -> str:
        token = self.take()
        name = token.strip("`").lower()
        if not re.match(r"[`:@A-Za-z_]", token) or name in _WORDS:
            raise Malformed
        if name not in self.columns:
            raise Malformed(name)
        return name

    def literal(self, name: str) -> Any:
        token = self.take()
        if token.startswith("'"):
            return self.key(name, token[1:-1].replace("''", "'"))
        if re.fullmatch(r"-?\d+(\.\d+)?", token):
            return self.key(name, token)
        raise Malformed

    def next_is(self, word: str) -> bool:
        if self.tokens and self.tokens[0].lower() == word:
            self.tokens.pop(0)
            return True
        return False

    def demand(self, word: str) -> None:
        if not self.next_is(word):
            raise Malformed

    def take(self) -> str:
        if not self.tokens:
            raise Malformed
        return self.tokens.pop(0)


def names_of(select: str, columns: frozenset[str]) -> Sequence[str]:
    """The plain columns of a $select, `*` for all but the system's; Malformed for anything else."""
    names: list[str] = []
    for part in select.split(","):
        name = part.strip().strip("`").lower()
        if name == "*":
            names.extend(sorted(one for one in columns if not one.startswith(":")))
        elif name in columns:
            names.append(name)
        else:
            raise Malformed(name)
    return names
