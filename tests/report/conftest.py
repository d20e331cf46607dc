"""Runs that several tests of reports look at, each made once."""

from __future__ import annotations

import pytest
from runs import Ran, hostile_project, small_project

import cauce


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A small project that was run."""
    folder = small_project(tmp_path_factory.mktemp("report"))
    return Ran(folder, cauce.run(folder))


@pytest.fixture(scope="session")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A run whose names attack whoever shows them."""
    folder = hostile_project(tmp_path_factory.mktemp("hostile"))
    return Ran(folder, cauce.run(folder))
