"""Numbers as they are kept for many scans."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Narrowed:
    """The batch, the numbers in `single` rounded to float32: what the local engine keeps of them."""

    single: tuple[str, ...]

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        """One row for each row of `batch`, in its order."""
        rounded = [batch.get_column(name).cast(pl.Float32).cast(pl.Float64) for name in self.single]
        return batch.with_columns(rounded)
