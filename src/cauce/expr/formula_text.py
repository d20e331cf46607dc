"""The text of a formula: back-quoted names, places in it, and its tree as Python's own grammar reads it."""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass
from typing import Any

from cauce.errors import CauceError
from cauce.expr.tree import MAX_DEPTH, MAX_NODES
from cauce.language import translate

MAX_CHARACTERS = 10_000


@dataclass(frozen=True)
class Formula:
    """A formula's text, the same text as Python can read it, and the quoted names by where they begin.

    Both texts have the same length, so that a place in one is a place in the other.
    """

    text: str
    readable: str
    quoted: dict[int, str]

    def where(self, offset: int) -> dict[str, Any]:
        """Line, column and the text nearby, for a message."""
        offset = max(0, min(offset, len(self.text)))
        before = self.text[:offset]
        line = before.count("\n") + 1
        column = offset - (before.rfind("\n") + 1) + 1
        return {"line": line, "column": column, "near": self.text[offset : offset + 30] or self.text[-30:]}

    def refuse(self, offset: int, reason: str) -> CauceError:
        return CauceError("E0110", reason=reason, **self.where(offset))

    def start(self, node: ast.AST) -> int:
        """Where `node` begins; Python counts UTF-8 bytes of the one line it read."""
        return self._characters(getattr(node, "col_offset", 0))

    def source(self, node: ast.expr) -> str:
        """The text `node` was read from: Python changes identifiers (NFKC), columns' names it may not."""
        return self.text[self.start(node) : self._characters(node.end_col_offset or 0)]

    def _characters(self, count: int) -> int:
        read = self.readable[self.blanks :].encode()[:count]
        return self.blanks + len(read.decode(errors="ignore"))

    @property
    def blanks(self) -> int:
        """How many blanks stand before the part that Python reads."""
        return len(self.readable) - len(self.readable.lstrip(" "))


def read(text: str) -> tuple[Formula, ast.expr]:
    """The formula and its tree; E0110 where it is not one expression of Python's grammar, E0105
    where it is nested too deeply."""
    bare = Formula(text, "", {})
    if len(text) > MAX_CHARACTERS:
        raise bare.refuse(MAX_CHARACTERS, translate("it is longer than 10,000 characters"))
    odd = next((k for k, c in enumerate(text) if "\ud800" <= c <= "\udfff" or c == "\0"), None)
    if odd is not None:
        raise bare.refuse(odd, translate("it holds a character that is not text"))
    formula = _without_quotes(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(formula.readable.lstrip(" "), mode="eval").body
    except SyntaxError as error:
        raise formula.refuse(formula.blanks + (error.offset or 1) - 1, _reason(error)) from None
    except (ValueError, RecursionError, MemoryError):  # Python's own limit, which differs between versions
        raise CauceError("E0105", depth=MAX_DEPTH, nodes=MAX_NODES) from None
    return formula, tree


def _reason(error: SyntaxError) -> str:
    if "was never closed" in (error.msg or "") or "EOF" in (error.msg or ""):
        return translate("something is not closed")
    return translate("this is not an expression")


def _without_quotes(text: str) -> Formula:
    pieces: list[str] = []
    quoted: dict[int, str] = {}
    position = 0
    while position < len(text):
        character = text[position]
        if character == "`":
            end = text.find("`", position + 1)
            if end < position + 2:
                reason = translate("a back quote is not closed, or has nothing in it")
                raise Formula(text, text, {}).refuse(position, reason)
            quoted[position] = text[position + 1 : end]
            pieces.append("q" * (end + 1 - position))
        elif character in "\"'":
            end = _end_of_text(text, position)
            pieces.append(text[position : end + 1])
        else:
            end = position
            pieces.append(" " if character in "\r\n\t\f" else character)
        position = end + 1
    return Formula(text, "".join(pieces), quoted)


def _end_of_text(text: str, start: int) -> int:
    position = start + 1
    while position < len(text) and text[position] != text[start]:
        if text[position] in "\r\n":
            break
        position += 2 if text[position] == "\\" else 1
    if position >= len(text) or text[position] != text[start]:
        raise Formula(text, text, {}).refuse(start, translate("a text is not closed on its line"))
    return position
