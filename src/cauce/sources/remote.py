"""Rows that are somewhere else: brought here whole, as files, before anything looks at them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cauce.errors import CauceError
from cauce.sources.brought import Remote, Wanted
from cauce.spec.addresses import Address, is_for_sqlalchemy

Opener = Callable[[Address, Wanted], Remote]


def _opener_of_databases() -> Opener:
    from cauce.sources.sql import open_database

    return open_database


def _opener_of_web_files() -> Opener:
    from cauce.sources.http_address import open_web_file

    return open_web_file


def _opener_of_portals() -> Opener:
    from cauce.sources.socrata_source import open_dataset

    return open_dataset


_OPENERS: Mapping[str, Callable[[], Opener]] = {
    "mysql": _opener_of_databases,
    "mariadb": _opener_of_databases,
    "postgresql": _opener_of_databases,
    "postgres": _opener_of_databases,
    "sqlite": _opener_of_databases,
    "http": _opener_of_web_files,
    "https": _opener_of_web_files,
    "socrata": _opener_of_portals,
}


def open_remote(address: Address, wanted: Wanted) -> Remote:
    """The rows at an address. E0330 for a scheme that is not served, and what is wrong with the address."""
    found = _OPENERS.get(address.scheme)
    if is_for_sqlalchemy(address.scheme):
        found = _opener_of_databases
    if found is None:
        raise CauceError("E0330", scheme=address.scheme)
    return found()(address, wanted)
