"""A program for a standalone cluster: executors are killed while they summarise, keep and write.

Arguments: the master, the process groups of the workers, a folder. Prints a JSON object of what came of it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import polars as pl

from cauce.core.snapshot_reading import SnapshotSource, verify_snapshot
from cauce.core.snapshot_writing import write_snapshot
from cauce.engines.spark.engine import SparkEngine
from cauce.engines.spark.session import open_session
from cauce.errors import CauceError
from cauce.expr.schema import Field, Schema
from cauce.stats import Identity, Moments
from cauce.stores.local import LocalStore
from cauce.testing.spark import QUICK, Cluster

SCHEMA = Schema((Field("row", "integer"), Field("x", "float")))


class Slow:
    """Work that takes its time, and tells in a file that it has begun."""

    columns = SCHEMA.names
    schema = SCHEMA

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        (self.mark / f"{batch['row'][0]}-{time.monotonic_ns()}").touch()
        time.sleep(0.25)
        return batch


def outcome(action: Any) -> Any:
    try:
        return action()
    except CauceError as error:
        return {"code": error.code, "message": error.message}


class Killing:
    """Kills the oldest executor as soon as the work has begun; `all`: every executor that comes."""

    def __init__(self, cluster: Cluster, mark: Path, *, every: bool = False) -> None:
        self.cluster, self.mark, self.every = cluster, mark, every
        self.over = threading.Event()
        self.killed = 0
        self.thread = threading.Thread(target=self.run)

    def run(self) -> None:
        seen = 0
        while not self.over.wait(0.2):
            begun = len(list(self.mark.iterdir()))
            if begun == seen:
                continue
            for pid in self.cluster.executors() if self.every else self.cluster.executors()[:1]:
                os.kill(pid, signal.SIGKILL)
                self.killed += 1
            if not self.every:
                return
            time.sleep(0.3)
            seen = len(list(self.mark.iterdir()))

    def __enter__(self) -> Killing:
        self.mark.mkdir()
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()


def main(master: str, groups: str, folder: str) -> None:
    root = Path(folder)
    cluster = Cluster(master, root, tuple(int(one) for one in groups.split(",")))
    sizes = {"spark.executor.memory": "512m", "spark.driver.memory": "512m"}
    session = open_session(master, settings={**QUICK, **sizes, "spark.task.maxFailures": "2"})
    engine, told = SparkEngine(session), {}
    frame = pl.DataFrame({"row": range(1200), "x": [k / 7 for k in range(1200)]})
    store = LocalStore(str(root / "store"))
    kept = write_snapshot(frame.iter_slices(100), SCHEMA, store=store, rows_per_part=100)
    source = SnapshotSource(kept, store, batch_rows=50)

    def slow(name: str) -> Any:
        return engine.map(engine.scan(source), Slow(root / name))

    with Killing(cluster, root / "summary") as killing:
        found = outcome(lambda: engine.summarise(slow("summary"), Identity(SCHEMA), Moments(("x",))))
    told["summary"] = found if isinstance(found, dict) else [found[0].identity, found[1]["x"].count]
    told["killed"] = killing.killed
    print(told, flush=True)
    other = LocalStore(str(root / "other"))
    with Killing(cluster, root / "write"):
        manifest = outcome(lambda: engine.write(slow("write"), other))
    told["write"] = manifest if isinstance(manifest, dict) else manifest.identity
    if not isinstance(manifest, dict):
        verify_snapshot(manifest, other, rows=True)
        told["parts"] = sorted(other.list("parts/")) == sorted({part.key for part in manifest.parts})
    print(told, flush=True)
    never = LocalStore(str(root / "never"))
    with Killing(cluster, root / "all", every=True):
        told["all"] = outcome(lambda: engine.write(slow("all"), never).identity)
    told["left"] = list(never.list(""))
    again = outcome(lambda: engine.write(engine.scan(source), never).identity)
    told["again"], told["expected"] = again, kept.identity
    print(json.dumps(told))
    session.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
