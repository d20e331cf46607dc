"""Where Arrow's own conversion of cells means the same as the expression language, and saves the texts.

Arrow's readers of plain numbers, true and false, and ISO dates accept nothing but what the language's Parse
nodes accept, with the same value, except: digits after a leading zero and hexadecimal numbers (found in the
bytes beforehand), infinities and NaN (found afterwards). Whatever Arrow refuses is read again as text. The
tests hold both to be equal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cauce.core.reading.decision import Reading
from cauce.core.reading.formats import BOOLEAN, FALSE_WORDS, TRUE_WORDS, Format, NumberMarks
from cauce.core.reading.records import Grammar
from cauce.expr.schema import Kind

TRUE_TEXTS = tuple(text for word in TRUE_WORDS for text in (word, word.title(), word.upper()))
FALSE_TEXTS = tuple(text for word in FALSE_WORDS for text in (word, word.title(), word.upper()))
_ISO = ("%Y-%m-%d", *(f"%Y-%m-%d{sep}%H:%M:%S{rest}" for sep in "T " for rest in ("", ".%f")))


def is_native_number(item: Format) -> bool:
    """Whether Arrow reads this format's texts as the language does, and no other guarded text."""
    return item == BOOLEAN or (item.kind in ("integer", "float") and item.marks == NumberMarks())


def native_kind(reading: Reading) -> Kind:
    """The kind Arrow may convert a column to whose cells were all seen to be read by its format, or text."""
    if reading.declared or reading.markers or len(reading.formats) != 1:
        return "text"
    item = reading.formats[0]
    return item.kind if is_native_number(item) or item.pattern in _ISO else "text"


def arrow_type(kind: Kind) -> Any:
    """The Arrow type of a kind."""
    import pyarrow as pa

    types: Mapping[str, Any] = {
        "text": pa.string(),
        "integer": pa.int64(),
        "float": pa.float64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "datetime": pa.timestamp("us"),
    }
    return types[kind]


def all_within(table: Any, limit: float) -> bool:
    """Whether no float of the table is NaN or beyond ± limit."""
    from pyarrow import compute, types

    for column in table.columns:
        if types.is_float64(column.type):
            # Arrow's extremes leave NaN out, so a sum (NaN if any cell is) is looked at as well.
            ends = compute.min_max(column).as_py()
            beyond = ends["min"] is not None and (ends["min"] < -limit or ends["max"] > limit)
            if beyond or math.isnan(compute.sum(column, min_count=0).as_py()):
                return False
    return True


def has_doubtful_digits(data: bytes, grammar: Grammar) -> bool:
    """Whether a cell of the block may begin with a zero and a digit or an x: 007, -05, 0x1F."""
    border = np.zeros(256, bool)
    border[[ord(mark) for mark in f"{grammar.delimiter}{grammar.quote}\r\n"]] = True
    buffer = np.frombuffer(b"\n\n" + data + b"\n", np.uint8)
    # In slices that stay in a core's cache: four times faster than all at once.
    return any(_doubtful(buffer[start : start + _SLICE + 3], border) for start in range(0, len(data), _SLICE))


def _doubtful(buffer: NDArray[np.uint8], border: NDArray[np.bool_]) -> bool:
    values = buffer - _ZERO
    digits = values <= 9
    # Whole arrays of bytes first: of the zeros hardly one begins a number and has a digit after it.
    beginning = (values[2:-1] == 0) & (digits[3:] | ((buffer[3:] | _SMALL) == _X))
    if not border[_ZERO : _ZERO + 10].any():
        beginning &= ~digits[1:-2]
    zeros = np.flatnonzero(beginning) + 2
    before, further = buffer[zeros - 1], buffer[zeros - 2]
    return bool((border[before] | (_SIGNS[before] & (border[further] | _BLANKS[further]))).any())


def _bytes(characters: str) -> NDArray[np.bool_]:
    table = np.zeros(256, bool)
    table[[ord(character) for character in characters]] = True
    return table


_SLICE = 1 << 17
_ZERO = np.uint8(ord("0"))
_X, _SMALL = np.uint8(ord("x")), np.uint8(32)
_SIGNS, _BLANKS = _bytes("+- \t"), _bytes(" \t")
