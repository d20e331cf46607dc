"""Columns of a batch by their exact names."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl


def take(batch: pl.DataFrame, names: Iterable[str]) -> pl.DataFrame:
    """These columns, in this order. `select` would read a name such as "*" or "^a.*$" as a pattern."""
    # A dictionary, because a frame made of a list of series renames the one called "".
    return pl.DataFrame({name: batch.get_column(name) for name in names})
