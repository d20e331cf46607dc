"""Logistic regression of 500,000 rows by 50 features, against scikit-learn's with the same penalty.

Reference: a process that reads the Parquet file with Polars, standardises the features as ours are, and fits
`LogisticRegression` by lbfgs until its slope is below 1e-6. Ours, in a process of its own: the same file in
batches, label and weight of each row made, the features' numbers kept as float32, and Newton's steps over
them. Reading is counted on both sides, imports are not. Both log losses are of the same rows, computed by one
function. Then ours with 64 MB for numbers, on these rows and four times as many: the peak must not grow.
Pairs alternate; the ratio is ours / reference between medians.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

FEATURES = 50
PENALTY = 1e-3
TARGET, EXACT, FLAT = 1.2, 1e-6, 1.15

_OURS = """
import resource, sys, time
from cauce.threads import limit_threads
limit_threads()
import numpy as np, polars, pyarrow.parquet, scipy.linalg.lapack
from cauce.core.columns import FOLD, TARGET, WEIGHT
from cauce.core.preparation import Preparation
from cauce.core.splits.rules import RandomSplit
from cauce.core.task import Target
from cauce.engines.local.engine import LocalEngine
from cauce.expr.nodes import Column
from cauce.running.linear_learning import LogisticSettings, learn_logistic
from cauce.sources import ReadOptions, open_source
from cauce.spec import Penalty
path, penalty, memory, out = sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
start, work = time.perf_counter(), time.process_time()
source, engine = open_source(ReadOptions(paths=(path,))), LocalEngine()
names = tuple(name for name in source.schema.names if name not in ("y", "id"))
target = Target("y", Column("y"), "integer", "binary", (0, 1))
prepared = Preparation(source.schema, target, RandomSplit(("id",), 0, 1.0, 0.0), ("id",), keep=names)
table = engine.map(engine.scan(source), prepared)
settings = LogisticSettings(penalty=Penalty(strength=penalty), memory=memory)
model, told = learn_logistic(engine, table, features=names, target=target, settings=settings)
seconds, used = time.perf_counter() - start, time.process_time() - work
np.save(out, np.append(model.intercepts, model.coefficients))
print(seconds, used, told.scans, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""

_REFERENCE = """
import sys, time
from cauce.threads import limit_threads
limit_threads()
import numpy as np, polars
from sklearn.linear_model import LogisticRegression
start, work = time.perf_counter(), time.process_time()
frame = polars.read_parquet(sys.argv[1])
label, rows = frame["y"].to_numpy(), frame.drop("y", "id").to_numpy(writable=True)
means, deviations = rows.mean(0), rows.std(0)
rows -= means
rows /= deviations
model = LogisticRegression(C=1 / (float(sys.argv[2]) * len(rows)), tol=1e-6, max_iter=1000).fit(rows, label)
seconds, used = time.perf_counter() - start, time.process_time() - work
own = model.coef_[0] / deviations
np.save(sys.argv[4], np.append(model.intercept_ - own @ means, own))
print(seconds, used, int(model.n_iter_[0]), 0)
"""


def generate(path: Path, rows: int) -> None:
    """50 floats in different units and a label of two classes that depends on half of them."""
    import numpy as np
    import polars as pl
    import pyarrow.parquet as pq

    random = np.random.default_rng(1)
    slopes = random.normal(size=FEATURES) * 0.4 * (random.random(FEATURES) < 0.5)
    units, centres = 10 ** random.uniform(-2, 2, FEATURES), random.normal(size=FEATURES)
    writer = None
    for start in range(0, rows, 250_000):
        count = min(250_000, rows - start)
        own = random.normal(size=(count, FEATURES))
        label = random.random(count) < 1 / (1 + np.exp(1 - own @ slopes))
        own = ((own + centres) * units).astype(np.float32).astype(np.float64)
        columns = {f"f{place}": own[:, place] for place in range(FEATURES)}
        frame = pl.DataFrame({"id": np.arange(start, start + count), **columns, "y": label.astype(np.int64)})
        table = frame.to_arrow()
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table)
    if writer is not None:
        writer.close()


def timed(script: str, file: Path, memory: int, out: Path) -> list[float]:
    """Seconds on the clock and of processors, scans or iterations, and the peak in bytes."""
    command = [sys.executable, "-c", script, str(file), str(PENALTY), str(memory), str(out)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return [float(one) for one in done.stdout.split()]


def loss(file: Path, found: Path) -> float:
    """The mean log loss of coefficients for features in their own units, intercept first."""
    import numpy as np
    import polars as pl

    frame, own = pl.read_parquet(file), np.load(found)
    margins = own[0] + frame.drop("y", "id").to_numpy() @ own[1:]
    return float(np.mean(np.logaddexp(0.0, margins) - frame["y"].to_numpy() * margins))


def peaks(folder: Path, file: Path, rows: int) -> list[float]:
    """Ours with little memory on these rows, and on four times as many: bytes at the peak."""
    large = folder / "large.parquet"
    generate(large, 4 * rows)
    return [timed(_OURS, one, 64 << 20, folder / "unused.npy")[3] for one in (file, large)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-memory", action="store_true", help="without the runs that show the peak")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cauce-logistic-") as name:
        folder = Path(name)
        file, out, other = (folder / one for one in ("rows.parquet", "ours.npy", "reference.npy"))
        generate(file, options.rows)
        theirs, own = [], []
        for _ in range(options.rounds):
            theirs.append(timed(_REFERENCE, file, 0, other))
            own.append(timed(_OURS, file, 1 << 30, out))
            print("  reference {:.2f} s ({:.2f} of processors, {:.0f} steps)".format(*theirs[-1]), end=", ")
            print("ours {:.2f} s ({:.2f} of processors, {:.0f} scans)".format(*own[-1]))
        seconds, work = (statistics.median(one[at] for one in own) for at in (0, 1))
        reference, reference_work = (statistics.median(one[at] for one in theirs) for at in (0, 1))
        apart = loss(file, out) - loss(file, other)
        grown = [] if options.no_memory else peaks(folder, file, options.rows)
    ratio = seconds / reference
    flat = not grown or grown[1] <= FLAT * grown[0]
    result = {
        "name": "logistic",
        "rows": options.rows,
        "reference_seconds": round(reference, 3),
        "seconds": round(seconds, 3),
        "processor_ratio": round(work / reference_work, 3),
        "scans": own[-1][2],
        "loss_difference": apart,
        "peaks": grown,
        "ratio": round(ratio, 3),
        "target": TARGET,
        "holds": ratio <= TARGET and abs(apart) <= EXACT and flat,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
