"""Features as the one matrix that trees are grown on and that they score."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

Matrix = npt.NDArray[np.float32]
_MANY_ROWS = 8192
LARGEST = np.float32(1e38)
"""Values beyond ±LARGEST, ±inf included, count as ±LARGEST: XGBoost takes no infinity."""


def float32_matrix(columns: Sequence[pl.Series], *, height: int) -> Matrix:
    """Numbers and booleans side by side, float32 [height, columns]: null is NaN, beyond ±1e38 is ±1e38."""
    if height >= _MANY_ROWS and columns:
        # All columns at once, by Polars' threads.
        frame = pl.DataFrame({str(place): column for place, column in enumerate(columns)})
        return limited(frame.select(pl.all().cast(pl.Float32)).to_numpy(order="c", writable=True))
    made = np.empty((height, len(columns)), dtype=np.float32)
    for place, column in enumerate(columns):
        made[:, place] = column.cast(pl.Float32).to_numpy()
    return limited(made)


def limited(made: Matrix) -> Matrix:
    """`made` itself, its values limited to ±1e38."""
    clipped: Matrix = np.clip(made, -LARGEST, LARGEST, out=made)
    return clipped
