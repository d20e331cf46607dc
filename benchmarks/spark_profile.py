"""The profile of a mixed table and its judgement on Spark, against one `summary()` of Spark's own.

One session on local[2], one Parquet file of 50 columns. Reference: `DataFrame.summary()`, collected: count,
mean, deviation, extremes, three approximate quartiles of numbers and texts. Ours: the whole profile (also
kinds, levels, distinct values, lengths, histograms, repeated rows, associations, the target by each column),
then expectations that the profile cannot answer (a unique key, a pattern). Each once on few rows before;
then rounds alternate. `ratio` is our seconds over the reference's, between medians; `scans` is rows out of
scans over rows; `processor_ratio` is of processor seconds of Java and of all Python processes.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path
from typing import Any

from ingest import generate
from spark_predict import measured_on_spark, timed

TARGET, MOST_SCANS = 1.5, 2.0
_PROJECT = """
name = "profiled"
[data]
source = "{file}"
[target]
column = "flag"
[tracking]
enabled = false
[validate.columns]
id = {{ unique = true, pattern = 'ID-[0-9]+-[0-9]+' }}
float_0 = {{ min = -100, max = 100, nulls = 0 }}
category_3 = {{ nulls = 0.01 }}
"""


def main() -> None:
    measured_on_spark("profile", __doc__, measured)


def table(folder: Path, name: str, rows: int) -> Path:
    """A Parquet file of so many rows, and a project over it in a folder of its own."""
    import polars as pl

    inside = folder / name
    inside.mkdir()
    generate(inside / "mixed.csv", rows)
    read = pl.scan_csv(inside / "mixed.csv", try_parse_dates=True)
    read.sink_parquet(inside / "table.parquet", row_group_size=1 << 17)
    (inside / "mixed.csv").unlink()
    (inside / "cauce.toml").write_text(_PROJECT.format(file="table.parquet"), encoding="utf-8")
    return inside


def measured(session: Any, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    whole, few = table(folder, "whole", options.rows), table(folder, "few", 20_000)
    scans = 0.0

    def reference(inside: Path) -> None:
        session.read.parquet(str(inside / "table.parquet")).summary().collect()

    def ours(inside: Path) -> None:
        nonlocal scans
        scans = profile_and_validate(session, inside)

    reference(few)
    ours(few)
    theirs, own = [], []
    for _ in range(options.rounds):
        theirs.append(timed(lambda: reference(whole)))
        own.append(timed(lambda: ours(whole)))
        print("  summary() {:.2f} s ({:.2f} of processors)".format(*theirs[-1]), end=", ")
        print("ours {:.2f} s ({:.2f} of processors)".format(*own[-1]))
    seconds, used = (statistics.median(column) for column in zip(*own, strict=True))
    reference_seconds, reference_used = (statistics.median(column) for column in zip(*theirs, strict=True))
    ratio = seconds / reference_seconds
    return {
        "name": "spark_profile",
        "rows": options.rows,
        "reference_seconds": round(reference_seconds, 3),
        "seconds": round(seconds, 3),
        "processor_ratio": round(used / reference_used, 3),
        "ratio": round(ratio, 3),
        "scans": round(scans, 3),
        "target": TARGET,
        "holds": ratio <= TARGET and scans <= MOST_SCANS,
    }


def profile_and_validate(session: Any, inside: Path) -> float:
    """Profile the project's files and judge them on Spark, as `cauce profile` and a run do; how often they
    were scanned."""
    from cauce.core.profile import Profiling
    from cauce.core.validation.expected import expected_of
    from cauce.running.project_rows import open_rows_to_look_at
    from cauce.running.steps.profile import profiled
    from cauce.running.steps.roles import declared_target
    from cauce.running.steps.validate import judged
    from cauce.running.workspace import open_workspace

    work = open_workspace(inside, spark=session)
    source: Any = open_rows_to_look_at(work, None).scanned
    target = declared_target(work.project, source.schema)
    found = profiled(work.engine, source, profiling=Profiling(source.schema, target))
    judgement = judged(work, expected_of(work.project.validate, source.schema), source=source, profile=found)
    assert judgement.verdict.rows == found.rows
    return work.engine.rows_scanned / found.rows


if __name__ == "__main__":
    main()
