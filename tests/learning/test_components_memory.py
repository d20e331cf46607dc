"""Principal components of so many columns that the machine cannot hold their products are refused."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cauce.core.memory import components_memory
from cauce.errors import CauceError
from cauce.running import memory
from cauce.running.project_run import run_project
from cauce.running.workspace import open_workspace
from cauce.stats.gram import Gram

PROJECT = """
schema = 1
name = "wide"
[data]
source = "table.parquet"
[target]
column = "y"
task = "regression"
[features.pca.shape]
columns = "numbers"
components = 2
[tracking]
enabled = false
[[models]]
rounds = 2
"""


def wide(folder: Path, more: str = "") -> Path:
    draw = np.random.default_rng(1)
    table = pl.DataFrame({f"a{at}": draw.normal(size=300) for at in range(30)})
    table.with_columns(y=pl.col("a0") + pl.Series(3 * draw.normal(size=300))).write_parquet(
        folder / "table.parquet"
    )
    (folder / "cauce.toml").write_text(PROJECT + more, encoding="utf-8")
    return folder


def test_the_estimate_is_no_less_than_what_products_take_and_not_three_times_as_much() -> None:
    """An estimate too low lets a run be killed; one too high refuses what fits."""
    names = tuple(f"a{at}" for at in range(200))
    batch = pl.DataFrame({name: np.random.default_rng(1).normal(size=20_000) for name in names})
    tracemalloc.start()
    try:
        Gram(names, (0.5,) * 200, (2.0,) * 200).of(batch)
        taken = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # The batch itself and the one made ahead are Polars' and not traced.
    assert taken <= components_memory([200], rows=20_000) - 16 * 200 * 20_000 + 8 * 200 * 20_000
    assert components_memory([200], rows=20_000) <= 3 * (taken + 16 * 200 * 20_000)


@pytest.mark.parametrize("more", ["", "[choose]\nfolds = { k = 3 }\n"])
def test_a_run_that_cannot_hold_them_ends_before_anything_is_learned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str
) -> None:
    """Killed by the system in the middle of a batch, nobody knows what to change."""
    work = open_workspace(wide(tmp_path, more))
    run_project(work, until="leaks")
    monkeypatch.setattr(memory, "_total", lambda: 100_000)
    with pytest.raises(CauceError) as refused:
        run_project(open_workspace(tmp_path), until="fit")
    assert refused.value.code == "E2312"
    assert "30 columns from batches of 300 rows" in refused.value.message


def test_smaller_batches_fit_where_larger_ones_do_not() -> None:
    """What the hint advises must help."""
    assert components_memory([1000], rows=131_072) > 3 * 10**9 > 10 * components_memory([1000], rows=4_096)
