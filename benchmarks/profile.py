"""The profile of a mixed table, against DuckDB's SUMMARIZE of the same Parquet file.

Reference: `SUMMARIZE` in a process of its own: kind, extremes, approximate distinct values, mean, deviation,
three approximate quartiles and nulls of each column. Ours, in a process of its own: the whole profile (also
levels, lengths, histograms, outliers, skew, repeated rows, associations, the target by each column), from
the same file. Rounds alternate; the ratio is between medians. Times are of the work, without imports.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from ingest import compare, generate, timed

TARGET = 1.0

_REFERENCE = """
import sys, time
import duckdb
connection = duckdb.connect()
connection.execute("SET threads = 2")
connection.execute("SET enable_progress_bar = false")
start, work = time.perf_counter(), time.process_time()
rows = connection.execute("SUMMARIZE SELECT * FROM read_parquet(?)", [sys.argv[1]]).fetchall()
print(time.perf_counter() - start, time.process_time() - work)
"""

_OURS = """
import sys, time
from cauce.threads import limit_threads
limit_threads()
import polars, pyarrow.parquet
from cauce.core.profile import Profiling
from cauce.core.task import target_column
from cauce.engines.local.engine import LocalEngine
from cauce.expr.nodes import Column
from cauce.running.steps.profile import profiled
from cauce.sources import ReadOptions, open_source
start, work = time.perf_counter(), time.process_time()
source = open_source(ReadOptions(paths=(sys.argv[1],)))
name = sys.argv[2]
target = target_column(name, Column(name), schema=source.schema)
found = profiled(LocalEngine(), source, profiling=Profiling(source.schema, target))
found.to_json()
print(time.perf_counter() - start, time.process_time() - work)
"""


def _floats(path: Path, rows: int) -> None:
    """The table of the benchmark of runs: 28 floats and a label."""
    import numpy as np
    import polars as pl

    random = np.random.default_rng(1)
    columns = {f"f{i}": random.normal(size=rows) for i in range(28)}
    label = columns["f0"] + columns["f1"] * columns["f2"] + random.normal(size=rows) > 0
    pl.DataFrame({**columns, "label": label.astype(np.int64)}).write_parquet(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--floats", action="store_true", help="28 floats in place of 50 mixed columns")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cauce-profile-") as folder:
        file = Path(folder, "table.parquet")
        if options.floats:
            _floats(file, options.rows)
        else:
            generate(Path(folder, "mixed.csv"), options.rows)
            _as_parquet(Path(folder, "mixed.csv"), file)
        print(f"{options.rows} rows, {file.stat().st_size / 1e6:.0f} MB")
        compare(
            "profile",
            lambda: timed(_REFERENCE, str(file)),
            lambda: timed(_OURS, str(file), "label" if options.floats else "flag"),
            options=options,
            target=TARGET,
        )


def _as_parquet(source: Path, file: Path) -> None:
    import polars as pl

    pl.scan_csv(source, try_parse_dates=True).sink_parquet(file)


if __name__ == "__main__":
    main()
