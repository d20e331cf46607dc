"""Addresses and the secrets they refer to."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cauce.core.secrets import MASK, redacted, resolve_secret
from cauce.errors import CauceError
from cauce.sources.sql.wording import parts_of, written
from cauce.spec.addresses import Address, parse_address, text_of
from cauce.spec.settings import FrozenMap

NAMES = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("sqlite:///a b.db#t", Address("sqlite", path="a b.db", fragment="t")),
        ("sqlite:////data/a.db#main.t", Address("sqlite", path="/data/a.db", fragment="main.t")),
        (
            "mysql://ana%40x@db.example:3307/shop?password=env:DB&tls=off#a%23b",
            Address(
                "mysql",
                "ana@x",
                "db.example",
                3307,
                "shop",
                FrozenMap({"password": "env:DB", "tls": "off"}),
                "a#b",
            ),
        ),
        ("postgresql://u@[::1]:5433/d", Address("postgresql", "u", "::1", 5433, "d")),
    ],
)
def test_every_part_of_an_address_is_what_was_written(text: str, parts: Address) -> None:
    """Otherwise another table of another server is read."""
    assert parse_address(text) == parts


@given(user=NAMES, path=NAMES, fragment=NAMES, port=st.integers(1, 65535) | st.none(), value=NAMES)
def test_an_address_written_is_the_address_read(
    user: str, path: str, fragment: str, port: int | None, value: str
) -> None:
    """Otherwise what a message shows is not what was asked."""
    address = Address("mysql", user, "host", port, path, FrozenMap({"ca": value}), fragment)
    assert parse_address(text_of(address)) == address


@pytest.mark.parametrize(
    "text",
    [
        "mysql://ana:hunter2@host/d#t",
        "mysql://ana:hunter2#x@host/d",
        "mysql://ana:hunter2/x@host/d",
        "mysql://ana@host/d?password=hunter2#t",
        "postgresql://ana@host/d?PASSWORD=hunter2",
        "postgresql://ana@host/d?db-token=hunter2",
        "mysql://ana:hunter2@host:x/d",
        "mysql://host/d?password=%68unter2",
        "mysql://host/d?password=envhunter2",
    ],
)
def test_a_password_in_an_address_is_refused_and_not_repeated(text: str) -> None:
    """Otherwise it is committed with the project, or printed."""
    with pytest.raises(CauceError) as caught:
        parse_address(text)
    assert caught.value.code in ("E2500", "E2501", "E2502")
    assert "hunter2" not in f"{caught.value} {caught.value.hint} {caught.value!r} {caught.value.values}"


def test_a_secret_is_found_where_it_is_referred_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise nobody can log in."""
    monkeypatch.setenv("SHOP_PASSWORD", "hunter2-env")
    (tmp_path / "secret").write_text("hunter2-file\n")
    assert resolve_secret("env:SHOP_PASSWORD").reveal() == "hunter2-env"
    assert resolve_secret(f"file:{tmp_path}/secret").reveal() == "hunter2-file"


def test_a_secret_of_the_keyring_is_found_by_service_and_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the system's own key store is of no use."""
    keyring = pytest.importorskip("keyring", reason="the package keyring is not installed")
    from keyring.backend import KeyringBackend
    from keyring.credentials import SimpleCredential

    class Kept(KeyringBackend):
        priority = 1

        def get_password(self, service: str, username: str) -> str | None:
            return "hunter2-ring" if (service, username) == ("shop", "ana") else None

        def set_password(self, service: str, username: str, password: str) -> None:
            raise NotImplementedError

        def delete_password(self, service: str, username: str) -> None:
            raise NotImplementedError

        def get_credential(self, service: str, username: str | None) -> SimpleCredential | None:
            return SimpleCredential("ana", "hunter2-ring") if service == "shop" else None

    before = keyring.get_keyring()
    keyring.set_keyring(Kept())
    try:
        assert resolve_secret("keyring:shop/ana").reveal() == "hunter2-ring"
        assert resolve_secret("keyring:shop").reveal() == "hunter2-ring"
        with pytest.raises(CauceError) as caught:
            resolve_secret("keyring:other")
    finally:
        keyring.set_keyring(before)
    assert caught.value.code == "E2503"


@pytest.mark.parametrize("reference", ["env:NO_SUCH_VARIABLE", "file:/no/such/file", "file:/"])
def test_a_secret_that_is_not_there_is_told_by_its_reference(reference: str) -> None:
    """Otherwise the server refuses a login and nobody knows why."""
    with pytest.raises(CauceError) as caught:
        resolve_secret(reference)
    assert (caught.value.code, caught.value.values) == ("E2503", {"reference": reference})


def test_a_secret_never_shows_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise it stands in the first log that prints its settings."""
    monkeypatch.setenv("SHOP_PASSWORD", "hunter2-shown")
    secret = resolve_secret("env:SHOP_PASSWORD")
    assert {str(secret), repr(secret), f"{secret}", f"{[secret]}"[1:-1], f"{secret:>3}"} == {MASK}
    assert redacted("login as ana with hunter2-shown failed") == f"login as ana with {MASK} failed"
    with pytest.raises(TypeError):
        __import__("copy").copy(secret)


@given(st.lists(NAMES, min_size=1, max_size=2))
def test_a_tables_name_is_written_so_that_it_is_read_back(parts: list[str]) -> None:
    """A name that is quoted without need cannot be read by people, and one that is not is another table's."""
    assert parts_of(written(parts)) == tuple(parts)
    assert written(["raw_data", "predictions"]) == "raw_data.predictions"
