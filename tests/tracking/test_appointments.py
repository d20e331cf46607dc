"""On a real MLflow server: a late message moves no alias back, and a version carries its card."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cauce.core.promotion.history import Decision
from cauce.core.run_record import TrackedBundle
from cauce.tracking.border import connect, quiet_mlflow
from cauce.tracking.delivery import Deliverer, register_bundle
from cauce.tracking.destination import Destination
from cauce.tracking.messages import Message
from cauce.tracking.registry import MlflowRegistry

pytestmark = pytest.mark.mlflow
OURS, THEIRS = "0123456789abcdef", "fedcba9876543210"


def shipped(server: str, told: TrackedBundle) -> str:
    """Register as the shipper does; the version."""
    with quiet_mlflow():
        deliverer = Deliverer(Destination(server))
        body = {"experiment": "a", "name": told.digest, "project": "p", "started": 0}
        run = deliverer.send(Message("begin", body), Path(told.digest))
        return str(register_bundle(deliverer.client, told, run=run).version)


def test_messages_that_come_late_move_no_alias_back(
    server: str, bundles: tuple[Path, Path, Path], digests: tuple[str, ...], tmp_path: Path
) -> None:
    """A run whose registration waited for a server must not depose who was promoted meanwhile."""
    registry, name = MlflowRegistry(Destination(server), tmp_path), "late"
    card = "# Model card\n\nñ <b>\n" + "x" * 6000
    first, second = (
        TrackedBundle(
            folder=str(folder), digest=digest, name=name, alias="champion", decided=str(by), card=card
        )
        for folder, digest, by in zip(bundles, digests, (Decision(OURS, 1), Decision(OURS, 2)), strict=False)
    )
    versions = [shipped(server, second), shipped(server, first)]
    standing = registry.standing(name)
    assert standing.champion is not None
    assert (standing.champion.version, standing.decided) == (versions[0], Decision(OURS, 2))
    assert registry.card(name, version=versions[0]) == card
    with quiet_mlflow():
        client: Any = connect(Destination(server))
        described = client.get_model_version(name, versions[0]).description
        assert len(described) <= 5000
        assert described.startswith("# Model card\n\nñ <b>\n")
    assert shipped(server, replace(first, card="# Newer")) == versions[1], "the same bundle is one version"
    assert registry.card(name, version=versions[1]) == "# Newer"
    third = TrackedBundle(
        folder=str(bundles[2]), digest=digests[2], name=name, alias="champion", decided=f"{THEIRS}/1"
    )
    newest = shipped(server, third)
    standing = registry.standing(name)
    assert standing.champion.version == versions[0], "a run takes no office from another history"  # type: ignore[union-attr]
    assert standing.holding(digests[2]).aliases == ("challenger",)  # type: ignore[union-attr]
    assert registry.appoint(name, version=newest, by=Decision(THEIRS, 1)), "a person who promotes does"
    assert registry.standing(name).champion.version == newest  # type: ignore[union-attr]
