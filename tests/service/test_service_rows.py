"""Rows of requests are read as what they are, or every field that is wrong is named."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
import served_models as serving
from hypothesis import given
from hypothesis import strategies as st

from cauce.core.bundle.inputs import InputColumn
from cauce.errors import CauceError
from cauce.expr.schema import Field
from cauce.service.json_text import read_json
from cauce.service.rows import RowReader
from cauce.service.values import RowsRefused, Unfit, reader_of

FIELDS = (
    Field("number", "float"),
    Field("whole", "integer"),
    Field("flag", "boolean"),
    Field("text", "text"),
    Field("day", "date"),
    Field("at", "datetime"),
    Field("instant", "datetime", zone="UTC"),
)
READER = RowReader(tuple(InputColumn(one) for one in FIELDS), ("id",))
ROW = {
    "number": 1.5,
    "whole": 3,
    "flag": True,
    "text": "a:b",
    "day": "2024-02-29",
    "at": "2024-02-29 10:11",
    "instant": "2024-02-29T23:30:00-02:00",
}


def value_of(kind: str, text: str, scale: int | None = None, zone: Any = None) -> Any:
    return reader_of(Field("x", kind, scale, zone))(read_json(text.encode()))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("float", "1", 1.0),
        ("float", "-0.5e3", -500.0),
        ("float", "9007199254740993", 9007199254740992.0),
        ("float", "123456789012345678901234567890", 123456789012345678901234567890.0),
        ("float", "1e-999", 0.0),
        ("float", "null", None),
        ("integer", "-9223372036854775808", -(2**63)),
        ("integer", "3.0", 3),
        ("integer", "1e3", 1000),
        ("integer", "9007199254740993", 2**53 + 1),
        ("integer", "9007199254740993.0", 2**53 + 1),
        ("boolean", "false", False),
        ("text", '""', ""),
        ("text", '"\\ud83d\\ude00"', "😀"),
        ("date", '"2024-02-29"', date(2024, 2, 29)),
        ("date", '"2024-02-29T00:00:00"', date(2024, 2, 29)),
        ("date", '"0001-01-01"', date(1, 1, 1)),
        ("datetime", '"2024-02-29 10:11"', datetime(2024, 2, 29, 10, 11)),
        ("datetime", '"2024-02-29T10:11:12.5"', datetime(2024, 2, 29, 10, 11, 12, 500_000)),
    ],
)
def test_values_are_read_as_what_they_are(kind: str, text: str, value: Any) -> None:
    """A value taken for another one gives a prediction for another row."""
    found = value_of(kind, text)
    assert (type(found), found) == (type(value), value)


def test_an_offset_becomes_utc_and_a_decimal_keeps_its_digits() -> None:
    """Half past eleven in Noronha is the next day in UTC; 1.10 is not 1.1000000000000001."""
    found = value_of("datetime", '"2024-02-29T23:30:00-02:00"', zone="UTC")
    assert found == datetime(2024, 3, 1, 1, 30)
    assert value_of("decimal", "1.1", scale=2) == value_of("decimal", '"1.10"', scale=2) == Decimal("1.10")
    assert value_of("decimal", "9" * 36, scale=2) == Decimal("9" * 36 + ".00"), "all 38 digits of a column"


@pytest.mark.parametrize(
    ("kind", "text", "form"),
    [
        ("float", '"1.5"', False),
        ("float", "true", False),
        ("float", "NaN", False),
        ("float", "-Infinity", False),
        ("float", "1e999", True),
        ("float", "9" * 5000, True),
        ("float", "[1]", False),
        ("integer", "1.5", True),
        ("integer", "9223372036854775808", True),
        ("integer", "1e400", True),
        ("integer", "9" * 5000, True),
        ("integer", '"3"', False),
        ("integer", "true", False),
        ("boolean", "1", False),
        ("boolean", '"true"', False),
        ("text", "1234", False),
        ("text", "false", False),
        ("text", '"\\ud800"', True),
        ("text", "{}", False),
        ("date", '"2023-02-29"', True),
        ("date", '"31/12/2024"', True),
        ("date", '"2024-02-29T10:00:00"', True),
        ("date", '"20240229"', True),
        ("date", "20240229", False),
        ("date", '"10000-01-01"', True),
        ("datetime", '"2024-02-29"', True),
        ("datetime", '"2024-02-29T10:00:00Z"', True),
        ("datetime", '"2024-02-29T25:00:00"', True),
        ("datetime", '"2024-02-29T10:00:00.1234567"', True),
        ("datetime", "0", False),
        ("decimal", '"1_0"', True),
        ("decimal", "1.105", True),
        ("decimal", '"NaN"', True),
        ("decimal", "1e60", True),
        ("decimal", "9" * 37, True),
        ("decimal", "1e-300", True),
    ],
)
def test_nothing_is_converted_by_guessing(kind: str, text: str, form: bool) -> None:
    """A silent conversion is a wrong prediction that nobody sees."""
    with pytest.raises(Unfit) as refused:
        value_of(kind, text, scale=2 if kind == "decimal" else None)
    assert refused.value.form is form


def test_every_fault_is_named_at_once() -> None:
    """Whoever mends one field at a time deploys seven times."""
    body = b'{"number": "1", "whole": 1.5, "flag": 1, "text": 2, "day": "x", "number": 2, "other": 1}'
    with pytest.raises(RowsRefused) as refused:
        READER.one(body)
    found = sorted((one.code, one.field) for one in refused.value.faults)
    assert found == [
        ("E2430", "at"),
        ("E2430", "instant"),
        ("E2431", "flag"),
        ("E2431", "text"),
        ("E2432", "day"),
        ("E2432", "whole"),
        ("E2433", "number"),
    ]


@pytest.mark.parametrize(
    "body",
    [
        b'{"number": 1, "number": 1}',
        b'{"text": "a", "text": "a:b"}',
        b'{"te\\u0078t": "a", "text": "b"}',
        b'{"text": "\\u003a", "text": ""}',
    ],
)
def test_a_name_that_occurs_twice_never_passes(body: bytes) -> None:
    """Two programs would score two different rows from the same bytes."""
    name = "number" if b"number" in body else "text"
    rest = json.dumps({key: value for key, value in ROW.items() if key != name}).encode()
    with pytest.raises(RowsRefused) as refused:
        READER.one(body[:-1] + b"," + rest[1:])
    assert [(one.code, one.field) for one in refused.value.faults] == [("E2433", name)]


def test_further_fields_are_ignored_or_refused_as_declared() -> None:
    """A misspelled optional field must not vanish where the owner wants to know of it."""
    strict = RowReader(READER.columns, ("id",), "refuse")
    body = json.dumps({**ROW, "id": 7, "numbre": 1}).encode()
    assert READER.one(body)["id"] == 7
    assert "numbre" not in READER.one(body)
    with pytest.raises(RowsRefused) as refused:
        strict.one(body)
    assert [(one.code, one.field) for one in refused.value.faults] == [("E2434", "numbre")]


values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**66), 2**66),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.sampled_from('a:"\\ñ\n😀'), max_size=6),
    st.sampled_from(["2024-02-29", "2024-02-29T10:11:12", "2024-02-29T10:11:12Z", "2024-02-30"]),
)
rows = st.fixed_dictionaries(dict.fromkeys(ROW, values), optional={"id": values, "x:y": values})


@given(st.lists(rows, max_size=4), st.booleans())
def test_reading_at_once_and_strictly_give_the_same(found: list[dict[str, Any]], escaped: bool) -> None:
    """The fast way would take what the strict one refuses, or read it as something else."""
    body = json.dumps(found, ensure_ascii=escaped).encode()
    outcomes = []
    for read in (READER.many, lambda data: READER.strictly(read_json(data))):
        try:
            outcomes.append([{k: repr(v) for k, v in row.items() if k != "id"} for row in read(body)])
        except RowsRefused as error:
            outcomes.append([(one.code, one.row, one.field) for one in error.faults])  # type: ignore[misc]
    assert outcomes[0] == outcomes[1]


@given(st.binary(max_size=60))
def test_any_bytes_are_rows_or_a_coded_refusal(body: bytes) -> None:
    """One odd byte from anywhere would be a crash of the service."""
    for read in (READER.one, READER.many):
        try:
            code = str(read(body))
        except RowsRefused:
            code = "E2411"
        except CauceError as error:
            code = error.code
        assert code in ("E2410", "E2411", "E2422", "[]")


def test_the_fast_way_is_taken_where_it_can_be() -> None:
    """Served strictly, every row would cost four times as much; nobody would see why."""
    body = json.dumps(ROW).encode()
    row = READER._one.decode(body)
    assert READER._surely_once(body, (row,))
    assert serving.served().reader.one(json.dumps(serving.FINE).encode())["price"] == Decimal("12.50")


def _nested(levels: int, inner: str = "1.50", object_: bool = False) -> bytes:
    begin, end = ('{"a":', "}") if object_ else ("[", "]")
    return (begin * levels + inner + end * levels).encode()


def _with_key(value: bytes) -> bytes:
    return json.dumps(ROW).encode()[:-1] + b',"id":' + value + b"}"


@pytest.mark.parametrize("object_", [False, True])
@pytest.mark.parametrize("inner", ["1.50", ""])
@pytest.mark.parametrize("levels", [33, 300, 900, 980, 990, 995, 997, 998])
def test_a_key_nested_too_deeply_is_refused_by_name(levels: int, inner: str, object_: bool) -> None:
    """What can barely be read cannot be written down: the request would end in an error of the server's."""
    body = _with_key(_nested(levels, inner if inner or not object_ else "{}", object_))
    for found in (body, b"[" + body + b"]"):
        with pytest.raises((RowsRefused, CauceError)) as refused:
            READER.one(found) if found == body else READER.many(found)
        if isinstance(refused.value, RowsRefused):
            (fault,) = refused.value.faults
            assert (fault.code, fault.field) == ("E2432", "id")
            assert "32" in fault.error.values["expected"]
        else:
            assert refused.value.code == "E2410"
            assert levels > 900


@pytest.mark.parametrize("object_", [False, True])
def test_a_key_is_kept_as_it_was_sent_whichever_way_it_is_read(object_: bool) -> None:
    """A number within a list would be a text in what one model keeps, and a number in another's."""
    body = _with_key(_nested(32, object_=object_))
    (strict,) = READER.strictly([read_json(body)])
    assert READER.one(body)["id"] == strict["id"] == json.loads(body)["id"]
    assert READER.many(b"[" + body + b"]")[0]["id"] == strict["id"]
