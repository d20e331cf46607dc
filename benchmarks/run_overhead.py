"""What a whole run costs over the training alone, on a table of 28 floats and a binary target in Parquet.

Reference: a process that reads the file with PyArrow, builds a QuantileDMatrix of four rows in five,
trains 100 rounds and predicts every row. Ours trains on as many; it is `cauce run` as a process in a
fresh project: it reads, checks, stores an identified snapshot, profiles, splits, learns features, trains
100 rounds watched on a validation fold, evaluates three folds, draws plots, proves and stores a bundle,
and waits for MLflow's shipper. Both start with imports compiled. Pairs alternate which goes first; the
ratio is between medians, the processors' without the shipper.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

TARGETS = {1_000_000: 1.4, 5_000_000: 1.2}
FEATURES = 28

_PROJECT = """schema = 1
name = "overhead"
data.source = "rows.parquet"
target.column = "label"
split = {{ train = 0.8, validation = 0.1, test = 0.1 }}
{tracking}
[[models]]
rounds = 100
eta = 0.1
early_stopping = 0
"""

_REFERENCE = """
import sys
from cauce.threads import limit_threads
threads = limit_threads()
import numpy, pyarrow.parquet, xgboost
table = pyarrow.parquet.read_table(sys.argv[1])
label = table.column("label").to_numpy()
rows = numpy.column_stack([c.to_numpy() for c in table.drop_columns(["label"]).columns]).astype("float32")
part = len(rows) * 4 // 5
matrix = xgboost.QuantileDMatrix(rows[:part], label[:part], nthread=threads)
parameters = {"objective": "binary:logistic", "eta": 0.1, "max_depth": 6, "nthread": threads, "seed": 0}
booster = xgboost.train(parameters, matrix, 100)
scores = booster.inplace_predict(rows)
print(float(scores.mean()))
"""


@dataclass(frozen=True)
class Took:
    """Seconds on the clock and of processors; bytes at the peak, of one process."""

    clock: float
    processors: float
    peak: int


def generate(path: Path, rows: int, *, seed: int | None = None) -> None:
    """28 normal floats and a label that depends on some of them; the same bytes for the same rows, seed."""
    import numpy as np
    import polars as pl
    import pyarrow.parquet as pq

    writer = None
    for start in range(0, rows, 500_000):
        random = np.random.default_rng(start if seed is None else [seed, start])
        matrix = random.normal(size=(min(500_000, rows - start), FEATURES))
        signal = matrix[:, 0] + matrix[:, 1] * matrix[:, 2] + np.sin(matrix[:, 3]) - 0.5 * matrix[:, 4] ** 2
        columns = {f"f{place}": matrix[:, place] for place in range(FEATURES)}
        columns["label"] = (signal + random.logistic(size=len(matrix)) > 0).astype(np.int64)
        table = pl.DataFrame(columns).to_arrow()
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table)
    if writer is not None:
        writer.close()


def timed(command: list[str]) -> Took:
    """Run `command` to its end."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    clock = time.perf_counter() - start
    if status != 0:
        raise SystemExit(f"{command[:4]} ended with status {status}")
    return Took(clock, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


def fresh_project(folder: Path, data: Path, *, tracked: bool) -> Path:
    """A folder with a project file and the data, and nothing made yet."""
    project = Path(tempfile.mkdtemp(dir=folder))
    os.link(data, project / "rows.parquet")
    text = _PROJECT.format(tracking="" if tracked else "tracking.enabled = false")
    (project / "cauce.toml").write_text(text)
    return project


def _ours(folder: Path, data: Path, tracked: bool) -> Took:
    project = fresh_project(folder, data, tracked=tracked)
    command = [sys.executable, "-m", "cauce", "run", "--project", str(project), "--quiet"]
    try:
        return timed(command)
    finally:
        subprocess.run(["rm", "-rf", str(project)], check=True)


def measure(folder: Path, rows: int, pairs: int, *, tracked: bool) -> tuple[list[Took], list[Took]]:
    """Took by reference and by ours; the first of each only compiles imports and is not counted."""
    data, small = folder / "rows.parquet", folder / "small.parquet"
    generate(data, rows)
    generate(small, 2_000)
    reference = [sys.executable, "-c", _REFERENCE]
    timed([*reference, str(small)])
    _ours(folder, small, tracked)
    base, ours = [], []
    for number in range(pairs):
        for mine in (number % 2 == 0, number % 2 == 1):
            (ours if mine else base).append(
                _ours(folder, data, tracked) if mine else timed([*reference, str(data)])
            )
        for name, one in (("reference", base[-1]), ("ours", ours[-1])):
            peak = one.peak / 1e9
            print(f"  {name} {one.clock:.2f} s, {one.processors:.2f} s of processors, {peak:.2f} GB")
    return base, ours


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--no-tracking", action="store_true", help="without MLflow beside the run")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory(prefix="cauce-overhead-") as folder:
        base, ours = measure(Path(folder), options.rows, options.pairs, tracked=not options.no_tracking)
    seconds, work = (statistics.median(getattr(one, of) for one in ours) for of in ("clock", "processors"))
    base_seconds, base_work = (
        statistics.median(getattr(one, of) for one in base) for of in ("clock", "processors")
    )
    target = TARGETS.get(options.rows)
    ratio = seconds / base_seconds
    result = {
        "name": "run_overhead",
        "rows": options.rows,
        "tracked": not options.no_tracking,
        "reference_seconds": round(base_seconds, 3),
        "seconds": round(seconds, 3),
        "processor_ratio": round(work / base_work, 3),
        "ratio": round(ratio, 3),
        "target": target,
        "holds": None if target is None else ratio <= target,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
