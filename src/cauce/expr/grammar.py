"""How texts are read: the strip set, letter case, number grammars and date formats both evaluators share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from cauce.errors import CauceError
from cauce.language import translate

# Unicode White_Space (25 code points) and the byte order mark.
STRIPPED = (
    "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
BLANKS = " \xa0\u202f"
_META = frozenset("\\.+*?()|[]{}^$")


def _new_case(lower: dict[int, int]) -> tuple[dict[int, int], dict[int, int]]:
    return lower, {small: large for large, small in lower.items()}


# Case pairs that Unicode gained after version 14, which Python 3.11 and 3.12 do not know.
_PAIRS = {
    0x1C89: 0x1C8A,
    0xA7CB: 0x0264,
    0xA7CC: 0xA7CD,
    0xA7CE: 0xA7CF,
    0xA7D2: 0xA7D3,
    0xA7D4: 0xA7D5,
    0xA7DA: 0xA7DB,
    0xA7DC: 0x019B,
    **{0x10D50 + k: 0x10D70 + k for k in range(22)},
    **{0x16EA0 + k: 0x16EBB + k for k in range(25)},
}
_NEW_LOWER, _NEW_UPPER = _new_case(_PAIRS)


def lower(text: str) -> str:
    """`text` in lower case, each character by itself (Σ becomes σ everywhere), by Unicode 17."""
    if text.isascii():
        return text.lower()
    return text.replace("Σ", "σ").lower().translate(_NEW_LOWER)


def upper(text: str) -> str:
    """`text` in upper case (ß becomes SS), by Unicode 17."""
    if text.isascii():
        return text.upper()
    return text.upper().translate(_NEW_UPPER)


def word(text: str) -> str:
    """`text` as words of lists are compared: without outer blanks, in lower case."""
    return lower(text.strip(STRIPPED))


def escape(text: str) -> str:
    """`text` as a pattern that matches it literally, in Python's and in Rust's regular expressions."""
    return "".join(f"\\{character}" if character in _META else character for character in text)


@dataclass(frozen=True)
class NumberGrammar:
    """A pattern for the whole stripped text, and what to replace so that a plain number remains."""

    pattern: str | None
    replaced: tuple[str, ...]
    by: tuple[str, ...]


def _blanks_of(grouping: str) -> tuple[str, ...]:
    if grouping in BLANKS:
        return tuple(BLANKS)
    return (grouping,)


def _pattern(whole: str, currency: str, percent: bool) -> str:
    blanks = f"[{BLANKS}]*"
    tail = f"(?:{blanks}%)?" if percent else ""
    if not currency:
        return f"[+-]?{whole}{tail}"
    mark = escape(currency)
    before = f"(?:[+-]?{mark}{blanks}|{mark}{blanks}[+-]|[+-]?)"
    return f"(?:{before}{whole}|[+-]?{whole}{blanks}{mark}){tail}"


def _whole(grouping: str) -> str:
    if not grouping:
        return "[0-9]+"
    marks = "|".join(escape(mark) for mark in _blanks_of(grouping))
    return f"(?:[0-9]{{1,3}}(?:(?:{marks})[0-9]{{3}})+|[0-9]+)"


@lru_cache(maxsize=256)
def integer_grammar(grouping: str, currency: str) -> NumberGrammar:
    """How an integer is written; no pattern where Polars' and Python's own readers suffice."""
    _check_marks("", grouping, currency)
    if not grouping and not currency:
        return NumberGrammar(None, (), ())
    return _grammar(_pattern(_whole(grouping), currency, False), "", grouping, currency)


@lru_cache(maxsize=256)
def float_grammar(decimal: str, grouping: str, *, currency: str, percent: bool) -> NumberGrammar:
    """How a float is written; no pattern where it is plain."""
    _check_marks(decimal, grouping, currency)
    if decimal == "." and not grouping and not currency and not percent:
        return NumberGrammar(None, (), ())
    mark = escape(decimal)
    number = f"(?:{_whole(grouping)}(?:{mark}[0-9]*)?|{mark}[0-9]+)(?:[eE][+-]?[0-9]+)?"
    return _grammar(_pattern(number, currency, percent), decimal, grouping, currency)


@lru_cache(maxsize=256)
def decimal_grammar(decimal: str, grouping: str, *, scale: int) -> NumberGrammar:
    """How a decimal is written that is one without rounding: further digits behind the mark are zeros."""
    _check_marks(decimal, grouping, "")
    mark, digits = escape(decimal), f"[0-9]{{0,{scale}}}0*"
    alone = f"[0-9]{{1,{scale}}}0*" if scale else "0+"
    number = f"(?:{_whole(grouping)}(?:{mark}{digits})?|{mark}{alone})"
    return _grammar(_pattern(number, "", False), decimal, grouping, "")


def _grammar(pattern: str, decimal: str, grouping: str, currency: str) -> NumberGrammar:
    percent = pattern.endswith("%)?")
    dropped = list(BLANKS) if currency or percent or (grouping and grouping in BLANKS) else []
    dropped += [currency] if currency else []
    dropped += ["%"] if percent else []
    dropped += [mark for mark in _blanks_of(grouping) if grouping and mark not in BLANKS]
    pairs = [(mark, "") for mark in dropped] + ([(decimal, ".")] if decimal not in ("", ".") else [])
    return NumberGrammar(pattern, tuple(old for old, _ in pairs), tuple(new for _, new in pairs))


def _check_marks(decimal: str, grouping: str, currency: str) -> None:
    allowed = ".,'’_ \xa0\u202f·٫٬"
    for setting, mark in (("decimal", decimal), ("grouping", grouping)):
        if mark and (len(mark) != 1 or mark not in allowed or (setting == "decimal" and mark in BLANKS)):
            rule = translate("a mark is one of . , ' ’ _ · or, to group, a blank")
            raise CauceError("E0104", node="number", setting=setting, value=mark, rule=rule)
    if decimal and decimal == grouping:
        rule = translate("the decimal mark and the grouping mark must differ")
        raise CauceError("E0104", node="number", setting="grouping", value=grouping, rule=rule)
    barred = set("0123456789+-%") | set(allowed) | set(STRIPPED)
    if len(currency) > 16 or currency in ("e", "E") or barred & set(currency):
        rule = translate("a currency text holds no digits, signs, marks or blanks")
        raise CauceError("E0104", node="number", setting="currency", value=currency, rule=rule)


def plain_number(text: str, grammar: NumberGrammar) -> str | None:
    """The stripped `text` as Python's readers take it, or None where the grammar refuses it."""
    if grammar.pattern is None or re.fullmatch(grammar.pattern, text) is None:
        return None
    for old, new in zip(grammar.replaced, grammar.by, strict=True):
        text = text.replace(old, new)
    return text


def duration_pattern(decimal: str) -> str:
    """A plain number, then its unit: two groups over the whole stripped text."""
    mark = escape(decimal)
    return rf"([+-]?(?:[0-9]+(?:{mark}[0-9]*)?|{mark}[0-9]+))((?:[^0-9.,][\s\S]*)?)"
