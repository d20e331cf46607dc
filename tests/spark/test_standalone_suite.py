"""The tests of one process also hold on a cluster, whose executors share nothing with the driver."""

from __future__ import annotations

import re

import pytest

from cauce.testing.spark import Cluster, run_with

pytestmark = pytest.mark.spark

# Tests with the fixture `spark_session`, run in one child whose session is on the cluster's master.
TARGETS = ["tests/engines/test_engine_contract.py"]


def test_a_cluster_gives_what_one_process_gives(spark_cluster: Cluster) -> None:
    """Code that reads the driver's memory or files only fails where executors are other processes."""
    options = ["-q", "-x", "-p", "no:cacheprovider", "-m", "spark and not slow", "-k", "not standalone"]
    done = run_with(spark_cluster.master, ["-m", "pytest", *options, *TARGETS])
    assert done.returncode == 0, done.stdout[-6000:]
    assert re.search(r"\d+ passed", done.stdout)
