"""Columns are taken by their exact names."""

import polars as pl

from cauce.expr.batch import take


def test_every_name_is_taken_as_it_is() -> None:
    """A column called "" or "*" must not come out renamed, or as all columns."""
    frame = pl.DataFrame({"": [1], "*": [2], "^a$": [3], "a": [4]})
    assert take(frame, ["^a$", "", "*"]).to_dict(as_series=False) == {"^a$": [3], "": [1], "*": [2]}
