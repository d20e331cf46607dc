"""The whole way: an alias in a registry moves, and the service started with it answers with the other."""

from __future__ import annotations

from pathlib import Path

import pytest
import served_models as serving
import test_service_swaps as swaps

import small_models as small  # isort: skip - found through the ones before

from cauce.running.serving import prepare
from cauce.running.workspace import open_workspace

PROJECT = """
name = "small"

[data]
source = "rows.csv"

[target]
column = "late"
"""


@pytest.mark.slow
@pytest.mark.mlflow
def test_a_service_follows_its_alias_in_the_registry(tmp_path: Path) -> None:
    """Promoting would mean restarting every service by hand."""
    file = tmp_path / "cauce.toml"
    file.write_text(PROJECT, encoding="utf-8")
    registry = open_workspace(file).registry
    registry.register(serving.folder_of(small.bundle()), "small", alias="champion")
    registry.register(serving.folder_of(swaps.other_bundle()), "small", alias="none")
    prepared = prepare("models:/small@champion", project=file, choices={"port": 0, "watch": 0.5})
    fixed = prepare("models:/small/1", project=file, choices={"port": 0, "watch": 0.5})
    assert fixed.settings.watcher == ()
    assert prepared.settings.version == "small/1"
    with prepared.start() as service:
        one = swaps.Told(tmp_path, service)
        assert one.version() == "small/1"
        assert swaps.until(lambda: one.metrics()["cauce_registry_answered_seconds"] > 0)
        registry.set_alias("small", "champion", version="2")
        assert swaps.until(lambda: one.version() == "small/2")
        assert one.metrics()["cauce_swaps_total"] == 1
