"""Runs that several tests of reports look at, each made once."""

from __future__ import annotations

import pytest
from runs import Ran, hostile_project, run_again, small_project


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A small project that was run."""
    return run_again(small_project(tmp_path_factory.mktemp("report")))


@pytest.fixture(scope="session")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A run whose names attack whoever shows them."""
    return run_again(hostile_project(tmp_path_factory.mktemp("hostile")))
