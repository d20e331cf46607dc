"""Values on which operations differ between libraries, and a table where they meet."""

# Rows of values read better unfolded.
# fmt: off
from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from itertools import product
from typing import Any

import polars as pl

from cauce.expr.schema import Field, Schema

FLOATS: tuple[float | None, ...] = (
    *(
        None,
        math.nan,
        math.inf,
        -math.inf,
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.5,
        -0.5,
        1.5,
        2.5,
        -2.5,
        0.1,
        0.285,
        1.005,
    ),
    *(1e-300, -1e-300, 5e-324, 1.7976931348623157e308, 1e-9, -1e-9, 1e22, 709.8, -745.2, 1e3, 1e-5),
    *(
        2.0**53,
        -(2.0**53),
        2.0**63,
        -(2.0**63),
        9223372036854774784.0,
        4503599627370495.5,
        3.4e38,
        1e39,
        1e-46,
    ),
)
INTEGERS: tuple[int | None, ...] = (
    *(None, 0, 1, -1, 2, -2, 3, 7, -7, 10, 100, 2**31, -(2**31), 3037000500, 2**53, 2**53 + 1, -(2**53) - 1),
    *(2**62, 2**63 - 1, -(2**63), -(2**63) + 1),
)
DECIMALS: tuple[Decimal | None, ...] = (
    None,
    *map(Decimal, ("0.00", "0.01", "-0.01", "1.00", "1.50", "-1.50", "2.00", "0.10", "9007199254740993.00")),
    *map(Decimal, ("9223372036854775807.99", "9223372036854775808.00", "-9223372036854775809.00")),
    Decimal("9" * 36 + ".99"),
)
_WORDS = (
    "",
    " ",
    "a",
    "A",
    " a ",
    "abc",
    "ABC",
    "true",
    " TRUE",
    "sí",
    "SÍ",
    "No",
    "ß",
    "ẞ",
    "İ",
    "ı",
    "ΑΣ",
    "ς",
)
_UNICODE = (
    "e\u0301",
    "é",
    "\u00a0x\u00a0",
    "\ufeffx",
    "\u200bx",
    "a\x00b",
    "\x00",
    "👩‍👩‍👧",
    "🇨🇴",
    "ﬁ",
    "Å",
    "Å",
    "가",
    "한",
    "\x1fx",
)
_NUMBERS = (
    "5",
    "+5",
    "-5",
    " 5 ",
    "−5",
    ".5",
    "5.",
    "-.5",
    ".",
    "-",
    "+",
    "",
    "1e5",
    "1E+5",
    "1e",
    "e5",
    "1e999",
)
_ODD = (
    "1e-999",
    "inf",
    "nan",
    "Infinity",
    "-inf",
    "0x10",
    "1_000",
    "１２",
    "٣",
    "5\x00",
    "007",
    "-0",
    "00",
    "5.0",
)
_LONG = (
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "9" * 400,
    "0" * 400 + "7",
    "1" + "0" * 25,
)
_EXACT = ("2.4703282292062327208e-324", "1.7976931348623159e308", "0.1", "123456789012345678", "1e22", "1e23")
_GROUPED = (
    "1.234.567,50",
    "$1.234.567,50",
    "1,234.5",
    "1,234,567",
    "1.23.4",
    "12,5",
    "$ 5",
    "-$5",
    "$-5",
    "5 $",
    "5€",
)
_MARKED = (
    "12 %",
    "12%",
    "-1,5%",
    "%",
    "12 % %",
    "$",
    "1 234",
    "1\u00a0234,5",
    "1\u202f234",
    "$1e3",
    "1,2345",
    ",5",
    "5,",
)
_DATES = (
    "2024-02-29",
    "2023-02-29",
    "0000-01-01",
    "0001-01-01",
    "9999-12-31",
    "10000-01-01",
    "1582-10-10",
    "1/2/2024",
)
_DATES_TOO = (
    "31/12/1999",
    "01/02/69",
    "01/02/70",
    "1/1/00",
    "00/01/2020",
    "2024-13-01",
    "2024-1-5",
    "29/02/1900",
)
_TIMES = (
    "2024-02-29T23:59:59",
    "2024-02-29T24:00:00",
    "2024-02-29T23:59:60",
    "2024-02-29T23:60:00",
    "2024-02-29",
)
_FRACTIONS = (
    "2026-02-05T00:00:00.000",
    "2026-02-05T00:00:00.1234567",
    "1969-12-31T23:59:59.9999999",
    "0001-01-01T00:00:00.0",
)
_ZONED = (
    "2024-01-01T00:00:00Z",
    "2024-01-01T00:00:00+05:30",
    "2024-01-01T00:00:00-0500",
    "0001-01-01T00:00:00+05:00",
)
_HALVES = (
    "02/05/2026 12:00:00 AM",
    "02/05/2026 12:30:00 pm",
    "02/05/2026 00:30:00 AM",
    "9999-12-31T23:59:59-01:00",
)
_DURATIONS = (
    "100 Hora(s)",
    "1 Mes(es)",
    "2,5 dia(s)",
    "2.5 DIA(S)",
    "3hora(s)",
    "- 3 hora(s)",
    "-3 hora(s)",
    "5 años",
    "1e3 mes(es)",
)
TEXTS: tuple[str | None, ...] = (
    *(None, *_WORDS, *_UNICODE, *_NUMBERS, *_ODD, *_LONG, *_EXACT, *_GROUPED, *_MARKED),
    *(*_DATES, *_DATES_TOO, *_TIMES, *_FRACTIONS, *_ZONED, *_HALVES, *_DURATIONS),
)
BOOLEANS: tuple[bool | None, ...] = (None, True, False)
DAYS: tuple[date | None, ...] = (
    *(None, date(1, 1, 1), date(1582, 10, 4), date(1582, 10, 10), date(1600, 2, 29), date(1899, 12, 31)),
    *(date(1969, 12, 31), date(1970, 1, 1), date(2000, 2, 29), date(2024, 12, 30), date(2262, 4, 12)),
    date(9999, 12, 31),
)
MOMENTS: tuple[datetime | None, ...] = (
    *(None, datetime(1, 1, 1), datetime(1, 1, 1, 0, 0, 0, 1), datetime(1582, 10, 10, 5, 59, 59, 999999)),
    *(datetime(1969, 12, 31, 23, 59, 59, 999999), datetime(1970, 1, 1), datetime(2016, 12, 31, 23, 59, 59)),
    *(datetime(2262, 4, 12, 3, 4, 5, 7), datetime(9999, 12, 31, 23, 59, 59, 999999)),
)
EDGES: dict[str, tuple[Any, ...]] = {
    "float": FLOATS,
    "integer": INTEGERS,
    "decimal": DECIMALS,
    "text": TEXTS,
    "boolean": BOOLEANS,
    "date": DAYS,
    "datetime": MOMENTS,
}
SCHEMA = Schema(
    (
        *(Field("x", "float"), Field("y", "float"), Field("i", "integer"), Field("j", "integer")),
        *(Field("money", "decimal", scale=2), Field("cost", "decimal", scale=2)),
        *(Field("s", "text"), Field("t", "text"), Field("b", "boolean"), Field("c", "boolean")),
        *(
            Field("day", "date"),
            Field("other_day", "date"),
            Field("at", "datetime"),
            Field("until", "datetime"),
        ),
        *(Field("instant", "datetime", zone="UTC"), Field("^.*$", "float"), Field("*", "text")),
    )
)


def edge_batch() -> pl.DataFrame:
    """A batch of SCHEMA in which two columns of a kind meet in every pair of edge values."""
    pairs = {kind: list(product(values, values)) for kind, values in EDGES.items() if kind != "text"}
    # Pairs of texts matter to few nodes: shifted copies meet often enough.
    pairs["text"] = [(a, TEXTS[(k * 7 + s) % len(TEXTS)]) for s in range(9) for k, a in enumerate(TEXTS)]
    height = max(len(found) for found in pairs.values())
    seen: dict[str, int] = {}
    data = {}
    for field in SCHEMA:
        side = seen[field.kind] = seen.get(field.kind, -1) + 1
        values = [pair[side % 2] for pair in pairs[field.kind]]
        data[field.name] = [values[k % len(values)] for k in range(height)]
    return pl.DataFrame(data, schema=SCHEMA.dtypes)
