"""One small project, run once, that the tests of many defects look at."""

from __future__ import annotations

import datetime as dt
import sys
import warnings
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from cauce.api.run import RunReport, run_workspace
from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.opening import open_bundle
from cauce.running.workspace import open_workspace

ROWS = 600
UNLABELLED = 12
PROJECT = """schema = 1
name = "known"
[data]
source = "table.parquet"
key = "id"
[target]
column = "y"
[split]
kind = "stratified"
[[models]]
rounds = 30
early_stopping = 5
[tracking]
enabled = false
"""


def table() -> pl.DataFrame:
    """Columns of every kind, one called `features`; `y` is likely where `dose` is missing, not where 0."""
    random = np.random.default_rng(12)
    kind = random.integers(0, 3, ROWS)
    dose = np.where(kind == 2, random.normal(5, 1, ROWS), 0.0)
    chance = np.choose(kind, (0.9, 0.1, 0.4))
    labels = [int(one) for one in random.random(ROWS) < chance]
    data: dict[str, Any] = {
        "id": [f"{k:05d}" for k in range(ROWS)],
        "features": [Decimal(int(k)).scaleb(-2) for k in random.integers(0, 9000, ROWS)],
        "small": random.integers(-5, 5, ROWS).tolist(),
        "flag": (random.random(ROWS) < 0.5).tolist(),
        "town": [None if k % 9 == 0 else ("Cali", "Pasto", "Tunja")[k % 3] for k in range(ROWS)],
        "day": [dt.date(2024, 1, 1) + dt.timedelta(int(k)) for k in random.integers(0, 400, ROWS)],
        "dose": [None if one == 0 else float(value) for one, value in zip(kind, dose, strict=True)],
        "y": [None if k % 50 == 7 else label for k, label in enumerate(labels)],
    }
    wanted = {"features": pl.Decimal(10, 2), "small": pl.Int16, "y": pl.Int8}
    return pl.DataFrame(data, schema_overrides=wanted)


@dataclass(frozen=True, eq=False)
class Known:
    """A run, its model, the table it read, how many rows left the source, and the sockets it opened."""

    folder: Path
    report: RunReport
    bundle: Bundle
    rows: pl.DataFrame
    scanned: int
    sockets: tuple[str, ...]


_heard: list[str] = []


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.bind", "socket.connect"):
        _heard.append(f"{event} {arguments[1:]}")


def run_known(folder: Path) -> Known:
    """The project of `table`, run in `folder`."""
    rows = table()
    rows.write_parquet(folder / "table.parquet")
    (folder / "cauce.toml").write_text(PROJECT, encoding="utf-8")
    work = open_workspace(folder)
    sys.addaudithook(_hear)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _heard.clear()
        report = run_workspace(work)
    heard = tuple(_heard)
    return Known(folder, report, open_bundle(report.folder), rows, work.engine.rows_scanned, heard)
