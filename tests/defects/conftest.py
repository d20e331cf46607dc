"""The run that the tests of many defects look at."""

from __future__ import annotations

import pytest
from known_run import Known, run_known


@pytest.fixture(scope="session")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    """A small project that ran once."""
    return run_known(tmp_path_factory.mktemp("known"))
