"""HyperLogLog registers: how many different hashes, estimated from the longest run of zeros in each slot."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cauce.stats.mixing import Words

Registers = NDArray[np.uint8]

INDEX_BITS: Final = 14
SLOTS: Final = 1 << INDEX_BITS
RELATIVE_ERROR: Final = 1.04 / math.sqrt(SLOTS)
"""One standard error of the estimate."""
_RANK_BITS: Final = 64 - INDEX_BITS
_REST: Final = np.uint64((1 << _RANK_BITS) - 1)
_BLOCK: Final = 1 << 14
_MANY: Final = 8
"""Where more than an eighth of a block raised registers, it pays to look at them again."""
_LIMITS: Final = np.array([1 << (_RANK_BITS - rank) for rank in range(_RANK_BITS + 1)] + [0], np.uint64)
"""By rank: what the rest of a hash must be below to have a higher one."""


def no_registers() -> Registers:
    """Of no hashes."""
    return np.zeros(SLOTS, np.uint8)


def registers_of(hashes: Words, *, known: Registers | None = None) -> Registers:
    """The registers of `hashes`. known: registers they will be merged with; ranks that cannot raise
    those are left out, which saves most of the work once there are many hashes."""
    registers = no_registers()
    reached = no_registers() if known is None else known.copy()
    limits = _LIMITS[reached]
    for low in range(0, len(hashes), _BLOCK):
        block = hashes[low : low + _BLOCK]
        rest = block & _REST
        places = (block >> np.uint64(_RANK_BITS)).view(np.int64)
        raising = np.flatnonzero(rest < limits.take(places))
        # Below 2^53 the conversion is exact, so the exponent counts the leading zeros.
        _, exponents = np.frexp(rest[raising].astype(np.float64))
        np.maximum.at(registers, places[raising], (_RANK_BITS + 1 - exponents).astype(np.uint8))
        if _MANY * len(raising) > len(block):
            np.maximum(reached, registers, out=reached)
            limits = _LIMITS[reached]
    return registers


def estimate(registers: Registers) -> float:
    """How many different hashes: Ertl, "New cardinality estimation algorithms for HyperLogLog sketches"
    (2017), algorithm 6."""
    counts = np.bincount(registers, minlength=_RANK_BITS + 2)
    total = SLOTS * _tau(1 - counts[_RANK_BITS + 1] / SLOTS)
    for rank in range(_RANK_BITS, 0, -1):
        total = 0.5 * (total + counts[rank])
    total += SLOTS * _sigma(counts[0] / SLOTS)
    return float(SLOTS * SLOTS / (2 * math.log(2)) / total)


def _sigma(share: float) -> float:
    if share == 1.0:
        return math.inf
    power, total, before = 1.0, share, -1.0
    while total != before:
        share *= share
        before = total
        total += share * power
        power += power
    return total


def _tau(share: float) -> float:
    if share in (0.0, 1.0):
        return 0.0
    power, total, before = 1.0, 1.0 - share, -1.0
    while total != before:
        share = math.sqrt(share)
        before = total
        power *= 0.5
        total -= (1.0 - share) ** 2 * power
    return total / 3.0
