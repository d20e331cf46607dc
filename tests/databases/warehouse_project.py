"""A small project with a warehouse, whose rows have every kind and hostile names."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl

ROWS = 300
ODD = 'we"ird, `%s` ñ'
FRAME = pl.DataFrame(
    {
        "id": range(ROWS),
        "x": [(n * 7 % 101) / 101 if n % 50 else None for n in range(ROWS)],
        ODD: ["a,b", 'ñ"q\n\\', None, ""] * (ROWS // 4),
        "select": [n * 2**40 for n in range(ROWS)],
        "day": [date(2020, 1, 1) + timedelta(days=n) if n % 5 else None for n in range(ROWS)],
        "at": [
            datetime(2020, 1, 1, tzinfo=UTC) + timedelta(microseconds=n * 123_456_789) for n in range(ROWS)
        ],
        "wall": [datetime(2020, 1, 1) + timedelta(microseconds=n * 123_456_789) for n in range(ROWS)],
        "flag": [None if n % 7 == 0 else n % 2 == 0 for n in range(ROWS)],
        "d": [Decimal(n) / 100 if n % 3 else None for n in range(ROWS)],
        "kind": ["red", "green", "blue"] * (ROWS // 3),
        "y": [
            None if n % 60 == 59 else "no" if (n * 7 % 101 < 50) != (n % 4 == 0) else "yes"
            for n in range(ROWS)
        ],
    },
    schema_overrides={"d": pl.Decimal(38, 2), "kind": pl.Categorical},
)


def write_project(
    folder: Path, url: str, *, frame: pl.DataFrame = FRAME, more: str = "", models: str = ""
) -> Path:
    """A project of these rows in a folder, with a warehouse in batches of 50. more: lines of [warehouse]."""
    folder.mkdir(exist_ok=True)
    frame.write_parquet(folder / "rows.parquet")
    learner = models or '[[models]]\nlearner = "logistic"\n'
    (folder / "cauce.toml").write_text(
        'name = "shop"\n[data]\nsource = "rows.parquet"\nkey = "id"\n[target]\ncolumn = "y"\n'
        f'[features]\ninclude = ["x"]\n{learner}[tracking]\nenabled = false\n'
        f'[warehouse]\nurl = "{url}"\nbatch_rows = 50\n{more}'
    )
    return folder
