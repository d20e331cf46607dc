"""Rows a second of the Spark engine against partitions and workers, on a standalone master of this machine.

A snapshot of 28 floats and a binary target is profiled (one scan of every column) and boosted trees are
trained on it, by one worker process and by two, of one core each, with the rows in a growing number of
partitions. The first jobs of a session, which start Python on the workers, are not counted. Beside rows a
second by the clock there are the seconds of all processors, which depend less on what else runs. From the
best rates follows what a billion rows on sixteen such executors would take, where each doubling of the
workers keeps the share of the speed that the one measured here keeps: an extrapolation, not a measurement.
Two workers on a machine of two cores share its memory, its disk and the driver.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from spark_predict import timed

FEATURES = 28
LANES = ("first", "second")
ROUNDS = 20
BILLION = 1_000_000_000
EXECUTORS = 16


def write_rows(folder: Path, rows: int, partitions: int) -> str:
    """Store a snapshot of so many rows in so many parts; its identity."""
    import numpy as np
    import polars as pl

    from cauce.core.snapshot_writing import write_snapshot
    from cauce.expr.schema import Field, Schema
    from cauce.stores.local import LocalStore

    names = [f"f{k}" for k in range(FEATURES)]
    whole = ("label", "fold", *LANES)
    schema = Schema((*(Field(name, "float") for name in names), *(Field(name, "integer") for name in whole)))

    def batches() -> Any:
        for start in range(0, rows, 100_000):
            random = np.random.default_rng(start)
            matrix = random.normal(size=(min(100_000, rows - start), FEATURES))
            signal = matrix[:, 0] + matrix[:, 1] * matrix[:, 2] + random.logistic(size=len(matrix))
            columns: dict[str, Any] = {name: matrix[:, place] for place, name in enumerate(names)}
            columns |= {"label": (signal > 0).astype(np.int64), "fold": np.zeros(len(matrix), np.int64)}
            columns |= {name: random.integers(-(2**62), 2**62, len(matrix)) for name in LANES}
            yield pl.DataFrame(columns)

    each = math.ceil(rows / partitions)
    store = LocalStore(str(folder))
    return write_snapshot(batches(), schema, store=store, rows_per_part=each).identity


def work(master: str, stored: dict[str, str], groups: list[int]) -> dict[str, dict[str, list[float]]]:
    """Seconds, on the clock and of all processors, of profiling and of training each stored table on
    `master`, Python being warm. stored: folders with the snapshot in each. groups: the workers' processes."""
    from cauce.core.boosting import BoostParameters, BoostSpec
    from cauce.core.profile import Profiling
    from cauce.core.snapshot_reading import SnapshotSource, read_manifest
    from cauce.core.task import target_column
    from cauce.engines.spark.engine import SparkEngine
    from cauce.engines.spark.session import open_session
    from cauce.expr.nodes import Column
    from cauce.running.steps.profile import profiled
    from cauce.stores.local import LocalStore

    session = open_session(master, settings={"spark.executor.memory": "1g", "spark.driver.memory": "1g"})
    engine = SparkEngine(session, workers=len(groups))
    found: dict[str, dict[str, list[float]]] = {}
    for place, (folder, identity) in enumerate(stored.items()):
        store = LocalStore(folder)
        manifest = read_manifest(store, identity)
        source, names = SnapshotSource(manifest, store), manifest.schema.names
        asked = Profiling(manifest.schema, target_column("label", Column("label"), schema=manifest.schema))
        spec = BoostSpec(
            task="binary",
            features=names[:FEATURES],
            label="label",
            fold="fold",
            lanes=LANES,
            classes=2,
            parameters=BoostParameters(rounds=ROUNDS),
        )
        actions = {
            "profile": partial(profiled, engine, source, profiling=asked),
            "train": partial(engine.boost, engine.scan(source), spec),
        }
        for action in actions.values() if place == 0 else ():
            action()
        found[folder] = {name: list(timed(action, groups)) for name, action in actions.items()}
    session.stop()
    return found


def measure(folder: Path, rows: int, partitions: list[int]) -> list[dict[str, Any]]:
    """A point for each number of workers and of partitions."""
    from cauce.testing.spark import run_with, standalone_cluster

    stored = {str(folder / f"store-{count}"): count for count in partitions}
    given = {name: write_rows(Path(name), rows, count) for name, count in stored.items()}
    points = []
    for workers in (1, 2):
        with standalone_cluster(folder / f"cluster-{workers}", workers) as cluster:
            told = json.dumps([cluster.master, given, cluster.groups])
            done = run_with(cluster.master, ["-P", __file__, "--work", told], seconds=3600)
            if done.returncode:
                raise SystemExit(done.stdout[-4000:])
            for name, took in json.loads(done.stdout.strip().splitlines()[-1]).items():
                rates = {way: round(rows / one[0]) for way, one in took.items()}
                used = {f"{way}_processors": round(one[1], 2) for way, one in took.items()}
                points.append({"workers": workers, "partitions": stored[name], **rates, **used})
                print(f"  {points[-1]}", flush=True)
    return points


def extrapolated(points: list[dict[str, Any]], name: str) -> dict[str, float]:
    """What the best rates say of a billion rows on sixteen executors."""
    one, two = (max(point[name] for point in points if point["workers"] == count) for count in (1, 2))
    kept = min(two / (2 * one), 1.0)
    rate = one * EXECUTORS * kept ** math.log2(EXECUTORS)
    return {
        "one_worker": one,
        "two_workers": two,
        "kept_at_doubling": round(kept, 3),
        "minutes_for_a_billion": round(BILLION / rate / 60, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--partitions", type=int, nargs="+", default=[1, 2, 4, 8, 16, 64])
    parser.add_argument("--work", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        print(json.dumps(work(*json.loads(options.work))))
        return
    with tempfile.TemporaryDirectory(prefix="cauce-spark-scaling-") as folder:
        points = measure(Path(folder), options.rows, options.partitions)
    result = {
        "name": "spark_scaling",
        "rows": options.rows,
        "rounds": ROUNDS,
        "points": points,
        "extrapolated": {name: extrapolated(points, name) for name in ("profile", "train")},
        "cores": os.cpu_count(),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
