"""The search for planted texts finds them in every form: one that finds nothing proves nothing."""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import urllib.parse
import zipfile
import zlib
from base64 import b64encode
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cauce.testing.canaries import Trace, traces, traces_in

CANARY = 'canary-ñ/"7&Zx'
CANARIES = {"planted": CANARY, "other": "nothing-of-it"}


def _zip(data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.txt", data)
    return file.getvalue()


def _parquet(text: str) -> bytes:
    file = io.BytesIO()
    pl.DataFrame({"a": ["x"] * 100 + [text]}).write_parquet(file, compression="zstd")
    return file.getvalue()


def _ipc(text: str, *, stream: bool) -> bytes:
    file = io.BytesIO()
    frame = pl.DataFrame({"a": ["x"] * 100 + [text]})
    write = frame.write_ipc_stream if stream else frame.write_ipc
    write(file, compression="zstd", compat_level=pl.CompatLevel.oldest())
    return file.getvalue()


def _zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return sink.getvalue().to_pybytes()


WAYS = {
    "plain": CANARY.encode(),
    "json": json.dumps({"a": CANARY}).encode(),
    "url": f"?a={urllib.parse.quote(CANARY, safe='')}".encode(),
    "a path of a url": f"/{urllib.parse.quote(CANARY)}".encode(),
    "utf-16": f"<{CANARY}>".encode("utf-16"),
    "hex": b"ab" + CANARY.encode().hex().encode(),
    "html": CANARY.replace("&", "&amp;").replace('"', "&#34;").encode(),
    "gzip": gzip.compress(CANARY.encode()),
    "zlib": zlib.compress(CANARY.encode()),
    "zstd": _zstd(CANARY.encode()),
    "zip in gzip": gzip.compress(_zip(CANARY.encode())),
    "parquet": _parquet(CANARY),
    "ipc": _ipc(CANARY, stream=False),
    "ipc stream": _ipc(CANARY, stream=True),
    "base64 of utf-8 in zip": _zip(b64encode(b"user:" + CANARY.encode())),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_planted_text_is_found_however_it_is_written(way: str) -> None:
    """A secret in a packed page or in base64 is a secret given away."""
    found = traces(WAYS[way], CANARIES, where="here")
    assert {one.canary for one in found} == {"planted"}
    assert not traces(WAYS[way], {"other": "nothing-of-it"}, where="here")


@given(before=st.binary(max_size=9), after=st.binary(max_size=9))
def test_base64_of_any_surroundings_is_seen_through(before: bytes, after: bytes) -> None:
    """A header is base64 of a user, a colon and the password: where it begins differs."""
    found = traces(b64encode(before + b"canary-0123" + after), {"a": "canary-0123"}, where="here")
    assert Trace("a", "base64", "here") in found


def test_files_names_and_databases_are_searched(tmp_path: Path) -> None:
    """A text that a database splits over pages, or the name of a file, is easily overlooked."""
    (tmp_path / "deep").mkdir()
    database = sqlite3.connect(tmp_path / "deep" / "a.db")
    long = "x" * 5000
    database.execute("create table t (a text)")
    database.execute("insert into t values (?)", (f"{long}{CANARY}{long}",))
    database.commit()
    database.close()
    (tmp_path / "canary-name").touch()
    found = traces_in(tmp_path, {"planted": CANARY, "name": "canary-name"})
    assert {(one.canary, one.where) for one in found} == {
        ("planted", "deep/a.db"),
        ("name", "name of canary-name"),
    }
