"""The memory of a whole run on a table larger than it: 30 million rows of 28 floats (6.7 GB) inside 8 GB.

The table is written in pieces; `cauce run` is a process of its own. What is measured, five times a second, is
the resident memory of the process and of all it starts (the shipper too), added up, pages of mapped files
included. Needs about 3 times the table's size on disk; --rows takes fewer.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from run_overhead import FEATURES, fresh_project, generate

TARGET = 8e9


def _tree(process: int) -> list[int]:
    found = [process]
    for children in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            found += [one for child in children.read_text().split() for one in _tree(int(child))]
        except OSError:
            continue
    return found


def _resident(process: int) -> int:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    lines = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(lines[0].split()[1]) * 1024 if lines else 0


def peak_of(command: list[str]) -> int:
    """The most bytes that `command` and what it starts held at once."""
    peak = 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            peak = max(peak, sum(_resident(one) for one in _tree(process.pid)))
            time.sleep(0.2)
    if process.returncode != 0:
        raise SystemExit(f"{command[:4]} ended with status {process.returncode}")
    return peak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=30_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cauce-memory-") as folder:
        data = Path(folder, "rows.parquet")
        generate(data, options.rows)
        project = fresh_project(Path(folder), data, tracked=True)
        start = time.perf_counter()
        peak = peak_of([sys.executable, "-m", "cauce", "run", "--project", str(project), "--quiet"])
        seconds = time.perf_counter() - start
    result = {
        "name": "memory",
        "rows": options.rows,
        "columns": FEATURES + 1,
        "seconds": round(seconds, 1),
        "peak_gigabytes": round(peak / 1e9, 2),
        "target": TARGET / 1e9,
        "holds": peak <= TARGET if options.rows >= 30_000_000 else None,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
