"""Reading a mixed CSV exactly, against Polars' own reading of the same file.

Reference: `polars.scan_csv(...).sink_parquet(...)` in a process of its own, which takes types from the first
100 rows and leaves dates as text. Ours, in a process of its own: every cell looked at before a kind is
decided, rows rejected rather than guessed, typed batches, both lanes of the row hash, Parquet parts of the
same compression. Rounds alternate; the ratio is between medians. Times are of the work, without imports.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

TARGET = 2.5
_WORDS = ("comma, inside", "plain words here", 'quote "q" in', "a longer sentence of text")


def generate(path: Path, rows: int) -> None:
    """A table of 50 columns: 21 floats, 12 integers, 10 categories, a million distinct ids, truth values, a
    date, two moments, texts with commas and quotes. The same bytes for the same number of rows."""
    import numpy as np
    import polars as pl

    random = np.random.default_rng(1)
    columns: dict[str, pl.Series] = {}
    for i in range(20):
        columns[f"float_{i}"] = pl.Series(np.round(random.normal(0, 10 ** (i % 5), rows), 6))
    for i in range(12):
        columns[f"integer_{i}"] = pl.Series(random.integers(-(10 ** (i % 9)), 10 ** (i % 9) + 1, rows))
    for i in range(10):
        columns[f"category_{i}"] = pl.Series(random.choice([f"level {k}" for k in range(5 * (i + 1))], rows))
    numbers = pl.Series(np.arange(rows)).cast(pl.String)
    columns["id"] = "ID-" + numbers + "-" + pl.Series(random.integers(0, 10**9, rows)).cast(pl.String)
    columns["flag"] = pl.Series(random.random(rows) < 0.5)
    columns["other_flag"] = pl.Series(random.random(rows) < 0.1)
    columns["day"] = pl.Series(random.integers(10000, 20000, rows)).cast(pl.Int32).cast(pl.Date)
    for name in ("start", "end"):
        seconds = pl.Series(random.integers(10**9, 2 * 10**9, rows))
        columns[name] = (seconds * 10**6).cast(pl.Datetime("us"))
    columns["gaps"] = pl.Series(random.normal(0, 1, rows)).set(pl.Series(random.random(rows) < 0.2), None)
    columns["text"] = pl.Series(random.choice(_WORDS, rows))
    pl.DataFrame(columns).write_csv(path, datetime_format="%Y-%m-%d %H:%M:%S")


_REFERENCE = """
import sys, time
import polars as pl
start, work = time.perf_counter(), time.process_time()
pl.scan_csv(sys.argv[1]).sink_parquet(sys.argv[2] + "/reference.parquet", compression="zstd")
print(time.perf_counter() - start, time.process_time() - work)
"""

_OURS = """
import sys, time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from cauce.threads import limit_threads
limit_threads()
import polars as pl, pyarrow.csv
from cauce.sources import ReadOptions, open_source
from cauce.stats.row_hash import row_hashes
start, work = time.perf_counter(), time.process_time()
source = open_source(ReadOptions(paths=(sys.argv[1],)))
opened = time.perf_counter()
schema, batches, sums, pending = source.schema, source.batches(), [], deque()
def hashed(batch):
    return batch.height, *(int(words.sum()) for words in row_hashes(batch, schema))
def write(batch, part):
    batch.write_parquet(f"{sys.argv[2]}/part-{part}.parquet", compression="zstd")
with ThreadPoolExecutor(2) as pool:
    for part, batch in enumerate(batches):
        pending.append((pool.submit(hashed, batch), pool.submit(write, batch, part)))
        if len(pending) > 3:
            sums.append([future.result() for future in pending.popleft()][0])
    sums += [[future.result() for future in futures][0] for futures in pending]
rows, *lanes = (sum(part) % 2**64 for part in zip(*sums))
assert rows + len(source.rejected) == int(sys.argv[3]), (rows, len(source.rejected))
print(opened - start, file=sys.stderr)
print(time.perf_counter() - start, time.process_time() - work)
"""


def timed(script: str, *arguments: str) -> tuple[float, float]:
    """Seconds on the clock and of processors, as a script in a process of its own prints them."""
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    if done.stderr.strip():
        print("  of which to decide the kinds:", done.stderr.strip())
    clock, work = done.stdout.split()
    return float(clock), float(work)


Timing = Callable[[], tuple[float, float]]


def compare(
    name: str, reference: Timing, ours: Timing, *, options: argparse.Namespace, target: float
) -> None:
    """Time both in `options.rounds` rounds, and print the medians' ratio as the last line."""
    theirs, own = [], []
    for _ in range(options.rounds):
        theirs.append(reference())
        own.append(ours())
        print("  reference {:.2f} s ({:.2f} of processors)".format(*theirs[-1]), end=", ")
        print("ours {:.2f} s ({:.2f} of processors)".format(*own[-1]))
    seconds, work = (statistics.median(column) for column in zip(*own, strict=True))
    reference_seconds, reference_work = (statistics.median(column) for column in zip(*theirs, strict=True))
    ratio = seconds / reference_seconds
    result = {
        "name": name,
        "rows": options.rows,
        "reference_seconds": round(reference_seconds, 3),
        "seconds": round(seconds, 3),
        "processor_ratio": round(work / reference_work, 3),
        "ratio": round(ratio, 3),
        "target": target,
        "holds": ratio <= target,
    }
    print(json.dumps(result))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cauce-ingest-") as folder:
        file = Path(folder, "mixed.csv")
        generate(file, options.rows)
        print(f"{options.rows} rows x 50 columns, {file.stat().st_size / 1e6:.0f} MB")
        compare(
            "ingest",
            lambda: timed(_REFERENCE, str(file), folder),
            lambda: timed(_OURS, str(file), folder, str(options.rows)),
            options=options,
            target=TARGET,
        )


if __name__ == "__main__":
    main()
