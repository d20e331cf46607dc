"""Asks the gate whether a model may take charge; each question reads the test rows once."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.opening import open_bundle, open_stored_bundle
from cauce.core.bundle.writing import bundle_key
from cauce.core.canonical import canonical_json, damaged, digest_of
from cauce.core.promotion.gate import Contest, GateVerdict, required
from cauce.core.promotion.history import Held, folder_of
from cauce.errors import CauceError
from cauce.ports.registry import Registry
from cauce.running.comparison import compare_models
from cauce.running.promotion_history import model_name
from cauce.running.workspace import Workspace
from cauce.spec import Gate


def judge(work: Workspace, bundle: Bundle, *, champion: Held | None) -> GateVerdict:
    """What the gate says of `bundle`, with this champion in charge.

    The same question, with the same gate, is answered from the store: the test fold is read once.
    """
    gate = work.project.gate
    requirements = required(gate.require, bundle.manifest.metrics.get("test", ()))
    rival = champion if champion is not None and champion.digest != bundle.identity else None
    if not gate.better_than_champion or rival is None:
        return GateVerdict(requirements=requirements)
    asked = {
        "model": bundle.identity,
        "champion": rival.digest,
        "gate": _terms(gate),
        "metric": _metric(work),
    }
    key = f"{folder_of(model_name(work))}/verdicts/{digest_of(asked)}.json"
    if work.store.exists(key):
        return _read(work, key)
    contest = _contest(work, bundle, rival)
    verdict = GateVerdict(requirements=requirements, contest=contest)
    if not contest.reason:
        work.store.put_if_absent(key, canonical_json(verdict.to_json()))
        return _read(work, key)
    return verdict


def _terms(gate: Gate) -> dict[str, object]:
    kept = asdict(gate)
    return {name: kept[name] for name in ("margin", "confidence")} | {"require": dict(gate.require)}


def _metric(work: Workspace) -> str | None:
    return work.project.choose.metric


def _read(work: Workspace, key: str) -> GateVerdict:
    try:
        return GateVerdict.from_json(json.loads(work.store.get(key)))
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(key, type(error).__name__) from error


def _contest(work: Workspace, bundle: Bundle, champion: Held) -> Contest:
    """The champion and `bundle` on the test rows that neither has seen. One scan."""
    gate = work.project.gate
    terms: dict[str, Any] = {
        "champion": champion.digest,
        "margin": gate.margin,
        "confidence": gate.confidence,
    }
    try:
        found = compare_models(work, first=bundle_of(work, champion), second=bundle, level=gate.confidence)
    except CauceError as error:
        return Contest(**terms, metric=work.project.choose.metric or "", reason=error.message)
    headline, interval = found.headline, found.headline.gain_interval
    return Contest(
        **terms,
        metric=str(headline.name),
        difference=headline.gain,
        low=interval.low,
        high=interval.high,
        rows=found.rows,
    )


def bundle_of(work: Workspace, held: Held, *, registry: Registry | None = None) -> Bundle:
    """The bundle itself: of the project's store, else downloaded from the registry.

    E2007 where neither has it, and what opening it raises.
    """
    if work.store.exists(bundle_key(held.digest)):
        return open_stored_bundle(work.store, held.digest)
    if held.version is None:
        raise CauceError("E2007", digest=held.digest[:12], wanted=held.digest[:12], name=model_name(work))
    found = (registry or work.registry).resolve(f"models:/{model_name(work)}/{held.version}")
    return open_bundle(found.folder, digest=held.digest)
