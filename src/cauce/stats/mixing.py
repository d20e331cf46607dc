"""The two 64-bit mixers and the salts that the row hash is made of (docs/meaning/row-hash.md)."""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]

LANES: Final = (0, 1)
_STEPS: Final = (
    (33, 0xFF51AFD7ED558CCD, 33, 0xC4CEB9FE1A85EC53, 33),
    (30, 0xBF58476D1CE4E5B9, 27, 0x94D049BB133111EB, 31),
)
_CONSTANTS: Final = tuple(tuple(np.uint64(step) for step in steps) for steps in _STEPS)


def mix(words: Words, lane: int, *, spare: Words | None = None) -> Words:
    """`words` after the bijective mixer of `lane`, in place. `spare`: scratch of the same shape.

    Lane 0 is the finaliser of MurmurHash3 (Appleby), lane 1 variant 13 of Stafford (SplitMix64).
    """
    first, multiplier, second, factor, last = _CONSTANTS[lane]
    spare = np.empty_like(words) if spare is None else spare
    np.right_shift(words, first, out=spare)
    np.bitwise_xor(words, spare, out=words)
    np.multiply(words, multiplier, out=words)
    np.right_shift(words, second, out=spare)
    np.bitwise_xor(words, spare, out=words)
    np.multiply(words, factor, out=words)
    np.right_shift(words, last, out=spare)
    np.bitwise_xor(words, spare, out=words)
    return words


def salts(*parts: str) -> Words:
    """Four words: the SHA-256 of `parts` as UTF-8 joined by line feeds, read little-endian."""
    digest = hashlib.sha256("\n".join(parts).encode()).digest()
    return np.frombuffer(digest, dtype="<u8").astype(np.uint64)
