"""Model cards: made from what a run stored, and read back from the registry."""

from __future__ import annotations

from dataclasses import dataclass

from cauce.core.bundle.opening import open_bundle, open_stored_bundle
from cauce.core.evaluation import Evaluation
from cauce.core.leaks.findings import LeakReport
from cauce.core.promotion.card import ModelCard
from cauce.core.promotion.gate import GateVerdict
from cauce.running.promotion_history import model_name
from cauce.running.workspace import Workspace


@dataclass(frozen=True)
class Known:
    """What a run knows of its model beside the bundle."""

    evaluation: Evaluation | None = None
    leaks: LeakReport | None = None
    verdict: GateVerdict | None = None
    run: str | None = None


def card_of(work: Workspace, identity: str, *, known: Known) -> ModelCard:
    """The card of the stored bundle `identity`, as the project is now."""
    return ModelCard(
        manifest=open_stored_bundle(work.store, identity).manifest,
        identity=identity,
        model=model_name(work),
        declared=_declared(work),
        run=known.run,
        evaluation=known.evaluation,
        leaks=known.leaks,
        verdict=known.verdict,
    )


def _declared(work: Workspace) -> dict[str, str]:
    return {name: value for name, value in vars(work.project.card).items() if value is not None}


def registered_card(work: Workspace, version: str) -> str:
    """The card of a registered version in Markdown: the one that was registered with it, else one made from
    what its bundle says. E1301, E1302, E1307 to E1310."""
    registry, name = work.registry, model_name(work)
    kept = registry.card(name, version=version)
    if kept is not None:
        return kept
    found = registry.resolve(f"models:/{name}/{version}")
    bundle = open_bundle(found.folder, digest=found.digest)
    return ModelCard(manifest=bundle.manifest, identity=bundle.identity, model=name).to_markdown()
