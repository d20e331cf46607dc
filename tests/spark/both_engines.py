"""A table and a project for runs on both engines, and what it means that they came to the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from cauce.core import snapshot_writing
from cauce.core.bundle.frames import predict_frame
from cauce.core.bundle.opening import open_stored_bundle
from cauce.running.project_run import Results
from cauce.running.steps.objects import read_json

ROWS = 1200


@contextmanager
def snapshots_in_parts(rows: int = 150) -> Iterator[None]:
    """Snapshots written by this process inside have parts of so many rows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshot_writing, "rows_in_part", lambda columns: rows)
        yield


def table(path: Path) -> Path:
    """Numbers, texts and gaps; a class and a number that depend on them; a key, a group and a weight."""
    draw = np.random.default_rng(5)
    a, b = draw.normal(size=ROWS), draw.gamma(2.0, 3.0, ROWS)
    town = draw.choice(["lima", "quito", "la paz", "cusco"], ROWS, p=[0.5, 0.3, 0.15, 0.05])
    chance = 1 / (1 + np.exp(-(1.5 * a - 0.2 * b + (town == "lima"))))
    frame = pl.DataFrame(
        {
            "id": np.arange(ROWS),
            "a": pl.Series(a).set(pl.Series(draw.random(ROWS) < 0.1), None),
            "b": b,
            "town": town,
            "owner": draw.integers(0, 300, ROWS),
            "weight": draw.uniform(0.5, 2.0, ROWS),
            "bought": np.where(draw.random(ROWS) < chance, "yes", "no"),
            "price": np.exp(0.4 * a + 0.1 * b + draw.normal(scale=0.3, size=ROWS)),
        }
    )
    frame.write_parquet(path)
    return path


def project(source: Path, target: str, more: str = "", data: str = "") -> str:
    return f"""
name = "both"
[data]
source = {json.dumps(str(source))}
{data}
[target]
{target}
[tracking]
enabled = false
{more}
"""


def stored(results: Results, step: str, output: str) -> Any:
    return read_json(results.work.store, str(results.records[step].outputs[output].value))


def close(one: Any, other: Any, *, relative: float = 1e-9) -> bool:
    """Whether two JSON values are equal but for the last digits of their numbers."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(close(one[k], other[k], relative=relative) for k in one)
    if isinstance(one, list):
        pairs = zip(one, other, strict=False)
        return len(one) == len(other) and all(close(a, b, relative=relative) for a, b in pairs)
    if isinstance(one, float) and isinstance(other, float | int):
        return bool(np.isclose(one, other, rtol=relative, atol=relative))
    return bool(one == other)


def check_same(local: Results, spark: Results, *, rows: Path, scores: float = 1e-6) -> None:
    """Splits and counts are identical, summaries and features equal but for last digits, scores to 1e-6."""
    for step in ("ingest", "split"):
        assert spark.records[step].outputs == local.records[step].outputs
    assert stored(spark, "split", "split") == stored(local, "split", "split")
    assert close(stored(spark, "profile", "profile"), stored(local, "profile", "profile"))
    assert close(stored(spark, "fit", "features"), stored(local, "fit", "features"))
    mine, theirs = stored(spark, "fit", "training"), stored(local, "fit", "training")
    assert mine["folds"] == theirs["folds"]
    assert close(mine["guess"], theirs["guess"])
    frame = pl.read_parquet(rows) if rows.suffix == ".parquet" else pl.read_csv(rows)
    bundles = [open_stored_bundle(one.work.store, one.bundle) for one in (local, spark)]
    said = [predict_frame(one, frame) for one in bundles]
    for name in said[0].columns:
        first, second = (one.get_column(name) for one in said)
        if first.dtype.is_float():
            np.testing.assert_allclose(second.to_numpy(), first.to_numpy(), rtol=scores, atol=scores)
        else:
            assert second.equals(first)
    metrics = [dict(found.evaluation.tracked()) for found in (local, spark)]
    assert close(metrics[1], metrics[0], relative=scores)
    assert spark.records.keys() == local.records.keys()
    for step, record in local.records.items():
        assert spark.records[step].step.parameters == record.step.parameters
