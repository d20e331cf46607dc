"""Rows brought from an address, as a frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl

from cauce.sources.brought import Brought, Wanted
from cauce.sources.remote import open_remote
from cauce.spec.addresses import parse_address


def nobody(done: float, total: float | None) -> None:
    """Hears of progress."""


def brought_from(
    address: str,
    folder: Path,
    *,
    query: str | None = None,
    drop: Sequence[str] = (),
    report: Callable[[float, float | None], None] = nobody,
) -> tuple[Brought, pl.DataFrame]:
    """What is brought from an address, and its rows."""
    remote = open_remote(parse_address(address), Wanted(home=folder, query=query, drop=tuple(drop)))
    brought = remote.bring(folder / "brought", report)
    (file,) = brought.files
    return brought, pl.read_parquet(folder / "brought" / file)
