"""MariaDB to a snapshot, against connectorx reading the same table: rows a second, processor time, memory.

Usage: mysql_ingest.py [--rows 1000000] [--rounds 3] [--reference PYTHON]

reference: a Python that has connectorx and pyarrow (an environment of its own, or this one). Starts a server
of its own on loopback. The target: 0.7 of connectorx's rows a second, and memory that rows do not raise.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from cauce.testing.databases import PASSWORD, Server, database_server

TARGET = 0.7
MOST_MEMORY = 1.25
"""Of that for a quarter of the rows."""
COLUMNS = """n bigint PRIMARY KEY, a int, b int, c smallint, d bigint unsigned, e double, f double, g double,
h double, i decimal(12,2), j decimal(18,4), k date, l datetime, m datetime(6), o varchar(20), p varchar(10),
q varchar(40), r char(3), s tinyint, t double"""
ROWS = """SELECT seq, seq % 1000, rand(seq) * 1e6, seq % 7, seq * 3, rand(), rand() * 1000, rand(),
nullif(floor(rand() * 10), 3), rand() * 1e6, rand() * 1e8, date_add('2000-01-01', interval seq % 9000 day),
date_add('2000-01-01', interval seq * 37 second), date_add('2000-01-01', interval seq * 37000001 microsecond),
concat('name', seq % 1000), elt(1 + seq % 5, 'red', 'green', 'blue', null, 'black'), md5(seq),
elt(1 + seq % 3, 'usd', 'cop', 'eur'), seq % 2, rand() FROM"""
OURS = """
import sys, time, resource
from pathlib import Path
from cauce.running.early_parts import early_parts
from cauce.running.project_rows import open_project_rows
from cauce.running.steps.ingest import stored
from cauce.running.workspace import Workspace
from cauce.spec import project_from_mapping
mapping = {"name": "speed", "data": {"source": sys.argv[1]}, "target": {"column": "s"}}
work = Workspace(project_from_mapping({**mapping, "tracking": {"enabled": False}}), Path(sys.argv[2]))
start, used = time.perf_counter(), time.process_time()
work.heard.early = early_parts(work)
rows = open_project_rows(work, lambda done, total: None)
here, used_here = time.perf_counter(), time.process_time()
manifest = stored(work, rows)
end = time.perf_counter()
most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(manifest.rows, end - start, time.process_time() - used, most, here - start, used_here - used)
"""
THEIRS = """
import sys, time, resource
import connectorx
start, used = time.perf_counter(), time.process_time()
table = connectorx.read_sql(sys.argv[1], "SELECT * FROM big", return_type="arrow", protocol="binary")
most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(table.num_rows, time.perf_counter() - start, time.process_time() - used, most)
"""


def main() -> None:
    """Make the table, read it both ways, print what it took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--reference", default=sys.executable)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, database_server("mariadb", Path(folder, "m")) as server:
        for table, rows in (("big", asked.rows), ("some", asked.rows // 4)):
            server.run(f"CREATE TABLE {table} ({COLUMNS})", f"INSERT INTO {table} {ROWS} seq_1_to_{rows}")
            server.run(f"SELECT SUM(n) FROM {table}")
        fewer = _ours(server, "some", folder)
        both = [(_theirs(server, asked.reference), _ours(server, "big", folder)) for _ in range(asked.rounds)]
    theirs, ours = (
        [statistics.median(one) for one in zip(*rounds, strict=True)] for rounds in zip(*both, strict=True)
    )
    print(_told("connectorx, in memory", theirs))
    print(_told("cauce, a snapshot", ours))
    print(f"the rows were here after {ours[4]:.1f} s ({ours[5]:.1f} s of a processor)")
    ratio = statistics.median(theirs[1] / ours[1] for theirs, ours in both)
    result = {
        "name": "mysql_ingest",
        "rows": asked.rows,
        "rows_a_second": {"connectorx": round(theirs[0] / theirs[1]), "cauce": round(ours[0] / ours[1])},
        "memory_megabytes": round(ours[3] / 1024),
        "memory_megabytes_of_a_quarter": round(fewer[3] / 1024),
        "ratio": round(ratio, 3),
        "target": TARGET,
        "holds": ratio >= TARGET and ours[3] <= MOST_MEMORY * fewer[3],
    }
    print(json.dumps(result))


def _told(name: str, found: Sequence[float]) -> str:
    rows, wall, here, most, server = (*found[:4], found[-1])
    used = f"{here:.1f} s + server {server:.1f} s of a processor"
    return f"{name}: {rows / wall:,.0f} rows/s, {used}, {most / 1024:,.0f} MB"


def _theirs(server: Server, python: str) -> list[float]:
    before = server_seconds(server)
    found = _run(python, THEIRS, f"mysql://writer:{PASSWORD}@127.0.0.1:{server.port}/shop")
    return [*found, server_seconds(server) - before]


def _ours(server: Server, table: str, folder: str) -> list[float]:
    before = server_seconds(server)
    with tempfile.TemporaryDirectory(dir=folder) as own:
        found = _run(sys.executable, OURS, server.address(table), own)
    return [*found, server_seconds(server) - before]


def _run(python: str, program: str, *arguments: str) -> list[float]:
    environment = {**os.environ, "CAUCE_TEST_PASSWORD": PASSWORD}
    time.sleep(1)
    done = subprocess.run(
        [python, "-c", program, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return [float(part) for part in done.stdout.split()]


def server_seconds(server: Server) -> float:
    """Processor seconds of the server so far."""
    assert server.process is not None
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
