"""Thread limits reach the libraries: two XGBoost threads on a busy machine cost 20 times one."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cauce.errors import CauceError
from cauce.language import active_language, use_language
from cauce.threads import Handing, in_threads, limit_threads, usable_cores


def counted(code: str, **environment: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.endswith("_THREADS")}
    clean.pop("OMP_WAIT_POLICY", None)
    done = subprocess.run(
        [sys.executable, "-c", code], env=clean | environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


LIMIT = "import os; from cauce.threads import limit_threads; "


def test_polars_takes_the_count() -> None:
    """A run told to use one thread uses one."""
    assert counted(LIMIT + "limit_threads(1); import polars; print(polars.thread_pool_size())") == "1"


def test_xgboost_and_its_openmp_take_the_count() -> None:
    """The library's own answer, through threadpoolctl."""
    code = LIMIT + (
        "limit_threads(1); import xgboost, sklearn.utils, threadpoolctl; "
        "print({pool['num_threads'] for pool in threadpoolctl.threadpool_info()})"
    )
    assert counted(code) == "{1}"


def test_what_the_user_exported_is_kept_where_no_count_is_given() -> None:
    """An administrator's limit outranks our guess, but not the project's own word."""
    code = LIMIT + "limit_threads({}); print(os.environ['OMP_NUM_THREADS'], os.environ['OMP_WAIT_POLICY'])"
    assert counted(code.format(None), OMP_NUM_THREADS="7") == "7 PASSIVE"
    assert counted(code.format(3), OMP_NUM_THREADS="7", OMP_WAIT_POLICY="ACTIVE") == "3 ACTIVE"


def test_without_a_count_the_usable_cores_are_taken() -> None:
    """A process bound to one core starts one thread, however many the machine has."""
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("this system binds no process to cores")
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); " + LIMIT
    assert counted(code + "print(limit_threads(), os.environ['POLARS_MAX_THREADS'])") == "1 1"
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)


def test_no_thread_at_all_is_refused() -> None:
    """Zero means "all" to some libraries and "none" to others; it reaches none of them."""
    with pytest.raises(ValueError, match="at least 1"):
        limit_threads(0)


def test_work_in_threads_keeps_its_order_and_its_language() -> None:
    """Else a report's figures would change places from run to run."""
    use_language("es")
    try:
        found = in_threads(lambda number: (number * number, active_language()), range(50))
    finally:
        use_language("en")
    assert found == [(number * number, "es") for number in range(50)]


def handed(items: int, *, taken: int, interrupted: bool = False) -> list[int]:
    """What a taker got that stops after so many items."""
    handing = Handing[int]()

    def take() -> list[int]:
        coming = handing.taken()
        return [item for _place, item in zip(range(taken), coming, strict=False)]

    with ThreadPoolExecutor(1) as thread:
        taker = thread.submit(take)
        handing.until(taker)
        try:
            for item in range(items):
                handing.give(item)
                if interrupted:
                    raise KeyboardInterrupt
        finally:
            handing.end()
    return taker.result()


@pytest.mark.timeout(60)
@given(items=st.integers(0, 60), taken=st.integers(0, 60))
def test_a_taker_gets_all_in_order_and_one_that_stops_holds_nobody(items: int, taken: int) -> None:
    """A run would wait for ever for a thread that has failed, or lose rows."""
    assert handed(items, taken=taken) == list(range(min(items, taken)))


@pytest.mark.timeout(60)
def test_whoever_is_interrupted_leaves_no_thread_behind() -> None:
    """Ctrl-C would hang: the thread waits for items, and the process for the thread."""
    with pytest.raises(KeyboardInterrupt):
        handed(5, taken=60, interrupted=True)


def test_what_the_first_item_raises_is_raised() -> None:
    """Else the same fault would be told in different words each time."""

    def divided(number: int) -> float:
        if number > 2:
            raise CauceError("E0101", column=str(number), columns="")
        return number / 2

    with pytest.raises(CauceError, match="3"):
        in_threads(divided, range(9))
