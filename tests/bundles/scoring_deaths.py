"""A program for a standalone cluster: a folder of predictions is made while an executor is killed.

Arguments: the master, the process groups of the workers, a folder with `rows.parquet` and `model`; with a
fourth, nothing is killed by the program. Prints a JSON object of what came of it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path

from cauce.core.bundle.opening import open_bundle
from cauce.engines.spark.session import open_session
from cauce.errors import CauceError
from cauce.running import prediction_on_spark
from cauce.running.prediction import PredictOptions
from cauce.testing.spark import QUICK, Cluster

SIZES = {**QUICK, "spark.executor.memory": "512m", "spark.driver.memory": "512m"}


def kill_one(cluster: Cluster, folder: Path, over: threading.Event, killed: list[int]) -> None:
    """Kill the oldest executor when some parts are there and many are not."""
    while not over.wait(0.05):
        if len(list(folder.glob(".scored.*.part/part-*"))) >= 3:
            for pid in cluster.executors()[:1]:
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
            return


def main(master: str, groups: str, folder: str, unharmed: str = "") -> None:
    root, over, killed = Path(folder), threading.Event(), []
    cluster = Cluster(master, root, tuple(int(one) for one in groups.split(",")))
    prediction_on_spark._LEAST = 100
    prediction_on_spark._TASKS = 1000
    session = open_session(master, settings=SIZES)
    told: dict[str, object] = {}
    thread = threading.Thread(target=kill_one, args=(cluster, root, over, killed))
    if not unharmed:
        thread.start()
    try:
        bundle, options = open_bundle(root / "model"), PredictOptions(key=())
        rows, out = root / "rows.parquet", root / "scored"
        done = prediction_on_spark.predict_on_spark(bundle, rows, session=session, out=out, options=options)
        told["rows"] = done.rows
    except CauceError as error:
        told["code"] = error.code
    over.set()
    if not unharmed:
        thread.join()
    told["killed"] = len(killed)
    session.stop()
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
