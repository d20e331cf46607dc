"""Predictions into a table of MariaDB, against LOAD DATA of the same rows: rows a second, processor time.

Usage: mysql_sink.py [--rows 1000000] [--rounds 3]

Starts a server of its own on loopback. Both write into a table of the same columns and index; LOAD DATA gets
the rows as a finished file, Cauce the Parquet file that a prediction leaves. The target: half its rows per
second.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl
import pymysql

from cauce.sources.sql.sink import load_rows
from cauce.spec.addresses import parse_address
from cauce.testing.databases import PASSWORD, Server, database_server
from mysql_ingest import server_seconds

RUN = "r" * 64
TARGET = 0.5
LOAD = """LOAD DATA LOCAL INFILE '{file}' INTO TABLE reference CHARACTER SET utf8mb4
FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '"' ESCAPED BY ''"""


def main() -> None:
    """Write the rows both ways, several times, and print the medians."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    os.environ["CAUCE_TEST_PASSWORD"] = PASSWORD
    with tempfile.TemporaryDirectory() as folder, database_server("mariadb", Path(folder, "m")) as server:
        rows = predictions(asked.rows)
        rows.write_parquet(Path(folder, "rows.parquet"))
        file = Path(folder, "rows.csv")
        rows.with_columns(pl.lit(RUN)).write_csv(
            file, include_header=False, quote_style="non_numeric", datetime_format="%Y-%m-%d %H:%M:%S%.6f"
        )
        rows[:10].write_parquet(Path(folder, "few.parquet"))
        _write(server, Path(folder, "few.parquet"))
        server.run("CREATE TABLE reference LIKE predictions")
        both = [(_theirs(server, file), _ours(server, Path(folder))) for _ in range(asked.rounds)]
    rates = {}
    for name, times in zip(("LOAD DATA", "cauce"), zip(*both, strict=True), strict=True):
        wall, here, there = (statistics.median(one) for one in zip(*times, strict=True))
        rates[name] = round(asked.rows / wall)
        print(f"{name}: {rates[name]:,} rows/s, {here:.1f} s + server {there:.1f} s of a processor")
    ratio = statistics.median(theirs[0] / ours[0] for theirs, ours in both)
    result = {
        "name": "mysql_sink",
        "rows": asked.rows,
        "rows_a_second": rates,
        "ratio": round(ratio, 3),
        "target": TARGET,
        "holds": ratio >= TARGET,
    }
    print(json.dumps(result))


def predictions(rows: int) -> pl.DataFrame:
    """What a prediction of two classes leaves."""
    random = np.random.default_rng(7)
    yes = random.random(rows)
    return pl.DataFrame(
        {
            "id": np.arange(rows),
            "prediction": np.where(yes > 0.5, "yes", "no"),
            "probability_no": 1 - yes,
            "probability_yes": yes,
        }
    ).with_columns(
        model_version=pl.lit("a" * 64),
        snapshot=pl.lit("b" * 64),
        scored_at=pl.lit("2024-05-06 07:08:09.123456").str.to_datetime(time_zone="UTC"),
    )


def _write(server: Server, file: Path) -> None:
    load_rows(file, parse_address(server.address("predictions")), run=RUN, home=file.parent)


def _theirs(server: Server, file: Path) -> tuple[float, float, float]:
    server.run("TRUNCATE TABLE reference")
    connection = pymysql.connect(
        host="127.0.0.1",
        port=server.port,
        user=server.user,
        password=PASSWORD,
        database=server.database,
        local_infile=True,
    )
    start = _now(server)
    with connection, connection.cursor() as cursor:
        cursor.execute(LOAD.format(file=file))
        connection.commit()
    return _since(start, server)


def _ours(server: Server, folder: Path) -> tuple[float, float, float]:
    server.run("TRUNCATE TABLE predictions")
    start = _now(server)
    _write(server, folder / "rows.parquet")
    return _since(start, server)


def _now(server: Server) -> tuple[float, float, float]:
    return time.perf_counter(), time.process_time(), server_seconds(server)


def _since(start: tuple[float, float, float], server: Server) -> tuple[float, float, float]:
    wall, here, there = (now - then for now, then in zip(_now(server), start, strict=True))
    return wall, here, there


if __name__ == "__main__":
    main()
