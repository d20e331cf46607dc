"""Elastic nets of a whole grid on five folds, against Spark's LinearRegression in its CrossValidator.

Reference: a process with Spark on two cores that reads the Parquet file, assembles and caches the features,
and lets `CrossValidator` fit 3 strengths x 3 ratios on 5 folds and the best on all rows; starting Spark is
not counted. Ours, in a process of its own: the same file, features fitted for each fold, one Gram for each
part of the rows, every penalty on every fold, the errors, and the best on all rows. Then 300 points: ours
measured, Spark's extrapolated from 9 by the number of fits. Features are the numbers as they are, on both
sides; rows have a key. Coefficients of the 9 points on all rows are
compared with scikit-learn's ElasticNet, solved to 1e-12. The ratio is reference / ours between medians.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

FEATURES = 28
TARGETS = {9: 40.0, 300: 500.0}
EXACT = 1e-6
STRENGTHS = (0.01, 0.1, 1.0)
RATIOS = (0.1, 0.5, 1.0)

_OURS = """
import sys, time
from cauce.threads import limit_threads
limit_threads()
import numpy as np, polars, scipy.linalg.lapack
from cauce.core.candidates.folds import FoldPlan, crossed
from cauce.core.features.lockstep import RowSet, fit_features_of
from cauce.core.features.planning import Roles, plan_features
from cauce.core.linear.folds import solved
from cauce.core.linear.penalties import solve, spaced
from cauce.core.linear.problem import problem_of
from cauce.core.linear.quadratic import Penalty
from cauce.core.preparation import Preparation
from cauce.core.splits.blocks import RandomBlocks, block_name
from cauce.core.splits.rules import RandomSplit
from cauce.core.task import Target
from cauce.engines.local.engine import LocalEngine
from cauce.expr.nodes import Column
from cauce.expr.projection import Projection
from cauce.running.trials.fold_sums import FoldNumbers
from cauce.sources import ReadOptions, open_source
from cauce.spec import Features
from cauce.spec.project import FeatureDefaults
from cauce.stats.comoments import joined
path, points, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
start, work = time.perf_counter(), time.process_time()
source, engine = open_source(ReadOptions(paths=(path,))), LocalEngine()
names = tuple(name for name in source.schema.names if name not in ("y", "id"))
target = Target("y", Column("y"), "float", "regression")
plan = FoldPlan("random", 5, 1, RandomBlocks(("id",), 0, 5, 1), crossed(5, 1))
rule = RandomSplit(("id",), 0, 1.0, 0.0)
prepared = Preparation(source.schema, target, rule, ("id",), keep=names, blocks=plan.rule)
table = engine.map(engine.scan(source), prepared)
plain = Features(defaults=FeatureDefaults(number=((),)))
roles = Roles(target=("y",), key=("id",))
planned = plan_features(plain, source.schema, task="regression", roles=roles, complete=True)
def look(projection, summaries):
    own = table
    if projection is not None:
        kept = tuple(dict.fromkeys((*projection.keep, block_name(0))))
        own = engine.map(table, Projection(projection.outputs, prepared.schema, keep=kept))
    return engine.summarise(own, *summaries)
sets = [RowSet(block_name(0), one.taught) for one in plan.folds]
fitted = fit_features_of(planned, sets, look=look)
numbers = FoldNumbers(engine, source, prepared, plan, fitted)
sums = numbers.sums()
read = time.perf_counter()
strengths = STRENGTHS if points == 9 else spaced(1.0, count=points // 3, least=1e-4)
penalties = [Penalty(strength, ratio) for ratio in RATIOS for strength in strengths]
folds = solved(sums, numbers.divisions, penalties=penalties)
errors = np.mean([one.judged.metric("rmse") for one in folds], axis=0)
best = penalties[int(errors.argmin())]
whole = problem_of(joined(sums[0].groups))
coefficients = solve(whole, penalties if points == 9 else [best])
seconds, used = time.perf_counter() - start, time.process_time() - work
scans = engine.rows_scanned / joined(sums[0].groups).rows
np.save(out, coefficients)
print(seconds, used, seconds - (read - start), scans, errors.min())
""".replace("STRENGTHS", repr(STRENGTHS)).replace("RATIOS", repr(RATIOS))

_REFERENCE = """
import sys, time
from pyspark.sql import SparkSession
from pyspark.ml.feature import VectorAssembler
from pyspark.ml.regression import LinearRegression
from pyspark.ml.evaluation import RegressionEvaluator
from pyspark.ml.tuning import CrossValidator, ParamGridBuilder
builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
spark = builder.config("spark.driver.memory", "2g").config("spark.sql.shuffle.partitions", "2").getOrCreate()
spark.sparkContext.setLogLevel("ERROR")
spark.range(1000).count()
start = time.perf_counter()
frame = spark.read.parquet(sys.argv[1])
names = [name for name in frame.columns if name not in ("y", "id")]
rows = VectorAssembler(inputCols=names, outputCol="features").transform(frame).select("features", "y").cache()
model = LinearRegression(labelCol="y")
grid = ParamGridBuilder().addGrid(model.regParam, list(STRENGTHS))
grid = grid.addGrid(model.elasticNetParam, list(RATIOS)).build()
judge = RegressionEvaluator(labelCol="y")
CrossValidator(estimator=model, estimatorParamMaps=grid, evaluator=judge, numFolds=5, seed=0).fit(rows)
print(time.perf_counter() - start)
spark.stop()
""".replace("STRENGTHS", repr(STRENGTHS)).replace("RATIOS", repr(RATIOS))


def generate(path: Path, rows: int) -> None:
    """28 floats that depend on each other and a number that depends on them; the same bytes every time."""
    import numpy as np
    import polars as pl

    random = np.random.default_rng(1)
    mixed = random.normal(size=(rows, FEATURES)) @ (
        np.eye(FEATURES) + 0.3 * random.normal(size=(FEATURES,) * 2)
    )
    mixed = (mixed * 10 ** random.uniform(-2, 2, FEATURES) + random.normal(size=FEATURES)).astype(np.float32)
    weights = random.normal(size=FEATURES) * (random.random(FEATURES) < 0.5)
    label = (mixed / mixed.std(0)) @ weights + 3 * random.normal(size=rows) + 10
    columns = {f"f{place}": mixed[:, place].astype(np.float64) for place in range(FEATURES)}
    pl.DataFrame({"id": np.arange(rows), **columns, "y": label}).write_parquet(path)


def ours(file: Path, points: int, out: Path) -> list[float]:
    """Seconds on the clock and of processors, those of solving, scans, and the best error."""
    command = [sys.executable, "-P", "-c", _OURS, str(file), str(points), str(out)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return [float(one) for one in done.stdout.split()]


def reference(file: Path) -> float:
    """Spark's seconds."""
    command = [sys.executable, "-P", "-c", _REFERENCE, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def difference(file: Path, found: Path) -> float:
    """The largest difference between our standardised coefficients on all rows and scikit-learn's."""
    import numpy as np
    import polars as pl
    from sklearn.linear_model import ElasticNet

    frame = pl.read_parquet(file)
    rows, label = frame.drop("y", "id").to_numpy(), frame["y"].to_numpy()
    scaled = (rows - rows.mean(0)) / rows.std(0)
    worst, own = 0.0, np.load(found)
    penalties = [(strength, ratio) for ratio in RATIOS for strength in STRENGTHS]
    for place, (strength, ratio) in enumerate(penalties):
        model = ElasticNet(alpha=strength, l1_ratio=ratio, tol=1e-12, max_iter=100_000).fit(scaled, label)
        worst = max(worst, float(np.abs(model.coef_ - own[place]).max()))
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--no-reference", action="store_true", help="without Spark: ours and the coefficients"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cauce-elastic-") as folder:
        file, out = Path(folder, "rows.parquet"), Path(folder, "coefficients.npy")
        generate(file, options.rows)
        theirs, nine, many, worst = [], [], [], 0.0
        for _ in range(options.rounds):
            if not options.no_reference:
                theirs.append(reference(file))
            nine.append(ours(file, 9, out))
            worst = max(worst, difference(file, out))
            many.append(ours(file, 300, Path(folder, "best.npy")))
            print(
                f"  reference {theirs[-1] if theirs else float('nan'):.2f} s, ours {nine[-1][0]:.2f} s",
                end="",
            )
            print(f" ({nine[-1][1]:.2f} of processors), 300 points {many[-1][0]:.2f} s ({many[-1][1]:.2f})")
    result = {"name": "elastic_net", "rows": options.rows, "difference": worst, "scans": nine[-1][3]}
    result |= {"seconds": round(statistics.median(one[0] for one in nine), 3)}
    result |= {"seconds_300": round(statistics.median(one[0] for one in many), 3)}
    result |= {"solving_300": round(statistics.median(one[2] for one in many), 3)}
    if theirs:
        seconds = statistics.median(theirs)
        fits = (300 * 5 + 1) / (9 * 5 + 1)
        ratios = {9: seconds / result["seconds"], 300: seconds * fits / result["seconds_300"]}
        holds = all(ratios[points] >= target for points, target in TARGETS.items()) and worst <= EXACT
        result |= {
            "reference_seconds": round(seconds, 3),
            "reference_300_extrapolated": round(seconds * fits, 1),
        }
        result |= {"ratio": round(ratios[9], 1), "ratio_300": round(ratios[300], 1)}
        result |= {"targets": list(TARGETS.values()), "holds": holds}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
