"""Scoring a Parquet file of 28 floats into a Parquet file of predictions, against the bare libraries.

Reference, in a process of its own: PyArrow reads the file, XGBoost's `inplace_predict` scores it as one
float32 matrix, PyArrow writes the probabilities. Ours, in a process of its own: `predict_file` of a bundle,
which checks the columns, streams, clips, scores, and writes key, prediction, both probabilities, version,
snapshot and time, durably and under a name that appears at the end. Rounds alternate; `ratio` is ours in rows
a second over the reference's, between medians. Times are of the work, without imports. Peak memory is ours,
at a fifth of the rows and at all of them.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

TARGET = 0.6
FLAT = 1.3
FEATURES = 28
_CHUNK = 500_000

_TRAIN = """
import sys
from pathlib import Path
from cauce.threads import limit_threads
limit_threads()
import numpy as np, polars as pl
from cauce.core.boosting import BoostParameters, BoostSpec
from cauce.core.bundle.exporting import export_bundle
from cauce.core.bundle.features import Feature
from cauce.core.bundle.inputs import InputColumn
from cauce.core.bundle.manifest import Manifest
from cauce.core.bundle.writing import Draft, make_bundle
from cauce.core.task import Target
from cauce.engines.local.boosting import boost
from cauce.expr.nodes import Column
from cauce.expr.schema import Field
frame = pl.read_parquet(sys.argv[1], n_rows=50_000)
names = tuple(name for name in frame.columns if name.startswith("x"))
label = (frame["x0"] + frame["x1"] * frame["x2"] > 0).cast(pl.Float64).alias("label")
lanes = [pl.Series(name, np.random.default_rng(k).integers(0, 2**62, frame.height))
         for k, name in enumerate(("a", "b"))]
table = frame.select(names).with_columns(label, *lanes, pl.lit(0, dtype=pl.Int64).alias("fold"))
spec = BoostSpec(task="binary", features=names, label="label", fold="fold", lanes=("a", "b"),
                 parameters=BoostParameters(rounds=100))
payload = boost(lambda: iter((table,)), spec).payload
Path(sys.argv[2], "model.json").write_bytes(payload)
fields = [Field(name, "float") for name in names]
manifest = Manifest(
    name="bench",
    target=Target("label", Column("label"), "integer", "binary", (0, 1)),
    input=tuple(InputColumn(one) for one in fields),
    key=(InputColumn(Field("id", "integer")),),
    features=tuple(Feature(one.name, Column(one.name)) for one in fields),
    snapshot="0" * 64,
)
export_bundle(make_bundle(Draft(manifest=manifest, payload=payload)), Path(sys.argv[2], "bundle"))
"""

_REFERENCE = """
import sys, time
from cauce.threads import limit_threads
threads = limit_threads()
import numpy as np, pyarrow as pa, pyarrow.parquet as pq, xgboost
start = time.perf_counter()
booster = xgboost.Booster({"nthread": threads}, model_file=sys.argv[2] + "/model.json")
table = pq.read_table(sys.argv[1])
names = [name for name in table.column_names if name.startswith("x")]
matrix = np.empty((table.num_rows, len(names)), dtype=np.float32)
for place, name in enumerate(names):
    matrix[:, place] = table.column(name).to_numpy()
scores = booster.inplace_predict(matrix)
made = pa.table({"id": table.column("id"), "probability": scores})
pq.write_table(made, sys.argv[3] + "/reference.parquet")
print(time.perf_counter() - start)
"""

_OURS = """
import resource, sys, time
from cauce.threads import limit_threads
limit_threads()
import onnxruntime, polars, pyarrow.parquet, xgboost
from cauce.core.bundle.opening import open_bundle
from cauce.running.prediction import PredictOptions, predict_file
start = time.perf_counter()
found = predict_file(open_bundle(sys.argv[2] + "/bundle"), sys.argv[1], out=sys.argv[3] + "/ours.parquet",
                     options=PredictOptions(overwrite=True))
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
assert found.rejected == 0
"""


def generate(path: Path, rows: int) -> None:
    """An id and 28 floats; the same values for the same number of rows."""
    import numpy as np
    import polars as pl
    import pyarrow.parquet as pq

    random, writer = np.random.default_rng(1), None
    for start in range(0, rows, _CHUNK):
        count = min(_CHUNK, rows - start)
        ids = pl.Series("id", np.arange(start, start + count))
        frame = pl.DataFrame([ids, *(pl.Series(f"x{k}", random.normal(size=count)) for k in range(FEATURES))])
        table = frame.to_arrow()
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table, row_group_size=1 << 17)
    if writer is not None:
        writer.close()


def _numbers(script: str, *arguments: object) -> list[float]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [float(one) for one in done.stdout.split()]


def _agree(folder: Path) -> None:
    import numpy as np
    import polars as pl

    ours, theirs = pl.read_parquet(folder / "ours.parquet"), pl.read_parquet(folder / "reference.parquet")
    apart = np.abs(ours["probability_1"].to_numpy() - theirs["probability"].to_numpy()).max()
    assert ours["id"].equals(theirs["id"])
    assert apart <= 1e-6, apart


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cauce-predict-") as name:
        folder = Path(name)
        file, fewer = folder / "rows.parquet", folder / "fewer.parquet"
        generate(file, options.rows)
        generate(fewer, options.rows // 5)
        _numbers(_TRAIN, file, folder)
        small = _numbers(_OURS, fewer, folder, folder)[1]
        reference, ours, peaks = [], [], []
        for _ in range(options.rounds):
            reference.append(_numbers(_REFERENCE, file, folder, folder)[0])
            seconds, peak = _numbers(_OURS, file, folder, folder)
            ours.append(seconds)
            peaks.append(peak)
            print(f"  reference {reference[-1]:.2f} s, ours {seconds:.2f} s, peak {peak / 1e6:.0f} MB")
        _agree(folder)
    ratio, growth = statistics.median(reference) / statistics.median(ours), max(peaks) / small
    result = {
        "name": "predict",
        "rows": options.rows,
        "reference_seconds": round(statistics.median(reference), 3),
        "seconds": round(statistics.median(ours), 3),
        "ratio": round(ratio, 3),
        "target": TARGET,
        "peak_bytes": int(max(peaks)),
        "peak_bytes_at_a_fifth": int(small),
        "holds": ratio >= TARGET and growth <= FLAT,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
