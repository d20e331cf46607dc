"""Planted secrets: none is found in anything that a command writes, prints or raises."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from brought_rows import brought_from

import cauce
from cauce.errors import CauceError
from cauce.sources.sql.sink import load_rows
from cauce.spec.addresses import parse_address
from cauce.testing.canaries import told_by
from cauce.testing.databases import PASSWORD, Server

CANARIES = tuple(f"canary-{number:02}-q7Zx" for number in range(12))


@pytest.fixture
def shop(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project on a table, with secrets in variables and files."""
    for number, canary in enumerate(CANARIES):
        monkeypatch.setenv(f"CANARY_{number}", canary)
        (tmp_path.parent / f"canary-{number}").write_text(canary)
    monkeypatch.chdir(tmp_path)
    server.run("DROP TABLE IF EXISTS orders", "DROP TABLE IF EXISTS scored")
    server.run("CREATE TABLE orders (id int, amount double precision, paid char(3))")
    shares = [(n, n * 7 % 101) for n in range(200)]
    rows = ", ".join(f"({n}, {x / 101}, '{'yes' if x > 40 else 'no'}')" for n, x in shares)
    server.run(f"INSERT INTO orders VALUES {rows}")
    (tmp_path / "cauce.toml").write_text(
        f'name = "shop"\n[data]\nsource = "{server.address("orders")}"\nkey = "id"\n'
        '[target]\ncolumn = "paid"\n[[models]]\nlearner = "logistic"\n'
        '[features]\nacknowledged = ["amount"]\n[tracking]\nenabled = false\n'
    )
    return tmp_path


def failures(server: Server, folder: Path) -> list[Callable[[], object]]:
    """Ways to fail with a planted secret at hand."""
    pl.DataFrame({"n": [1]}).write_parquet(folder / "rows.parquet")
    at, wrong = server.address("orders"), "env:CAUCE_TEST_PASSWORD"

    def read(address: str, query: str | None = None) -> Callable[[], object]:
        return lambda: brought_from(address, folder / "failed", query=query)

    def write(address: str) -> Callable[[], object]:
        return lambda: load_rows(folder / "rows.parquet", parse_address(address), run="r", home=folder)

    by_file = [f"file:{folder.parent}/canary-{number}" for number in range(4)]
    by_name = [f"env:CANARY_{number}" for number in range(4, 12)]
    found = [read(at.replace(wrong, one)) for one in (*by_file, *by_name)]
    found += [write(at.replace(wrong, one)) for one in (*by_file, *by_name[:2])]
    literal = [at.replace(wrong, canary) for canary in CANARIES[:3]]
    literal += [at.replace("//writer@", f"//writer:{canary}@") for canary in CANARIES[3:6]]
    found += [read(one) for one in literal]
    found += [read(f"{one}#x") for one in literal[:2]]
    bare = at.partition("#")[0].replace(wrong, by_name[0]).replace(f":{server.port}", ":1")
    found += [
        read(f"{bare}#orders"),
        write(f"{bare}#orders"),
        read(bare, "select 1"),
        read(f"{bare}&tls=verify#t"),
    ]
    return found


def test_no_secret_is_in_what_a_run_leaves_or_a_failure_says(
    server: Server, shop: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Otherwise a password is in a log, a report or a model that is handed on."""
    said: list[str] = []
    caplog.set_level(logging.DEBUG)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        said += [json.dumps(cauce.run(shop).to_json(), default=str), json.dumps(cauce.plan(shop).to_json())]
        pl.DataFrame({"id": [1, 2], "amount": [0.1, 0.9]}).write_parquet(shop / "new.parquet")
        done = cauce.predict("new.parquet", out=server.address("scored"), project=shop)
        said += [repr(done), json.dumps(cauce.doctor(shop).to_json())]
        tried = failures(server, shop)
        for fail in tried:
            with pytest.raises(CauceError) as caught:
                fail()
            said += told_by(caught.value)
    said += [str(one.message) for one in heard] + [record.getMessage() for record in caplog.records]
    said += list(capfd.readouterr())
    assert len(tried) >= 28
    everything = "\n".join(said)
    kept = b"".join(path.read_bytes() for path in shop.rglob("*") if path.is_file())
    for secret in (*CANARIES, PASSWORD):
        assert secret not in everything
        assert secret.encode() not in kept
