"""Rows that XGBoost has taken in are not held a second time."""

from __future__ import annotations

import numpy as np
import pytest

from cauce.core.boosting_rows import Part
from cauce.engines.trees.spooling import Spool, order_of

ROWS, FEATURES = 70_000, 4


def part(seed: int) -> Part:
    random = np.random.default_rng(seed)
    lanes = tuple(random.integers(0, 2**64, ROWS, dtype=np.uint64) for _ in range(2))
    features = random.normal(size=(ROWS, FEATURES)).astype(np.float32)
    return Part(features, random.integers(0, 2, ROWS).astype(np.float32), None, (lanes[0], lanes[1]))


@pytest.mark.parametrize("memory", [0, ROWS * FEATURES * 4, 1 << 30])
def test_a_spool_forgets_features_and_keeps_what_is_asked_for_later(memory: int) -> None:
    """Else a fit would hold its rows twice, or a forest would lose the order of them."""
    with Spool(memory, lanes=True) as spool:
        for seed in range(3):
            spool.add(part(seed))
        before = order_of((spool,))
        spool.forget()
        assert spool.rows == 3 * ROWS
        assert order_of((spool,)).tolist() == before.tolist()
        assert sum(one.features.nbytes for one in spool.hashes()) == 0
        assert all(one.features.base is None for one in spool.hashes())
