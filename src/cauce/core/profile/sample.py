"""The sample of a table: different rows with how often each came, and columns of it as codes and ranks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.core.profile.values import Sample
from cauce.stats.thinning import ThinnedRows

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SampleRows:
    """rows: different rows. weights: how often each came in the table."""

    rows: pl.DataFrame
    weights: Floats
    total: int
    target: str | None

    @staticmethod
    def of(thinned: ThinnedRows, target: str | None) -> SampleRows:
        """The sample as the scan gave it. target: the name of its column, if it has one."""
        return SampleRows(thinned.rows, thinned.counts.astype(np.float64), thinned.total, target)

    @property
    def size(self) -> Sample:
        """How many rows of the table it stands for."""
        return Sample(int(self.weights.sum()), self.total)

    def head(self, rows: int) -> SampleRows:
        """The first different rows, which are a sample too, for they are in the order of their hash."""
        return SampleRows(self.rows.head(rows), self.weights[:rows], self.total, self.target)

    def cells(self, name: str) -> pl.Series:
        """A column, without its name; empty where no row was seen."""
        if name not in self.rows.columns:
            return pl.Series("cells", [], pl.String)
        return self.rows.get_column(name).alias("cells")

    def numbers(self, name: str) -> Floats:
        """A column of numbers with NaN where there is none or where it is infinite."""
        cells = self.cells(name).cast(pl.Float64).to_numpy()
        return np.where(np.isfinite(cells), cells, np.nan)

    @cached_property
    def plain(self) -> bool:
        """Whether no row came twice."""
        return bool((self.weights == 1.0).all())


@dataclass(frozen=True)
class Coded:
    """A column as numbers of its parts. codes: -1 for what has no part. values: of each part."""

    codes: Codes
    values: tuple[Any, ...]
    rest: bool = False


def by_level(cells: pl.Series, weights: Floats, *, most: int) -> Coded:
    """The most frequent levels, and the others together (`rest`) where there are more; null is no part."""
    frame = pl.DataFrame({"value": cells, "weight": weights})
    counted = frame.drop_nulls("value").group_by("value").agg(pl.col("weight").sum())
    ranked = counted.sort("weight", "value", descending=[True, False])
    kept = ranked.head(most).select("value").with_row_index("code").cast({"code": pl.Int64})
    rest = ranked.height > most
    joined = frame.select("value").join(kept, on="value", how="left", maintain_order="left")
    other = kept.height if rest else -1
    codes = joined.select(
        pl.when(pl.col("value").is_null()).then(-1).otherwise(pl.col("code").fill_null(other))
    )
    return Coded(codes.to_series().cast(pl.Int64).to_numpy(), tuple(kept["value"]), rest)


def ranks(values: Floats, weights: Floats, *, plain: bool) -> Floats:
    """Middle ranks of the values, equal ones sharing theirs; NaN stays. plain: every weight is one."""
    found = np.full(len(values), np.nan)
    present = np.flatnonzero(~np.isnan(values))
    order = present[np.argsort(values[present])]
    ordered = values[order]
    if not len(ordered):
        return found
    firsts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    sizes = (
        np.diff(np.append(firsts, len(ordered))).astype(np.float64)
        if plain
        else np.add.reduceat(weights[order], firsts)
    )
    ends = np.cumsum(sizes)
    middles = ends - (sizes - 1) / 2
    found[order] = np.repeat(middles, np.diff(np.append(firsts, len(ordered))))
    return found
