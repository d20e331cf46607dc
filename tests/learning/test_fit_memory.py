"""What a fit will take is said before it begins, truly, and what cannot fit is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cauce
from cauce.cli.rendering.running import planned
from cauce.core.memory import FitSize, FoldsSize, bytes_text, fit_memory, tune_memory
from cauce.core.task import Target
from cauce.errors import CauceError
from cauce.expr.nodes import Column
from cauce.language import use_language
from cauce.running.memory import check_memory, check_tune_memory, machine_memory
from cauce.running.project_run import run_project
from cauce.running.workspace import open_workspace
from cauce.spec import Boosting, Linear, Logistic
from cauce.spec.search import Search

MEASURED = """
import sys
import numpy as np, polars as pl
import xgboost
from cauce.core.boosting import BoostParameters, BoostSpec
from cauce.engines.local.boosting import boost

rows, wide, missing, kept = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
names = tuple(f"f{k}" for k in range(wide))

def status(key):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(key))

def batches():
    for number in range(-(-rows // 131072)):
        count = min(131072, rows - number * 131072)
        random = np.random.default_rng(number)
        made = {}
        for name in names:
            made[name] = random.normal(size=count)
            if missing:
                made[name][random.random(count) < missing] = np.nan
        label = (random.random(count) < 0.3).astype(float)
        lanes = {name: random.integers(0, 1 << 62, count) for name in ("a", "b")}
        yield pl.DataFrame({**made, "y": label, "fold": np.zeros(count, np.int64), **lanes})

next(iter(batches()))
before = status("VmRSS")
spec = BoostSpec(task="binary", features=names, label="y", fold="fold", lanes=("a", "b"), memory=kept,
                 parameters=BoostParameters(rounds=2, max_depth=6), threads=1)
boost(batches, spec)
print(status("VmHWM") - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from /proc")
@pytest.mark.parametrize(
    ("missing", "kept"), [(0.0, 1 << 30), (0.1, 1 << 30), (0.0, 1 << 20), (0.1, 1 << 20)]
)
def test_the_estimate_holds_what_is_measured(missing: float, kept: int) -> None:
    """Within a factor of two, with and without missing values, in memory and from a file."""
    given = [str(one) for one in (600_000, 40, missing, kept)]
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *given], capture_output=True, text=True, check=True
    )
    measured = int(done.stdout.split()[-1])
    found = fit_memory(Boosting(), FitSize(rows=600_000, features=40, kept=kept))
    assert 0.7 * found.least <= measured <= 1.3 * found.most
    assert found.most <= 2.5 * measured


def test_parts_add_up_as_written() -> None:
    """By hand: 1,000 rows of 10 features, depth 3, 256 bins."""
    found = fit_memory(Boosting(max_depth=3), FitSize(rows=1000, features=10))
    every = 4 * 10_000 + 16 * 10_000 + 24 * 1000
    assert found.least == every + 2 * 10_000
    assert found.most == every + 5 * 10_000 + 4 * 10 * 256 * 16
    linear = fit_memory(Linear(), FitSize(rows=1000, features=10))
    assert linear.least == linear.most == 4 * 10_000 + 2 * 16 * 10_000 + 3 * 11 * 11 * 8


@given(
    st.integers(1, 10**8), st.integers(1, 5000), st.integers(1, 20), st.sampled_from([Boosting(), Logistic()])
)
def test_more_rows_features_or_outputs_never_take_less(
    rows: int, features: int, outputs: int, model: Boosting | Logistic
) -> None:
    size = FitSize(rows=rows, features=features, outputs=outputs)
    found = fit_memory(model, size)
    assert 0 < found.least <= found.most
    for more in (
        FitSize(rows=rows + 1, features=features, outputs=outputs),
        FitSize(rows=rows, features=features + 1, outputs=outputs),
        FitSize(rows=rows, features=features, outputs=outputs + 1),
    ):
        assert fit_memory(model, more).least >= found.least


def test_folds_add_up_as_written() -> None:
    """By hand: 1,000 rows of 10 features on 5 folds, two at a time, depth 3, 256 bins."""
    on, size = FoldsSize(folds=5, k=5, taught=0.8, workers=2), FitSize(rows=1000, features=10)
    found = tune_memory([((Boosting(max_depth=3),), size)], on)
    every = 5 * 4 * 10_000 + 16 * 10_000 + 5 * 24 * 1000
    bins, gradients = 5 * 800 * 10, 2 * 800 * 24
    assert found.least == every + 2 * bins + gradients
    looks, histograms = 10 * 5 * 200 * 32, 2 * 4 * 10 * 256 * 16
    assert found.most == every + looks + 5 * bins + gradients + histograms
    both = tune_memory([((Boosting(max_depth=3),), size), ((Linear(),), size)], on)
    assert both.least == found.least + 5 * 4 * 10_000 + 5 * 24 * 1000 + 5 * 11 * 11 * 8


@given(st.integers(1, 10**7), st.integers(1, 3000), st.integers(2, 20), st.integers(1, 5))
def test_more_folds_never_take_less_and_a_wider_search_neither(
    rows: int, features: int, k: int, repeats: int
) -> None:
    """An estimate that falls as the work grows would let a run begin that cannot end."""
    size = FitSize(rows=rows, features=features)
    on = FoldsSize(folds=k * repeats, k=k, taught=(k - 1) / k, workers=1)
    more = FoldsSize(folds=(k + 1) * repeats, k=k + 1, taught=k / (k + 1), workers=1)
    plain = Boosting(max_depth=4)
    searched = Boosting(search=Search(method="random", space={"max_depth": (2, 9), "max_bin": (64, 512)}))
    found = tune_memory([((plain,), size)], on)
    assert 0 < found.least <= found.most
    assert tune_memory([((plain,), size)], more).least >= found.least
    assert tune_memory([((searched,), size)], on).most >= found.most


def test_candidates_that_cannot_be_held_are_refused_before_the_first_is_fitted(tmp_path: Path) -> None:
    """Hours of a search must not end in a kill by the system."""
    rows = pl.DataFrame({"a": range(200), "y": [at % 7 for at in range(200)]})
    rows.write_csv(tmp_path / "table.csv")
    (tmp_path / "cauce.toml").write_text(
        'schema = 1\nname = "m"\n[data]\nsource = "table.csv"\n[target]\ncolumn = "y"\n'
        'task = "regression"\n[[models]]\n[choose]\nfolds = { k = 4 }\n[tracking]\nenabled = false\n'
    )
    work, target = open_workspace(tmp_path), Target("y", Column("y"), "integer", "regression")
    check_tune_memory(work, target, rows=10**6, width=lambda _: 100, machine=8 * 10**9)
    with pytest.raises(CauceError) as caught:
        check_tune_memory(work, target, rows=10**8, width=lambda _: 100, machine=8 * 10**9)
    assert caught.value.code == "E2311"
    assert "4 folds of 80000000 rows and 100 features" in str(caught.value)
    run_project(work, until="leaks")
    told = planned(cauce.plan(tmp_path), 100).text
    assert "Judging the candidates is expected to take" in told


def test_a_fit_beyond_the_machine_is_refused_and_one_within_is_not() -> None:
    """Killed by the system after an hour, nobody knows why."""
    size = FitSize(rows=10_000_000, features=500, kept=1 << 30)
    with pytest.raises(CauceError) as caught:
        check_memory(Boosting(), size, machine=8 * 10**9)
    assert caught.value.code == "E2310"
    for part in ("10000000 rows", "500 features", "8 GB", "boosting"):
        assert part in str(caught.value)
    check_memory(Boosting(), size, machine=16 * 10**9)
    check_memory(Boosting(), size, machine=None)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of Linux")
def test_the_limit_a_user_was_given_counts() -> None:
    """`ulimit -v` and containers give a process less than the machine has."""
    script = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30));"
        "from cauce.running.memory import machine_memory; print(machine_memory())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(done.stdout) == min(3 << 30, machine_memory() or 3 << 30)


def test_bytes_are_told_in_round_numbers() -> None:
    assert [bytes_text(one) for one in (10, 2_540_000, 340_000_000, 25_312_000_000)] == [
        "0.1 MB",
        "2.5 MB",
        "340 MB",
        "25 GB",
    ]
    use_language("es")
    assert bytes_text(2_531_200_000) == "2,5 GB"
