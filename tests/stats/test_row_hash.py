"""The row hash is what docs/meaning/row-hash.md says: the reference here is written from that page."""

from __future__ import annotations

import hashlib
import json
import struct
import unicodedata
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as peer

from cauce.errors import CauceError
from cauce.expr.schema import Field, Schema
from cauce.stats import Identity, key_hashes, row_hashes, unit_interval, with_hashes

TURN = 1 << 64
FACTORS = (
    (33, 0xFF51AFD7ED558CCD, 33, 0xC4CEB9FE1A85EC53, 33),
    (30, 0xBF58476D1CE4E5B9, 27, 0x94D049BB133111EB, 31),
)
STRIDES = (0x9E3779B97F4A7C15, 0xD1B54A32D192ED03)
PAGE = Path(__file__).parents[2] / "docs" / "meaning" / "row-hash.md"

FIELDS = (
    Field("b", "boolean"),
    Field("i", "integer"),
    Field("f", "float"),
    Field("d", "decimal", scale=3),
    Field("t", "text"),
    Field("día", "date"),
    Field("w", "datetime"),
    Field("u", "datetime", zone="UTC"),
)
SCHEMA = Schema(FIELDS)


def mixed(word: int, lane: int) -> int:
    first, multiplier, second, factor, last = FACTORS[lane]
    word = (word ^ (word >> first)) * multiplier % TURN
    word = (word ^ (word >> second)) * factor % TURN
    return word ^ (word >> last)


def cell(value: object, field: Field, lane: int) -> int:
    kind = field.kind + (" UTC" if field.zone else "")
    salts = struct.unpack("<4Q", hashlib.sha256(f"cauce row 1\n{kind}\n{field.name}".encode()).digest())
    if value is None:
        return salts[2 + lane]
    if isinstance(value, Decimal):
        digits = field.scale or 0
        coefficient = int(Fraction(value) * 10**digits)
        while digits and coefficient % 10 == 0:
            coefficient, digits = coefficient // 10, digits - 1
        low, high = coefficient % TURN, (coefficient >> 64) % TURN
        return mixed((mixed((mixed(low ^ salts[lane], lane) + high) % TURN, lane) + digits) % TURN, lane)
    return mixed(word_of(value, lane) ^ salts[lane], lane)


def word_of(value: object, lane: int) -> int:
    if isinstance(value, str):
        data = unicodedata.normalize("NFC", value).encode()
        words = [int.from_bytes(data[at : at + 8], "little") for at in range(0, len(data), 8)]
        parts = (mixed((word + place * STRIDES[lane]) % TURN, lane) for place, word in enumerate(words, 1))
        return (len(data) + sum(parts)) % TURN
    if isinstance(value, float):
        if value != value:
            return 0x7FF8000000000000
        return struct.unpack("<Q", struct.pack("<d", 0.0 if value == 0 else value))[0]
    if isinstance(value, datetime):
        away = value - datetime(1970, 1, 1)
        return ((away.days * 86_400 + away.seconds) * 1_000_000 + away.microseconds) % TURN
    if isinstance(value, date):
        return (value - date(1970, 1, 1)).days % TURN
    return int(value) % TURN


def reference(row: tuple[object, ...], fields: tuple[Field, ...]) -> tuple[int, int]:
    sums = (
        sum(cell(value, field, lane) for value, field in zip(row, fields, strict=True)) for lane in (0, 1)
    )
    first, second = (mixed(total % TURN, lane) for lane, total in enumerate(sums))
    return first, second


COEFFICIENTS = st.integers(1 - 10**38, 10**38 - 1) | st.integers(-5000, 5000)
ROWS = st.lists(
    st.tuples(
        st.none() | st.booleans(),
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.none() | st.floats(),
        st.none()
        | (st.integers(1 - 10**38, 10**38 - 1) | st.integers(-5000, 5000)).map(lambda n: Decimal(f"{n}E-3")),
        st.none() | st.text(st.characters(exclude_categories=["Cs", "Cn"]), max_size=30),
        st.none() | st.dates(),
        st.none() | st.datetimes(),
        st.none() | st.datetimes(),
    ),
    min_size=1,
    max_size=20,
)


@settings(max_examples=150, deadline=None)
@given(ROWS)
def test_row_hashes_are_those_of_the_page(rows: list[tuple[object, ...]]) -> None:
    """A program written from the page alone would name other rows than Cauce does."""
    batch = pl.DataFrame(rows, schema=SCHEMA.dtypes, orient="row")
    lanes = row_hashes(batch, SCHEMA)
    expected = [reference(row, FIELDS) for row in rows]
    assert [(int(a), int(b)) for a, b in zip(*lanes, strict=True)] == expected


@pytest.mark.parametrize("longest", [7, 8, 9, 64, 256, 257, 300])
def test_texts_of_any_length_are_hashed_as_the_page_says(longest: int) -> None:
    """Short and long texts are summed in other ways: one long comment would rename all others' rows."""
    texts = ["".join(chr(33 + (at * length) % 90) for at in range(length)) for length in range(longest + 1)]
    fields = (Field("t", "text"),)
    for rows in (texts, [None, *texts, "", None], texts[-1:] * 3, ["", *texts[-1:]]):
        lanes = row_hashes(pl.DataFrame({"t": rows}), Schema(fields))
        expected = [reference((text,), fields) for text in rows]
        assert [(int(a), int(b)) for a, b in zip(*lanes, strict=True)] == expected


GOLDEN = (
    (Field("x", "integer"), 1),
    (Field("x", "integer"), -1),
    (Field("x", "integer"), 2**62 + 1),
    (Field("x", "float"), 1.0),
    (Field("x", "float"), -0.0),
    (Field("x", "float"), float("nan")),
    (Field("x", "float"), float("-inf")),
    (Field("x", "float"), None),
    (Field("x", "boolean"), True),
    (Field("x", "decimal", scale=2), Decimal("1.50")),
    (Field("x", "decimal", scale=0), Decimal("-12345678901234567890123456789012345678")),
    (Field("x", "text"), ""),
    (Field("x", "text"), None),
    (Field("x", "text"), "NO"),
    (Field("x", "text"), "Bogotá, D.C."),
    (Field("año", "text"), "12345678"),
    (Field("x", "date"), date(2013, 1, 1)),
    (Field("x", "datetime"), datetime(1969, 12, 31, 23, 59, 59, 999999)),
    (Field("x", "datetime", zone="UTC"), datetime(2024, 2, 29, 12)),
)


def golden_lines() -> list[str]:
    lines = []
    for field, value in GOLDEN:
        first, second = reference((value,), (field,))
        about = (
            field.kind
            + (f"({field.scale})" if field.kind == "decimal" else "")
            + (" UTC" if field.zone else "")
        )
        shown = f'"{value}"' if isinstance(value, str) else "null" if value is None else str(value)
        lines.append(f"| `{field.name}` {about} | {shown} | `{first:016x}` | `{second:016x}` |")
    return lines


def test_golden_values_stand_on_the_page_and_are_computed() -> None:
    """Snapshots and folds of yesterday would get other names and rows with tomorrow's version."""
    told = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert told == golden_lines()
    for field, value in GOLDEN:
        batch = pl.DataFrame({field.name: [value]}, schema={field.name: field.dtype})
        first, second = row_hashes(batch, Schema((field,)))
        assert (int(first[0]), int(second[0])) == reference((value,), (field,))


def hash_of(value: object, field: Field) -> int:
    batch = pl.DataFrame({field.name: [value]}, schema={field.name: field.dtype})
    return int(row_hashes(batch, Schema((field,)))[0][0])


def test_what_is_equal_and_what_is_not() -> None:
    """A missing, an empty and an undefined value would be taken for one another."""
    number, text, whole = Field("x", "float"), Field("x", "text"), Field("x", "integer")
    assert hash_of(-0.0, number) == hash_of(0.0, number)
    assert hash_of(struct.unpack("<d", b"\1\0\0\0\0\0\xf8\xff")[0], number) == hash_of(float("nan"), number)
    assert hash_of("e\u0301", text) == hash_of("\u00e9", text)
    different = {
        hash_of(None, number),
        hash_of(float("nan"), number),
        hash_of(0.0, number),
        hash_of(0, whole),
    }
    assert len(different | {hash_of("", text), hash_of(None, text), hash_of("\0", text)}) == 7
    two, three = Field("x", "decimal", scale=2), Field("x", "decimal", scale=30)
    assert hash_of(Decimal("1.5"), two) == hash_of(Decimal("1.5"), three)


@settings(max_examples=30, deadline=None)
@given(ROWS, st.integers(0, 20))
def test_neither_column_order_nor_slices_matter(rows: list[tuple[object, ...]], cut: int) -> None:
    """The same rows in another file layout would be another snapshot."""
    batch = pl.DataFrame(rows, schema=SCHEMA.dtypes, orient="row")
    whole = row_hashes(batch, SCHEMA)
    turned = Schema(FIELDS[::-1])
    again = row_hashes(batch.select(turned.names), turned)
    parts = [row_hashes(part, SCHEMA) for part in (batch[:cut], batch[cut:])]
    for lane in (0, 1):
        assert (whole[lane] == again[lane]).all()
        assert (whole[lane] == np.concatenate([part[lane] for part in parts])).all()
    keys = key_hashes(batch.select("t", "i"), SCHEMA, columns=("t", "i"))
    assert [(int(a), int(b)) for a, b in zip(*keys, strict=True)] == [
        reference((row[4], row[1]), (FIELDS[4], FIELDS[1])) for row in rows
    ]


def test_identity_is_the_text_of_the_page() -> None:
    """Another program could not verify a snapshot's name."""
    rows = [(True, 1, 0.5, Decimal("1.5"), "ñ", date(2020, 1, 1), datetime(2020, 1, 1), None)] * 2
    batch = pl.DataFrame(rows, schema=SCHEMA.dtypes, orient="row")
    sums = [sum(reference(row, FIELDS)[lane] for row in rows) % TURN for lane in (0, 1)]
    fields = sorted(
        ({k: v for k, v in vars(f).items() if v is not None} for f in FIELDS), key=lambda f: f["name"]
    )
    schema = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    text = f"cauce table 1\n{schema}\n2\n{sums[0]:016x}{sums[1]:016x}"
    summary = Identity(SCHEMA)
    result = summary.result(summary.update(summary.start(), batch))
    assert (result.rows, result.identity) == (2, hashlib.sha256(text.encode()).hexdigest())
    turned = Identity(Schema(FIELDS[::-1]))
    assert turned.result(turned.update(turned.start(), batch)) == result


def test_swapping_two_cells_of_a_column_is_another_table() -> None:
    """A sum of cells instead of rows would not see values that changed places."""
    schema = Schema((Field("a", "integer"), Field("b", "integer")))
    summary = Identity(schema)
    one, other = pl.DataFrame({"a": [1, 2], "b": [3, 4]}), pl.DataFrame({"a": [1, 2], "b": [4, 3]})
    assert summary.update(summary.start(), one) != summary.update(summary.start(), other)


@pytest.mark.parametrize("kind", ["integer", "text"])
def test_a_million_neighbours_do_not_collide_and_fill_the_bits(kind: str) -> None:
    """Sequential keys would crowd into one fold or be counted as one."""
    count = 1_000_000
    values = pl.Series("k", np.arange(count))
    batch = (values if kind == "integer" else values.cast(pl.String).str.zfill(20)).to_frame()
    for lane in row_hashes(batch, Schema((Field("k", kind),))):  # type: ignore[arg-type]
        assert len(np.unique(lane)) == count
        for shift in (0, 24, 52):
            counts = np.bincount(
                ((lane >> np.uint64(shift)) & np.uint64(4095)).astype(np.int64), minlength=4096
            )
            assert peer.chisquare(counts).pvalue > 1e-6
        ones = [int(((lane >> np.uint64(bit)) & np.uint64(1)).sum()) for bit in range(64)]
        assert max(abs(one - count / 2) for one in ones) < 5 * (count / 4) ** 0.5


def test_places_in_the_unit_interval_are_uniform_and_change_with_the_seed() -> None:
    """A 20 % fold would not hold 20 % of the rows, or two seeds would give one split."""
    batch = pl.DataFrame({"k": np.arange(200_000)})
    hashes = row_hashes(batch, Schema((Field("k", "integer"),)))[0]
    first, second = unit_interval(hashes, 1), unit_interval(hashes, 2)
    assert first.min() >= 0.0
    assert first.max() < 1.0
    assert peer.kstest(first, "uniform").pvalue > 1e-4
    assert abs(peer.pearsonr(first, second).statistic) < 0.01
    assert unit_interval(np.array([2**64 - 1, 0], np.uint64), "x").max() < 1.0
    salt = int.from_bytes(hashlib.sha256(b"cauce unit 1\n7").digest()[:8], "little")
    assert unit_interval(hashes[:1], 7)[0] == (mixed(int(hashes[0]) ^ salt, 0) >> 11) * 2.0**-53


def test_a_batch_of_other_types_is_refused() -> None:
    """A float column declared as integer would silently get hashes of its own."""
    schema = Schema((Field("k", "integer"),))
    with pytest.raises(CauceError, match="E0201") as wrong:
        row_hashes(pl.DataFrame({"k": [1.0]}), schema)
    assert "Float64" in wrong.value.message
    with pytest.raises(CauceError, match="E0101"):
        row_hashes(pl.DataFrame({"j": [1]}), schema)


def test_hash_columns_join_the_batch() -> None:
    """Samples and splits in an engine need the lanes as columns."""
    batch, schema = pl.DataFrame({"k": [1, 2]}), Schema((Field("k", "integer"),))
    hashed = with_hashes(batch, schema)
    assert hashed.schema == {"k": pl.Int64, "__hash_0": pl.UInt64, "__hash_1": pl.UInt64}
    assert hashed["__hash_1"].to_list() == row_hashes(batch, schema)[1].tolist()
    assert row_hashes(batch.clear(), schema)[0].shape == (0,)
