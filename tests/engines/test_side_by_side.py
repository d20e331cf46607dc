"""Summaries gathered by several threads are those that one thread gathers."""

from __future__ import annotations

import hashlib

import numpy as np
import polars as pl
import pytest

from cauce.core.boosting_rows import _reduced
from cauce.core.matrix import LARGEST, float32_matrix
from cauce.engines.local.side_by_side import SideBySide
from cauce.errors import CauceError
from cauce.language import active_language, use_language
from cauce.stats import Filtered, Moments, Quantiles
from cauce.stats.counts import Counts

ROWS = 100_000


def batches() -> list[pl.DataFrame]:
    random = np.random.default_rng(5)
    frame = pl.DataFrame(
        {name: random.normal(size=ROWS) for name in "abcd"} | {"fold": random.integers(0, 3, ROWS)}
    )
    return [frame.slice(0, 60_000), frame.slice(60_000, 39_000), frame.slice(99_000)]


def test_states_are_those_of_one_summary_after_the_other() -> None:
    """Else a model's digest would depend on how many processors the machine has."""
    asked = (Counts(("a", "b")), Filtered("fold", (0,), Quantiles(("a", "c"))), Moments(("c", "d")))
    with SideBySide(asked) as looking:
        for batch in batches():
            looking.update(batch)
        together = [one.dump(state) for one, state in zip(asked, looking.states, strict=True)]
    for one, found in zip(asked, together, strict=True):
        state = one.start()
        for batch in batches():
            state = one.update(state, batch)
        assert hashlib.sha256(one.dump(state)).digest() == hashlib.sha256(found).digest()


def test_what_fails_is_told_of_the_first_summary_that_fails() -> None:
    """Else the same fault would be told in different words each time."""
    asked = (Counts(("a",)), Counts(("nowhere",)), Counts(("neither",)))
    with SideBySide(asked) as looking, pytest.raises(CauceError, match="nowhere") as told:
        looking.update(batches()[0])
    assert told.value.code == "E0101"


def test_threads_speak_the_language_of_the_run() -> None:
    """Else a Spanish run would warn in English."""

    class Speaking(Counts):
        def update(self, state, batch):
            spoken.append(active_language())
            return super().update(state, batch)

    spoken: list[str] = []
    use_language("es")
    try:
        with SideBySide((Speaking(("a",)), Speaking(("b",)))) as looking:
            looking.update(batches()[0])
    finally:
        use_language("en")
    assert spoken == ["es", "es"]


def test_the_matrix_of_many_rows_holds_what_that_of_few_holds() -> None:
    """Else trees would be grown on other numbers than they score."""
    random = np.random.default_rng(6)
    size = 20_000
    wide = random.normal(size=size) * 10.0 ** random.integers(-50, 60, size)
    wide[::7], wide[5], wide[6], wide[8] = np.nan, np.inf, -np.inf, -0.0
    odd = np.arange(size) % 3 == 0
    columns = [
        pl.Series("*", wide),
        pl.Series("^a$", wide).set(pl.Series(odd), None),
        pl.Series("", random.integers(-(2**62), 2**62, size)),
        pl.Series("true", odd).set(pl.Series(np.roll(odd, 1)), None),
        pl.Series("none", [None] * size, dtype=pl.Float64),
    ]
    few = [float32_matrix([one.slice(at, 500) for one in columns], height=500) for at in range(0, size, 500)]
    many = float32_matrix(columns, height=size)
    assert many.tobytes() == np.concatenate(few).tobytes()
    assert np.nanmax(np.abs(many)) == LARGEST


@pytest.mark.parametrize("rows", [1, 63, 64, 1000])
def test_extremes_of_rows_taken_abreast_are_those_of_each_column(rows: int) -> None:
    """Else the outermost bins would not hold the outermost values."""
    values = np.random.default_rng(7).normal(size=(rows, 5)).astype(np.float32)
    values[:: max(rows // 3, 1), 2] = np.nan
    values[:, 4] = np.nan
    for of, peer in ((np.fmin, np.nanmin), (np.fmax, np.nanmax)):
        found = _reduced(of, values)
        assert np.isnan(found[4])
        assert found[:2].tolist() == [peer(values[:, at]) for at in range(2)]
        assert found[2] == peer(values[:, 2]) if rows > 1 else np.isnan(found[2])
