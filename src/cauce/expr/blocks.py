"""Sums of products added in blocks of 16, the same to the last bit for one row and for a batch.

Left to right within a block, then the blocks' sums in the same way until one is left: the order of `linear`.
A library's dot product adds in an order of its own, which changes with its threads and its processor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from cauce.threads import in_threads

BLOCK = 16
_ROWS = 1024
"""Rows worked on at a time, so that the sums stay in the processor's cache."""
_PART_ROWS = 8192
_NOTHING = -0.0
"""What changes no sum when it is added, not even the sign of a zero."""
Floats = NDArray[np.float64]


def apart(values: Floats, centre: Floats | float, *, out: Floats) -> Floats:
    """values − centre, 0.0 where that is NaN."""
    found: Floats = np.subtract(values, centre, out=out)
    found[np.isnan(found)] = 0.0
    return found


def batch_sums(columns: Sequence[Floats], *, centres: Floats, weights: Floats) -> Floats:
    """[components, rows] of columns of as many rows (NaN is missing); weights: [components, columns].

    A centre of -0.0 is 0.0.
    """
    height, centres = len(columns[0]), centres + 0.0
    made = np.empty((len(weights), height))

    def part(start: int) -> None:
        for low in range(start, min(start + _PART_ROWS, height), _ROWS):
            own = slice(low, min(low + _ROWS, height))
            made[:, own] = _chunk_sums([column[own] for column in columns], centres, weights)

    in_threads(part, range(0, height, _PART_ROWS))
    return made


def _chunk_sums(columns: Sequence[Floats], centres: Floats, weights: Floats) -> Floats:
    shape = (len(weights), len(columns[0]))
    product, distance = np.empty(shape), np.empty(shape[1])
    sums = []
    with np.errstate(all="ignore"):
        for low in range(0, len(columns), BLOCK):
            total = np.empty(shape)
            for at in range(low, min(low + BLOCK, len(columns))):
                apart(columns[at], centres[at], out=distance)
                if at == low:
                    np.multiply(weights[:, at, np.newaxis], distance, out=total)
                else:
                    np.multiply(weights[:, at, np.newaxis], distance, out=product)
                    total += product
            sums.append(total)
        while len(sums) > 1:
            sums = [_added(sums[low : low + BLOCK]) for low in range(0, len(sums), BLOCK)]
    return sums[0]


def _added(block: Sequence[Floats] | Floats) -> Floats:
    total = block[0]
    for one in block[1:]:
        total += one
    return total


def row_sums(centres: Floats, weights: Floats) -> Callable[[Floats], list[float]]:
    """From one row's values [columns], NaN where missing, to its sums; weights: [components, columns]."""
    count, centres = weights.shape[1], centres + 0.0
    placed, ones = _placed(weights), np.ones(-(-count // BLOCK) * BLOCK)

    def sums(values: Floats) -> list[float]:
        distances = ones.copy()
        with np.errstate(all="ignore"):
            apart(values, centres, out=distances[:count])
            level = _added(placed * distances.reshape(-1, BLOCK).T[:, np.newaxis, :])
            while level.shape[1] > 1:
                level = _added(_placed(level))
        found: list[float] = level[:, 0].tolist()
        return found

    return sums


def _placed(terms: Floats) -> Floats:
    """[16, components, blocks] of [components, terms]: 15 additions then make every sum of the level."""
    many, count = terms.shape
    blocks = -(-count // BLOCK)
    padded = np.full((many, blocks * BLOCK), _NOTHING)
    padded[:, :count] = terms
    return np.ascontiguousarray(padded.reshape(many, blocks, BLOCK).transpose(2, 0, 1))
