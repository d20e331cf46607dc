"""The summaries on real tables whose facts are published."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from cauce.expr.schema import Field, Schema
from cauce.stats import Distinct, Identity, Levels, LowestRows, Several, with_hashes


def test_the_hospital_admissions_have_their_published_counts(shared_data: Path) -> None:
    """A real table would get other counts than everyone else finds in it."""
    frame = pl.read_parquet(shared_data / "diabetes130" / "diabetic_data.zstd.parquet").select(
        pl.all().cast(pl.String)
    )
    schema = Schema(tuple(Field(name, "text") for name in frame.columns))
    summary = Several((Identity(schema), Levels(("readmitted",)), Distinct(("patient_nbr",))))
    found = []
    for table, rows in ((frame, 20_000), (frame.sample(fraction=1.0, shuffle=True, seed=1), 101_766)):
        state = summary.start()
        for part in table.iter_slices(rows):
            state = summary.update(state, part)
        found.append(summary.result(state))
    assert found[0] == found[1]
    identity, levels, patients = found[0]
    assert identity.rows == 101_766
    own = levels["readmitted"]
    assert dict(zip(own.values, own.counts, strict=True)) == {"NO": 54_864, ">30": 35_545, "<30": 11_357}
    assert abs(patients["patient_nbr"].count - 71_518) < 3 * 0.0082 * 71_518


def test_duplicated_contracts_sample_the_same_in_any_order(shared_data: Path) -> None:
    """Full duplicates in real data would make a sample depend on the order of files."""
    file = next((shared_data / "secop2").glob("contratos_100k*.parquet"))
    frame = pl.read_parquet(file).select(pl.all().cast(pl.String))
    schema = Schema(tuple(Field(name, "text") for name in frame.columns))
    summary = LowestRows(("__hash_0", "__hash_1"), 5_000, schema.names)
    hashed = with_hashes(frame, schema)
    one = summary.update(summary.start(), hashed)
    parts = [summary.update(summary.start(), part) for part in hashed.reverse().iter_slices(30_000)]
    other = summary.start()
    for part in parts:
        other = summary.merge(other, part)
    assert summary.result(one).equals(summary.result(other))
    assert hashed["__hash_0"].n_unique() == frame.n_unique()
