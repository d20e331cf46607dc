"""What tests of runs share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def penguins(shared_data: Path, tmp_path: Path) -> Path:
    """A copy that a test may change, alone in a folder that may be served."""
    folder = tmp_path / "served"
    folder.mkdir()
    file = folder / "penguins.csv"
    file.write_bytes((shared_data / "penguins" / "penguins.csv").read_bytes())
    return file
