"""A whole run on Spark against the script that people write, on a table of 28 floats and a binary target.

Reference: a process that starts Spark on this machine, assembles a vector, splits at random, trains
`SparkXGBClassifier` with two workers, asks five evaluators, collects scores three times, draws two plots.
Ours is `cauce run --engine spark` with as many rounds, as a process in a fresh project: it stores a known
snapshot, profiles, looks for leaks, trains, evaluates three folds with intervals, draws its plots, proves and
stores a bundle, and registers it. Both start with imports compiled, on the same master, and take turns. The
peak of memory is not measured: Java takes what it is given.

Every pair has a table of its own and trains on four fifths of it, each side by its own division. Both models
then score rows that neither has seen. DeLong's paired test says whether *these two models* differ there
(`differences`, `intervals`); it knows nothing of what another division of the rows would have given, which is
more: fits of plain XGBoost to other fifths of such a table differ by several times the width of its interval,
because the target hangs on a product of two columns that the first split which happens on one of them
reveals. Whether the two *ways* differ is said by Student's t over the pairs (`interval`), which includes
that. With fewer than three pairs there is no such interval.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import math
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from run_overhead import FEATURES, generate

TARGET = 0.6
ROUNDS = 100

_PROJECT = f"""schema = 1
name = "sparked"
data.source = "rows.parquet"
target.column = "label"
split = {{{{ train = 0.8, validation = 0.1, test = 0.1 }}}}
{{tracking}}
[engine]
kind = "spark"
master = "{{master}}"
workers = 2
[engine.spark]
spark.driver.memory = "{{memory}}"
[[models]]
rounds = {ROUNDS}
eta = 0.1
early_stopping = 0
"""

_REFERENCE = f"""
import os, sys
os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
rows, model, master, memory = sys.argv[1:]
from pyspark.sql import SparkSession
builder = SparkSession.builder.master(master).config("spark.driver.memory", memory)
session = builder.config("spark.ui.enabled", "false").getOrCreate()
session.sparkContext.setLogLevel("ERROR")
from pyspark.ml.evaluation import BinaryClassificationEvaluator, MulticlassClassificationEvaluator
from pyspark.ml.feature import VectorAssembler
from xgboost.spark import SparkXGBClassifier
names = [f"f{{k}}" for k in range({FEATURES})]
frame = VectorAssembler(inputCols=names, outputCol="features").transform(session.read.parquet(rows))
train, validation, test = frame.select("features", "label").randomSplit([0.8, 0.1, 0.1], seed=42)
settings = dict(n_estimators={ROUNDS}, learning_rate=0.1, max_depth=6, num_workers=2)
fitted = SparkXGBClassifier(features_col="features", label_col="label", **settings).fit(train)
scored = fitted.transform(test)
for name in ("areaUnderROC", "areaUnderPR"):
    print(name, BinaryClassificationEvaluator(metricName=name).evaluate(scored))
for name in ("accuracy", "f1", "weightedRecall"):
    print(name, MulticlassClassificationEvaluator(metricName=name).evaluate(scored))
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
from sklearn.metrics import precision_recall_curve, roc_curve
labels = [row[0] for row in scored.select("label").collect()]
scores = [row[0][1] for row in scored.select("probability").collect()]
guesses = [row[0] for row in scored.select("prediction").collect()]
for number, curve in enumerate((roc_curve, precision_recall_curve)):
    first, second, _ = curve(labels, scores)
    plt.figure()
    plt.plot(first, second)
    plt.savefig(f"{{model}}.{{number}}.png")
print(sum(guesses))
fitted.get_booster().save_model(model)
session.stop()
"""


def timed(command: list[str]) -> tuple[float, float]:
    """Run `command` to its end: seconds on the clock, and of processors of it and all that it started.

    Java outlives the process that starts it by a moment, and is waited for after the clock has stopped.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdout=said, stderr=subprocess.STDOUT)
        status = process.wait()
        clock = time.perf_counter() - start
        if status != 0:
            said.seek(0)
            raise SystemExit(f"{said.read()[-4000:].decode()}\n{command[:4]} ended with status {status}")
    with suppress(ChildProcessError):
        while True:
            os.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return clock, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def adopt_orphans() -> None:
    """Processes whose parents end become children of this one, whose processor time is then known."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def fresh_project(folder: Path, data: Path, options: argparse.Namespace) -> Path:
    """A folder with a project file and the data, and nothing made yet."""
    project = Path(tempfile.mkdtemp(dir=folder, prefix="project-"))
    os.link(data, project / "rows.parquet")
    tracking = "tracking.enabled = false" if options.no_tracking else ""
    text = _PROJECT.format(tracking=tracking, master=options.master, memory=options.memory)
    (project / "cauce.toml").write_text(text, encoding="utf-8")
    return project


@dataclass(frozen=True)
class Compared:
    """The areas under both models' curves over the same rows. error: of their difference, by these rows."""

    script: float
    ours: float
    error: float

    @property
    def apart(self) -> float:
        """Ours less the script's."""
        return self.ours - self.script

    @property
    def interval(self) -> tuple[float, float]:
        """That, for these two models, 95 %."""
        return round(self.apart - 1.96 * self.error, 6), round(self.apart + 1.96 * self.error, 6)


def compared(rows: Path, project: Path, model: Path) -> Compared:
    """How the project's model and the script's do over `rows`."""
    import numpy as np
    import polars as pl
    import xgboost

    from cauce.core.bundle.frames import predict_frame
    from cauce.core.bundle.opening import open_stored_bundle
    from cauce.core.metrics.delong import paired_error, placements
    from cauce.running.project_run import Results, states_of
    from cauce.running.workspace import open_workspace

    frame = pl.read_parquet(rows)
    work = open_workspace(project, engine="local")
    records = {one.step.name: one.record for one in states_of(work) if one.record is not None}
    bundle = open_stored_bundle(work.store, Results(work, records).bundle)
    ours = predict_frame(bundle, frame).get_column("probability_1").to_numpy()
    booster = xgboost.Booster(model_file=str(model))
    matrix = frame.drop("label").to_numpy().astype(np.float32)
    theirs = booster.inplace_predict(matrix)
    label = frame.get_column("label").to_numpy()
    positive, negative = (label == 1).astype(float), (label == 0).astype(float)
    pair = [
        placements(np.asarray(one, dtype=float), positive=positive, negative=negative)
        for one in (theirs, ours)
    ]
    assert pair[0] is not None
    assert pair[1] is not None
    error = paired_error((pair[0], pair[1]), positive=positive, negative=negative)
    return Compared(pair[0].area, pair[1].area, error)


@dataclass(frozen=True)
class Measured:
    """By pair: what the script and what ours took, clock and processors, and how their models compare."""

    script: list[tuple[float, float]]
    ours: list[tuple[float, float]]
    models: list[Compared]


def measure(folder: Path, options: argparse.Namespace) -> Measured:
    """Run the pairs."""
    data, small, unseen = (folder / f"{name}.parquet" for name in ("rows", "small", "unseen"))
    generate(small, 2_000, seed=0)
    model = folder / "script.json"

    def script(path: Path) -> tuple[float, float]:
        return timed(
            [sys.executable, "-P", "-c", _REFERENCE, str(path), str(model), options.master, options.memory]
        )

    def ours(path: Path) -> tuple[float, float]:
        for done in folder.glob("project-*"):
            shutil.rmtree(done)
        project = fresh_project(folder, path, options)
        return timed([sys.executable, "-m", "cauce", "run", "--project", str(project), "--quiet"])

    for each in (script, ours):
        each(small)
    took = Measured([], [], [])
    for number in range(options.pairs):
        data.unlink(missing_ok=True)
        generate(data, options.rows, seed=number + 1)
        generate(unseen, max(options.rows // 5, 20_000), seed=1_000 + number)
        sides = ((script, took.script), (ours, took.ours))
        for each, found in sides if number % 2 == 0 else sides[::-1]:
            found.append(each(data))
            clock, processors = found[-1]
            print(f"  {each.__name__} {clock:.2f} s, {processors:.2f} s of processors", flush=True)
        took.models.append(compared(unseen, next(folder.glob("project-*")), model))
        print(f"  {took.models[-1]}", flush=True)
    return took


def judged(models: list[Compared]) -> dict[str, Any]:
    """The areas on average over the pairs, their difference and, from three pairs on, its 95 % interval."""
    from scipy.stats import t

    apart = [one.apart for one in models]
    found: dict[str, Any] = {
        "reference_auc": round(statistics.mean(one.script for one in models), 6),
        "auc": round(statistics.mean(one.ours for one in models), 6),
        "difference": round(statistics.mean(apart), 6),
        "differences": [round(one, 6) for one in apart],
        "intervals": [one.interval for one in models],
        "interval": None,
    }
    if len(models) > 2:
        half = float(t.ppf(0.975, len(models) - 1)) * statistics.stdev(apart) / math.sqrt(len(models))
        mean = statistics.mean(apart)
        found["interval"] = (round(mean - half, 6), round(mean + half, 6))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--master", default="local[2]")
    parser.add_argument("--memory", default="3g", help="of the driver")
    parser.add_argument("--no-tracking", action="store_true", help="without MLflow beside the run")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    adopt_orphans()
    with tempfile.TemporaryDirectory(prefix="cauce-spark-run-") as folder:
        took = measure(Path(folder), options)
    (base_clock, base_work), (clock, work) = (
        tuple(statistics.median(one[place] for one in side) for place in (0, 1))
        for side in (took.script, took.ours)
    )
    models = judged(took.models)
    interval = models["interval"]
    same = interval is not None and interval[0] <= 0 <= interval[1]
    ratio = clock / base_clock
    result = {
        "name": "spark_run",
        "rows": options.rows,
        "master": options.master,
        "reference_seconds": round(base_clock, 2),
        "seconds": round(clock, 2),
        "processor_ratio": round(work / base_work, 3),
        "ratio": round(ratio, 3),
        **models,
        "target": TARGET,
        "holds": ratio <= TARGET and (same or models["difference"] > 0),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
