"""Scoring a Parquet file of 28 floats on Spark, against `mlflow.pyfunc.spark_udf` of the same booster.

One session on local[2]. Reference: Spark reads the file, the function scores it with the booster that MLflow
loads (pandas batches, in this environment), Spark writes id and probability as Parquet. Ours: `cauce predict
--engine spark` of the same file into a folder, with both probabilities, version, snapshot and time; and
`model.transform` of the same DataFrame, read and written by Spark as the reference's is. Each is done once
on few rows before; then rounds alternate. `ratio` is rows a second of `cauce predict` over the reference's,
`transform_ratio` of `transform`, between medians; `processor_ratio` and `transform_processor_ratio` are of
processor seconds of Java and of all Python processes.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

import predict
from cauce.threads import limit_threads

# Its own folder holds profile.py, which pyspark would take for Python's.
sys.path[:] = [path for path in sys.path if Path(path or ".").resolve() != Path(__file__).resolve().parent]
TARGET = 2.0
_TICKS = os.sysconf("SC_CLK_TCK")


def processor_seconds(groups: Collection[int] = ()) -> float:
    """Of this process, of those in process groups, and of all below them that live, with those of theirs that
    ended."""
    below: dict[int, list[int]] = {}
    used: dict[int, float] = {}
    waiting = [os.getpid()]
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with suppress(OSError, IndexError, ValueError):
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                number = int(folder.name)
                used[number] = sum(map(int, fields[11:15])) / _TICKS
                below.setdefault(int(fields[1]), []).append(number)
                if int(fields[2]) in groups:
                    waiting.append(number)
    counted: set[int] = set()
    while waiting:
        number = waiting.pop()
        counted.add(number)
        waiting += [one for one in below.get(number, []) if one not in counted]
    return sum(used.get(number, 0.0) for number in counted)


def timed(work: Callable[[], Any], groups: Collection[int] = ()) -> tuple[float, float]:
    """Seconds on the clock and of processors, also of those in process groups."""
    clock, used = time.perf_counter(), processor_seconds(groups)
    work()
    return time.perf_counter() - clock, processor_seconds(groups) - used


def mlflow_function(session: Any, folder: Path, names: list[str]) -> Any:
    """The booster as MLflow's own function for Spark."""
    import mlflow.xgboost
    import xgboost

    booster = xgboost.Booster(model_file=folder / "model.json")
    booster.feature_names = names
    mlflow.xgboost.save_model(booster, folder / "mlflow", pip_requirements=[])
    return mlflow.pyfunc.spark_udf(session, str(folder / "mlflow"), result_type="double", env_manager="local")


def main() -> None:
    measured_on_spark("predict", __doc__, measured)


def measured_on_spark(
    name: str, description: str | None, measured: Callable[[Any, Path, argparse.Namespace], dict[str, Any]]
) -> None:
    """Print what `measured` finds with a session on local[2] in a folder of its own, for so many rows."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    limit_threads()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    from cauce.engines.spark.session import open_session

    # Java as Spark starts it, and not as Cauce would for itself: the reference works there.
    settings = {"spark.driver.memory": "4g", "spark.driver.defaultJavaOptions": ""}
    session = open_session("local[2]", settings=settings)
    try:
        with tempfile.TemporaryDirectory(prefix=f"cauce-spark-{name}-") as folder:
            print(json.dumps(measured(session, Path(folder), options)))
    finally:
        session.stop()


def measured(session: Any, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    import cauce

    rows, few = folder / "rows.parquet", folder / "few.parquet"
    predict.generate(rows, options.rows)
    predict.generate(few, 20_000)
    predict._numbers(predict._TRAIN, rows, folder)
    names = [f"x{k}" for k in range(predict.FEATURES)]
    function = mlflow_function(session, folder, names)
    model = cauce.load(folder / "bundle")

    def reference(file: Path) -> None:
        from pyspark.sql.functions import struct

        read = session.read.parquet(str(file))
        made = read.select("id", function(struct(*names)).alias("probability"))
        made.write.mode("overwrite").parquet(str(folder / "reference"))

    def ours(file: Path) -> None:
        cauce.predict(file, out=folder / "ours", model=folder / "bundle", overwrite=True, spark=session)

    def transformed(file: Path) -> None:
        made = model.transform(session.read.parquet(str(file))).select("id", "probability_1")
        made.write.mode("overwrite").parquet(str(folder / "transformed"))

    ways = {"reference": reference, "ours": ours, "transform": transformed}
    found: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    for work in ways.values():
        work(few)
    for _ in range(options.rounds):
        for way, work in ways.items():
            found[way].append(timed(lambda work=work: work(rows)))  # type: ignore[misc]
        print("  " + ", ".join(f"{way} {one[-1][0]:.2f} s ({one[-1][1]:.2f})" for way, one in found.items()))
    _agree(folder)
    return _told(found, options.rows)


def _told(found: dict[str, list[tuple[float, float]]], rows: int) -> dict[str, Any]:
    seconds = {way: statistics.median(one[0] for one in many) for way, many in found.items()}
    used = {way: statistics.median(one[1] for one in many) for way, many in found.items()}
    ratio = seconds["reference"] / seconds["ours"]
    return {
        "name": "spark_predict",
        "rows": rows,
        "reference_seconds": round(seconds["reference"], 3),
        "seconds": round(seconds["ours"], 3),
        "transform_seconds": round(seconds["transform"], 3),
        "rows_per_second": round(rows / seconds["ours"]),
        "ratio": round(ratio, 3),
        "transform_ratio": round(seconds["reference"] / seconds["transform"], 3),
        "processor_ratio": round(used["reference"] / used["ours"], 3),
        "transform_processor_ratio": round(used["reference"] / used["transform"], 3),
        "target": TARGET,
        "holds": ratio >= TARGET,
    }


def _agree(folder: Path) -> None:
    """All three gave the same row the same probability."""
    import polars as pl

    def read(name: str, column: str) -> pl.DataFrame:
        frame = pl.read_parquet(sorted((folder / name).glob("part-*.parquet")))
        return frame.sort("id").select("id", pl.col(column).alias("probability"))

    theirs = read("reference", "probability")
    for name in ("ours", "transformed"):
        ours = read(name, "probability_1")
        assert ours["id"].equals(theirs["id"]), name
        apart = (ours["probability"] - theirs["probability"]).abs().max()
        assert apart is not None, name
        assert float(apart) <= 1e-6, (name, apart)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
