"""Requests that a service must refuse with a reason, made by hand."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import served_models as serving
import small_models as small

JSON, CSV, LINES = "application/json", "text/csv", "application/jsonlines"
Case = tuple[str, str, bytes, dict[str, str], set[int]]
"""A name, the path, the body, headers, and the statuses that are right."""

WRONG: dict[str, tuple[str, ...]] = {
    "distance": (
        '"1.5"',
        '""',
        "true",
        "[]",
        "{}",
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999",
        "-1e999",
        "9" * 5000,
        '"NaN"',
        "[1]",
        '{"a": 1}',
        '"1,5"',
        '" 1"',
        '"null"',
        '"-"',
    ),
    "stops": (
        "1.5",
        "1e-1",
        "9223372036854775808",
        "-9223372036854775809",
        "1e400",
        "9" * 5000,
        '"3"',
        "true",
        "NaN",
        "[3]",
        '"3.0"',
        "18446744073709551616",
        "1e19",
        "0.1",
        "-1.0000001",
    ),
    small.HOSTILE: ("1", "1.5", "false", "[]", "{}", '"\\ud800"', '"\\udc00x"', "NaN", '["AA"]'),
    "*": ("1", "0", '"true"', '"sí"', "[]", "{}", "1.0", '""', '"yes"', "NaN"),
    "day": (
        '"2023-02-29"',
        '"31/12/2024"',
        '"20241231"',
        '"2024-W01-1"',
        '"2024-13-01"',
        '"0000-01-01"',
        '"9999-99-99"',
        '"10000-01-01"',
        '"2024-12-31T10:00:00"',
        "20241231",
        "0",
        "true",
        "[]",
        '""',
        '"2024-12-31T00:00:00Z"',
        '" 2024-12-31"',
        '"2024-12-31 "',
        '"２０２４-12-31"',
        '"today"',
        "1704067200",
    ),
    "price": (
        '"abc"',
        "1.105",
        '"1.105"',
        '"NaN"',
        '"Infinity"',
        "1e60",
        "true",
        "[]",
        '"1_0"',
        '"1,5"',
        '""',
    ),
    "at": (
        '"2024-12-31"',
        '"2024-12-31T10"',
        '"2024-12-31T24:00:00"',
        '"2024-12-31T10:60:00"',
        '"10:00"',
        '"2024-12-31T10:00:00Z"',
        '"2024-12-31T10:00:00+02:00"',
        '"2024-12-31T10:00:00.1234567"',
        "1735689600",
        "true",
        "[]",
        '"0000-01-01T00:00:00"',
        '"2024-12-31T10:00:61"',
        '""',
        '"2024-12-31T10:00:00 "',
    ),
}
"""By column, JSON texts that are none of its values."""

MALFORMED: tuple[bytes, ...] = (
    b"", b" ", b"\n", b"{", b"}", b"[", b"]", b"[{]", b"{]", b"nul", b"tru", b"'a'", b"{a: 1}", b"{'a': 1}",
    b'{"a"}', b'{"a":}', b'{"a": 1,}', b'{"a" 1}', b'{,}', b"[1,]", b"[,]", b'"', b'"\\x"', b'"\\u12"', b"01",
    b"1.", b".5", b"1e", b"+1", b"0x10", b"1_000", b"--1", b"\xef\xbb\xbf{}", b"\xff\xfe{\x00}\x00", b"\xff",
    b'{"\xff": 1}', b'{"a": "\xed\xa0\x80"}', b'{"a": "\n"}', b'{"a": "\x00"}', b"{} {}", b"{}x", b"[][]",
    b"[" * 200_000, b'{"a":' * 200_000, b"// x\n{}", b"/* */{}", b'{"a": 1 /* */}', b"undefined", b"<xml/>",
    b"a=1&b=2", b"PK\x03\x04", b"\x80\x04\x95", b"\x00", b'{"a": 1}\x00', b"{\"a\": \xc3\x28}",
    b'{"a": \x1f1}',
)  # fmt: skip

NO_ROWS: tuple[bytes, ...] = (
    b"1", b"1.5", b"true", b"null", b'"text"', b"[1]", b"[null]", b'["a"]', b"[[]]", b"[[1,2]]",
    b"{}", b"[{}]",
    b"[{}, 1]", b"[[{}]]", b'{"data": []}', b'{"rows": [{}]}', b"NaN", b"Infinity", b"-0", b"[NaN]",
)  # fmt: skip

ENVELOPES: tuple[Any, ...] = (
    {"dataframe_split": []}, {"dataframe_split": {}}, {"dataframe_split": {"columns": []}},
    {"dataframe_split": {"data": []}}, {"dataframe_split": {"columns": 1, "data": []}},
    {"dataframe_split": {"columns": ["distance"], "data": [[1, 2]]}},
    {"dataframe_split": {"columns": ["distance"], "data": [1]}},
    {"dataframe_split": {"columns": ["distance"], "data": {}}},
    {"dataframe_split": {"columns": ["distance", "distance"], "data": [[1, 2]]}},
    {"dataframe_split": {"columns": [1], "data": [[1]]}},
    {"dataframe_split": {"columns": ["\ud800", "\ud800"], "data": [[1, 1]]}},
    {"dataframe_split": {"columns": ["distance"], "data": [[1]], "more": 1}},
    {"dataframe_split": {"columns": ["distance"], "data": [[1]]}},
    {"dataframe_split": None}, {"dataframe_records": {}}, {"dataframe_records": 1},
    {"dataframe_records": [1]},
    {"dataframe_records": [{}]}, {"dataframe_records": None}, {"dataframe_records": "x"},
    {"instances": {}}, {"instances": [[1, 2, 3]]}, {"instances": "x"}, {"instances": None},
    {"instances": [{}]},
    {"inputs": 1}, {"inputs": "x"}, {"inputs": None}, {"inputs": {}}, {"inputs": {"distance": [1]}},
    {"inputs": {"distance": [1], "stops": [1, 2]}}, {"inputs": {"distance": [1], "stops": 2}},
    {"inputs": [[1]]}, {"inputs": [1.0]},
    {"instances": [], "inputs": []}, {"instances": [], "other": 1}, {"instances": [], "params": {"a": 1}},
    {"predict": []}, {"signature_name": "x"},
)  # fmt: skip

BAD_CSV: tuple[bytes, ...] = (
    b"x\n", b"a,b\n1,2\n", b"distance\n1\n", b'distance,stops\n"1,2\n', b"\xff\n", b"1,2,3\n1,2\n",
    b"distance,stops,^a*$,*,day,at\n1\n", b"distance,stops,^a*$,*,day,at\n1,2,3,4,5,6,7\n",
    b"distance,stops,^a*$,*,day,at,at\n1,2,3,,,,\n", b"distance,stops,^a*$,*,day\n1,2,3,,\n",
    b"distance,stops,^a*$,*,day,at\nx,2,AA,no,31/12/2020,\n", b"distance,stops,^a*$,*,day,at\n,1.5,AA,,,\n",
    b"distance,stops,^a*$,*,day,at\n,,,maybe,,\n", b"distance,stops,^a*$,*,day,at\n,,,,2020-12-31,\n",
    b"distance,stops,^a*$,*,day,at\n,,,,,10:00\n", b"\x00\n", b'"\n', b'"a""\n', b"distance;stops\n1;2\n",
)  # fmt: skip

BAD_LINES: tuple[bytes, ...] = (
    b"x", b"{}", b"1\n2\n", b"[1]\n", b'{"distance": 1}\n{', b"null\n", b"{}\n{}\n", b"NaN\n", b"\xff\n",
)  # fmt: skip


def _text(column: str, value: str) -> bytes:
    """The row with a JSON text in place of one column's."""
    rest = {name: one for name, one in serving.FINE.items() if name != column}
    return json.dumps(rest)[:-1].encode() + f", {json.dumps(column)}: {value}}}".encode()


def cases() -> Iterator[Case]:
    """Every request with the statuses that are right for it."""
    plain = {"content-type": JSON}
    for column, texts in WRONG.items():
        for value in texts:
            body = _text(column, value)
            yield f"{column}={value[:30]}", "/predict", body, plain, {400, 422}
        for path, body in (
            ("/predict", b"[" + _text(column, texts[0]) + b"]"),
            ("/invocations", b'{"instances":[' + _text(column, texts[0]) + b"]}"),
            (
                "/predict",
                json.dumps(serving.fine()).encode()[:-1] + f",{json.dumps(column)}:null}}".encode(),
            ),
        ):
            yield f"{column} in {path} {body[:30]!r} {len(body)}", path, body, plain, {422}
    for column in serving.FINE:
        without = {name: one for name, one in serving.FINE.items() if name != column}
        yield f"without {column}", "/predict", json.dumps(without).encode(), plain, {422}
        other = {column.upper() + "\u0301": 1, **without}
        yield f"another {column}", "/predict", json.dumps(other).encode(), plain, {422}
    for body in MALFORMED:
        yield f"malformed {body[:20]!r}", "/predict", body, plain, {400}
        yield f"malformed {body[:20]!r} there", "/invocations", body, plain, {400}
    for body in NO_ROWS:
        yield f"no row {body!r}", "/predict", body, plain, {400, 422}
    for number, document in enumerate(ENVELOPES):
        yield f"envelope {number}", "/invocations", json.dumps(document).encode(), plain, {422}
    for number, body in enumerate(BAD_CSV):
        yield f"csv {number}", "/invocations", body, {"content-type": CSV}, {400, 422}
        yield (
            f"csv {number} named",
            "/invocations",
            body,
            {"content-type": CSV + "; header=present"},
            {400, 422},
        )
    for number, body in enumerate(BAD_LINES):
        yield f"lines {number}", "/invocations", body, {"content-type": LINES}, {400, 422}
    yield from _transport()


def _transport() -> Iterator[Case]:
    body = json.dumps(serving.FINE).encode()
    for kind in (
        "text/plain", "text/html", "application/xml", "multipart/form-data; boundary=x",
        "application/octet-stream",
        "application/json; charset=utf-16", "application/json; charset=latin-1",
        "application/pickle", "x", ";",
        "text/csv", "application/jsonlines", "application/json, text/plain", "APPLICATION/XML",
    ):  # fmt: skip
        yield f"type {kind}", "/predict", body, {"content-type": kind}, {415}
    for packing in ("gzip", "br", "deflate", "zstd", "gzip, gzip"):
        headers = {"content-type": JSON, "content-encoding": packing}
        yield f"packed {packing}", "/predict", gzip.compress(body), headers, {415}
    for path in (
        "/predict/", "/Predict", "/PREDICT", "//predict", "/predict/..", "/../predict", "/%2e%2e/etc/passwd",
        "/explain", "/admin", "/.env", "/predict%00", "/predict%0a", "/v2/models",
        "/%C3%A9",
    ):  # fmt: skip
        yield f"path {path!r}", path, body, {"content-type": JSON}, {400, 404}
    for query in (
        "?interval=1",
        "?interval=true",
        "?x=1",
        "?interval=true&x",
        "?%00",
        "?interval",
        "?interval=TRUE",
    ):
        yield f"query {query}", f"/predict{query}", body, {"content-type": JSON}, {400}
    for path in ("/ping", "/health/live", "/metrics", "/", "/openapi.json"):
        yield f"post {path}", path, body, {"content-type": JSON}, {405}
    for host in (
        "evil.example",
        "evil.example:80",
        "169.254.169.254",
        "localhost.evil.example",
        "[::2]",
        "128.0.0.1",
    ):
        yield f"host {host}", "/predict", body, {"content-type": JSON, "host": host}, {403}
