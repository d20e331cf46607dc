"""Histograms on the top bits of ordered 64-bit keys: exact while few, then the finest power of two that fits.

A key is a signed 64-bit integer whose order is the order of the values. A histogram keeps `key >> shift`.
The shift is the smallest for which at most `limit` bins are in use (never above `max_shift`), which
depends on the set of keys alone: so neither the order of the rows nor that of merges can change it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.stats.cells import present

Keys = NDArray[np.int64]
Weights = NDArray[Any]

_MAGNITUDE: Final = np.int64(0x7FFFFFFFFFFFFFFF)
_SMALL: Final = 4096
_SPAN_PER_ROW: Final = 8
_BLOCK_ROWS: Final = 32_768


@dataclass(frozen=True)
class Limits:
    """At most `limit` bins in use, unless that needed a shift above `max_shift`."""

    limit: int
    max_shift: int


@dataclass(frozen=True)
class Bins:
    """`keys`: ascending, distinct, shifted. `weights`: their last axis runs along `keys`."""

    shift: int
    keys: NDArray[np.int64]
    weights: NDArray[Any]

    def __post_init__(self) -> None:
        if self.keys.shape != self.weights.shape[-1:] or not 0 <= self.shift < 64:
            raise ValueError("bins")


def float_keys(values: NDArray[np.float64]) -> Keys:
    """The ordered key of each float64; -0.0 must have been made 0.0. NaN has no place in the order."""
    bits = values.view(np.int64)
    keys: Keys = np.bitwise_xor(bits, (bits >> 63) & _MAGNITUDE)
    return keys


def key_floats(keys: Keys) -> NDArray[np.float64]:
    """The float64 of each ordered key: the inverse of `float_keys`."""
    floats: NDArray[np.float64] = np.bitwise_xor(keys, (keys >> 63) & _MAGNITUDE).view(np.float64)
    return floats


def no_bins(rows: int | None = None) -> Bins:
    """Of no keys: with int64 counts, or with `rows` float64 weights for each key."""
    empty = np.empty(0, np.int64) if rows is None else np.empty((rows, 0), np.float64)
    return Bins(0, np.empty(0, np.int64), empty)


def bins_of(keys: Keys, limits: Limits, *, known: Bins, weights: NDArray[np.float64] | None = None) -> Bins:
    """The histogram of `keys`: int64 counts, or sums of `weights` of shape (rows, len(keys)).

    known: a histogram it will be merged with; it saves bins that the merge would join anyway.
    """
    if not len(keys):
        return no_bins() if weights is None else no_bins(len(weights))
    shift = known.shift
    if not len(known.keys):
        start = _different(keys[: 4 * limits.limit] >> shift)
        shift += _needed_shift(start, limits, shift)
    return fitted(_grouped(keys >> shift, shift, weights), limits)


def float_bins(values: NDArray[np.float64], limits: Limits, *, known: Bins) -> Bins:
    """`bins_of` for float64 values, of which NaN is left out; much faster where they are many."""
    shift = known.shift
    if not len(known.keys):
        start = _different(float_keys(present(values[: 4 * limits.limit])) >> shift)
        shift += _needed_shift(start, limits, shift)
    found = _by_size(values, shift) if shift else None
    if found is None:
        return bins_of(float_keys(present(values)), limits, known=known)
    return fitted(found, limits)


def value_bins(
    values: NDArray[np.float64], counts: NDArray[np.int64], *, limits: Limits, known: Bins
) -> Bins:
    """The histogram of ascending different values (no -0.0, no NaN) with their counts."""
    return fitted(coarsened(Bins(0, float_keys(values), counts), known.shift), limits)


def _by_size(values: NDArray[np.float64], shift: int) -> Bins | None:
    """The histogram of every value but NaN, counted by size and sign; None where sizes lie too far apart."""
    tops = _top_bits(values, shift)
    if not len(tops):
        return None
    sizes = np.bitwise_and(tops, (1 << (63 - shift)) - 1)
    low = int(sizes.min())
    span = int(sizes.max()) - low + 1
    if 2 * span > max(_SPAN_PER_ROW * len(values), _SMALL):
        return None
    # Negative ones after the positive ones.
    tops >>= 63 - shift
    tops *= span
    sizes += tops
    counts = np.bincount(np.subtract(sizes, low, out=sizes))
    used = np.flatnonzero(counts != 0)
    negative, size = np.divmod(used, span)
    keys = np.where(negative, ~(size + low), size + low)
    order = np.argsort(keys)
    return Bins(shift, keys[order], counts[used][order].astype(np.int64))


def _top_bits(values: NDArray[np.float64], shift: int) -> NDArray[np.int64]:
    """The sign, exponent and first mantissa bits of every value but NaN."""
    tops = np.empty(len(values), np.uint64)
    filled = 0
    for low in range(0, len(values), _BLOCK_ROWS):
        cells = present(values[low : low + _BLOCK_ROWS])
        np.right_shift(cells.view(np.uint64), np.uint64(shift), out=tops[filled : filled + len(cells)])
        filled += len(cells)
    return tops[:filled].view(np.int64)


def merged(left: Bins, right: Bins, *, limits: Limits) -> Bins:
    """The histogram of the keys of both."""
    shift = max(left.shift, right.shift)
    one, other = coarsened(left, shift), coarsened(right, shift)
    if len(one.keys) < len(other.keys):
        one, other = other, one
    places = np.searchsorted(one.keys, other.keys)
    known = places < len(one.keys)
    known[known] = one.keys[places[known]] == other.keys[known]
    if known.all():
        weights = one.weights.copy()
        weights[..., places] += other.weights
        return Bins(shift, one.keys, weights)
    keys = np.insert(one.keys, places[~known], other.keys[~known])
    weights = np.insert(one.weights, places[~known], 0, axis=-1)
    weights[..., np.searchsorted(keys, other.keys)] += other.weights
    return fitted(Bins(shift, keys, weights), limits)


def coarsened(bins: Bins, shift: int) -> Bins:
    """The same histogram at a greater or equal `shift`."""
    if shift == bins.shift or not len(bins.keys):
        return Bins(shift, bins.keys, bins.weights)
    keys = bins.keys >> (shift - bins.shift)
    firsts = np.flatnonzero(np.diff(keys, prepend=keys[0] - 1))
    return Bins(shift, keys[firsts], np.add.reduceat(bins.weights, firsts, axis=-1))


def fitted(bins: Bins, limits: Limits) -> Bins:
    """The histogram at the smallest shift that keeps the limits."""
    return coarsened(bins, bins.shift + _needed_shift(bins.keys, limits, bins.shift))


def ends(bins: Bins) -> tuple[Keys, Keys]:
    """The lowest and the highest key of each bin."""
    lowest = bins.keys << bins.shift
    return lowest, lowest | np.int64((1 << bins.shift) - 1)


def _needed_shift(keys: Keys, limits: Limits, shift: int) -> int:
    low, high = 0, max(limits.max_shift - shift, 0)
    while low < high:
        middle = (low + high) // 2
        if len(keys) <= limits.limit or _distinct(keys >> middle) <= limits.limit:
            high = middle
        else:
            low = middle + 1
    return low


def _different(keys: Keys) -> Keys:
    # Sorting is several times faster than np.unique, which puts 64-bit integers in a hash table.
    ordered = np.sort(keys)
    different: Keys = ordered[np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]]
    return different


def _distinct(keys: Keys) -> int:
    return int(np.count_nonzero(keys[1:] != keys[:-1])) + 1


def _grouped(keys: Keys, shift: int, weights: NDArray[np.float64] | None) -> Bins:
    lowest = keys.min()
    span = int(keys.max()) - int(lowest) + 1
    if span <= max(_SPAN_PER_ROW * len(keys), _SMALL):
        return _dense(keys - lowest, int(lowest), shift, weights)
    if weights is None and len(keys) > _SMALL:
        counted = pl.DataFrame({"key": keys}).group_by("key").len("count").sort("key")
        return Bins(shift, counted["key"].to_numpy(), counted["count"].cast(pl.Int64).to_numpy())
    if weights is None:
        distinct, counts = np.unique(keys, return_counts=True)
        return Bins(shift, distinct, counts.astype(np.int64))
    distinct, places = np.unique(keys, return_inverse=True)
    return Bins(shift, distinct, _summed(places, weights, len(distinct)))


def _dense(places: Keys, lowest: int, shift: int, weights: NDArray[np.float64] | None) -> Bins:
    counts = np.bincount(places)
    used = np.flatnonzero(counts != 0)
    keys = used.astype(np.int64) + lowest
    if weights is None:
        return Bins(shift, keys, counts[used].astype(np.int64))
    return Bins(shift, keys, _summed(places, weights, len(counts))[:, used])


def _summed(places: NDArray[np.intp], weights: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    return np.stack([np.bincount(places, row, minlength=size) for row in weights])
