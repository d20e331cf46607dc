"""Two processes share the tests so that nothing costly is made twice and nothing long comes last."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("xdist", reason="only several processes share the tests")

from shares import COSTLY, LONG, ROOT, share_of


def test_what_uses_one_costly_thing_is_one_share() -> None:
    """Two Spark sessions at once would double a suite's memory; two MLflow servers its start."""
    assert share_of("tests/spark/test_spark_engine.py") == share_of("tests/engines/test_engine_contract.py")
    assert share_of("tests/spark/test_trees_on_clusters.py") == "spark_cluster"
    assert share_of("tests/spark/test_standalone_suite.py") == "spark_cluster"
    assert share_of("tests/tracking/test_shipping.py") == share_of("tests/tracking/test_pyfunc.py")
    assert share_of("tests/stats/test_row_hash.py") == "tests/stats/test_row_hash.py"


def test_every_long_share_is_still_there() -> None:
    """One whose file was renamed would begin last, and the other process would wait for it."""
    files = [str(path.relative_to(ROOT)) for path in Path(ROOT / "tests").rglob("test_*.py")]
    assert set(LONG) <= {share_of(file) for file in files}
    assert set(COSTLY) <= set(LONG)
