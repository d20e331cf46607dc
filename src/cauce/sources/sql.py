"""Tables and queries of databases as rows to be brought."""

from __future__ import annotations

from cauce.errors import CauceError
from cauce.sources.remote import Remote, Wanted
from cauce.spec.addresses import Address


def open_database(address: Address, wanted: Wanted) -> Remote:
    """The rows of a table or a query."""
    raise CauceError("E0330", scheme=address.scheme)
