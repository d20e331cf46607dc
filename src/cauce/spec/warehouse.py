"""Where the stages of a run are mirrored as tables of a database."""

from __future__ import annotations

from collections.abc import Iterator

from cauce.errors import CauceError
from cauce.language import gettext_noop as _
from cauce.spec.addresses import DATABASES, parse_address, scheme_of
from cauce.spec.findings import Finding
from cauce.spec.settings import Name, Natural, section, setting

RAW, CLEAN, BATCH_ROWS = "raw_data", "clean_data", 15_000


@section
class Warehouse:
    """A database that mirrors the stages of each run as tables."""

    url: Name | None = setting(
        _("The database, such as mysql://user@host?password=env:NAME; no tables where absent."),
        default=None,
        example="mysql://writer@db.example.org?password=env:DB_PASSWORD",
    )
    raw: Name | None = setting(
        _("Where initial_data and predictions are: a database of MySQL, a schema; raw_data where absent."),
        default=None,
    )
    clean: Name | None = setting(
        _("Where train_data, val_data, test_data and experiments are; clean_data where absent."), default=None
    )
    batch_rows: Natural | None = setting(
        _("How many rows of train_data have one batch_id; 15000 where absent."), default=None
    )


def warehouse_findings(warehouse: Warehouse) -> Iterator[Finding]:
    """E2560 for an address of no database or of one table, and what is wrong with it as an address."""
    if warehouse.url is None:
        return
    if scheme_of(warehouse.url) not in DATABASES:
        yield Finding("E2560", ("warehouse", "url"), _told(scheme_of(warehouse.url) or "-"))
        return
    try:
        address = parse_address(warehouse.url)
    except CauceError as error:
        yield Finding(error.code, ("warehouse", "url"), error.values)
        return
    if address.fragment:
        yield Finding("E2560", ("warehouse", "url"), _told(f"{address.scheme}://…#"))


def _told(scheme: str) -> dict[str, str]:
    return {"setting": "warehouse.url", "scheme": scheme}
