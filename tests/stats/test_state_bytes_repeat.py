"""Equal states have equal bytes, else a bundle's digest would change from run to run."""

from __future__ import annotations

import random

import polars as pl

from cauce.stats import Levels, LevelSums


def test_levels_gathered_in_any_order_are_the_same_bytes() -> None:
    """Texts longer than a view holds came out in the order in which threads had met them."""
    draw = random.Random(1)
    words = [f"a level with a long name, number {draw.randrange(300)}" for _ in range(5000)]
    for summary in (Levels(("w",)), LevelSums("w", "x")):
        found = set()
        for seed in range(6):
            random.Random(seed).shuffle(words)
            frame = pl.DataFrame({"w": words, "x": [1.0] * len(words)})
            state = summary.start()
            for batch in frame.iter_slices(1000 + seed):
                state = summary.update(state, batch)
            found.add(summary.dump(state))
        assert len(found) == 1
