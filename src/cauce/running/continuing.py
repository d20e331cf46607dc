"""The earlier models that a project's go on from: found once for each command, checked against its rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cauce.core.answering.transform import Transform
from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.continuing import check_continues, known_features
from cauce.core.bundle.opening import open_stored_bundle
from cauce.core.bundle.writing import bundle_key, store_bundle
from cauce.core.features import FeaturePlan, FittedFeatures
from cauce.core.features.known import KnownFeatures
from cauce.core.features.monotone import monotone_features
from cauce.core.payload import is_linear
from cauce.core.splits.keeping import keeps_test
from cauce.core.splits.rules import SplitRule
from cauce.core.task import Target
from cauce.core.trees.continuing import is_monotone
from cauce.errors import CauceError, shown, warn
from cauce.expr.schema import Schema
from cauce.language import format_number, translate_plural
from cauce.planning.record import Record
from cauce.planning.step import Reference
from cauce.running.model_reference import FoundModel, model_named
from cauce.running.steps.roles import planned_features
from cauce.running.workspace import Workspace
from cauce.spec import ModelSettings
from cauce.spec.models import continued


def earlier_digests(work: Workspace, snapshot: str | None) -> dict[str, str]:
    """The digest of each earlier model, by what the project calls it.

    snapshot: of the project's rows, None where it is not known yet. An alias may have moved on to a model
    made of these very rows: then the one that such a run went on from counts, so that no run is repeated.
    """
    names = dict.fromkeys(name for one in work.project.models if (name := continued(one)) is not None)
    for name in names:
        found = _found(work, name)
        before = _went_on_from(work, name, snapshot)
        if snapshot is not None and found.bundle.manifest.snapshot == snapshot and before is not None:
            work.earlier[name] = FoundModel(open_stored_bundle(work.store, before), before)
    return {name: work.earlier[name].bundle.identity for name in names}


def _found(work: Workspace, name: str) -> FoundModel:
    if name not in work.earlier:
        work.earlier[name] = model_named(work, name)
    found: FoundModel = work.earlier[name]
    return found


def _went_on_from(work: Workspace, name: str, snapshot: str | None) -> str | None:
    """The model that the latest fit to these rows went on from, where the store holds it."""
    for step in work.ledger.earlier("fit"):
        made: Any = step.inputs.get("earlier") or {}
        rows = step.inputs.get("snapshot")
        if isinstance(rows, Reference) and rows.value == snapshot and name in made:
            digest = str(made[name])
            return digest if work.store.exists(bundle_key(digest)) else None
    return None


def earlier_of(work: Workspace, model: ModelSettings) -> FoundModel | None:
    """The earlier model that `model` goes on from, None where it begins anew. What finding it raises."""
    name = continued(model)
    return None if name is None else _found(work, name)


def features_for(
    work: Workspace, schema: Schema, *, target: Target, model: ModelSettings
) -> FeaturePlan | KnownFeatures:
    """What the model's features are fitted from, or those of the model that it goes on from.

    E1009 and E2191 where the rows do not fit that one, E2192 where it is no boosted trees, E2193 where it
    does not keep to the constraints, and what planning features raises.
    """
    found = earlier_of(work, model)
    if found is None:
        return planned_features(work.project, schema, target=target, model=model)
    scale, name = work.project.target.transform, str(continued(model))
    transform = None if scale is None else Transform(scale)
    manifest = found.bundle.manifest
    check_continues(manifest, schema=schema, target=target, transform=transform, model=name)
    fitted = known_features(manifest)
    _check_trees(found.bundle, fitted, getattr(model, "monotone", {}), name)
    return KnownFeatures(fitted)


def _check_trees(bundle: Bundle, fitted: FittedFeatures, monotone: Mapping[str, Any], name: str) -> None:
    if is_linear(bundle.xgboost):
        learner = "linear" if bundle.manifest.target.task == "regression" else "logistic"
        raise CauceError("E2192", model=name, learner=learner)
    ensemble = bundle.ensemble
    if ensemble.shares:
        raise CauceError("E2192", model=name, learner="forest")
    for feature, way in monotone_features(monotone, fitted):
        if not is_monotone(ensemble, fitted.names.index(feature), way=way):
            raise CauceError("E2193", model=name, feature=feature, way=way)


def keep_earlier(work: Workspace, model: ModelSettings) -> None:
    """Store the bundle that the model goes on from, so that what was made of it can be made again."""
    found = earlier_of(work, model)
    if found is not None and not work.store.exists(bundle_key(found.bundle.identity)):
        store_bundle(found.bundle, work.store)


def warn_of_known_rows(work: Workspace, model: ModelSettings, *, snapshot: str, rule: SplitRule) -> None:
    """W2190, W2191: rows that the earlier model learned from may be where nothing learned from may be."""
    found = earlier_of(work, model)
    if found is None:
        return
    name, manifest = str(continued(model)), found.bundle.manifest
    if manifest.snapshot == snapshot:
        warn("W2191", model=name)
    if not keeps_test(manifest.split, rule):
        warn("W2190", model=name)


def continued_sentences(records: Mapping[str, Record]) -> tuple[str, ...]:
    """From which model the run's went on, and how many rounds of trees were added, where it did."""
    fit = records.get("fit")
    told: Any = None if fit is None else fit.facts.get("continued")
    if not told:
        return ()
    text = translate_plural(
        "The model goes on from {model}: to its {rounds} rounds of trees {added} is added.",
        "The model goes on from {model}: to its {rounds} rounds of trees {added} are added.",
        told["added"],
    )
    model = shown(told["model"])
    numbers = {name: format_number(told[name]) for name in ("rounds", "added")}
    return (text.format(model=model, **numbers),)
