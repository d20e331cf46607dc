"""From what a user writes to the version that is meant."""

from __future__ import annotations

import re

from cauce.core.promotion.history import Held
from cauce.errors import CauceError
from cauce.ports.registry import ModelAddress, ModelVersion, Standing
from cauce.running.promotion_history import model_name
from cauce.running.workspace import Workspace

_VERSION = re.compile(r"[1-9][0-9]{0,9}")
_NEAR = 10


def find_version(work: Workspace, standing: Standing, *, wanted: str) -> Held:
    """The version that `wanted` names: a number, an alias after @, models:/NAME/3, or a run.

    E1308 for a version or alias that is not there, E1309 for a version without a bundle of ours, E2006 for
    what is none of these, E2007 for a run whose model is not registered.
    """
    name = model_name(work)
    if wanted.startswith("models:/"):
        address = ModelAddress.parse(wanted)
        if address.name != name:
            raise CauceError("E2006", wanted=wanted, name=name, near=_near(standing))
        wanted = address.version or f"@{address.alias}"
    if _VERSION.fullmatch(wanted) or wanted.startswith("@"):
        return _held(_version(standing, name, wanted))
    digest = _digest_of_run(work, wanted)
    if digest is None:
        raise CauceError("E2006", wanted=wanted, name=name, near=_near(standing))
    found = standing.holding(digest)
    if found is None:
        raise CauceError("E2007", digest=digest[:12], wanted=wanted, name=name)
    return _held(found)


def _version(standing: Standing, name: str, wanted: str) -> ModelVersion:
    alias = wanted.removeprefix("@") if wanted.startswith("@") else None
    for one in standing.versions:
        if one.version == wanted or (alias is not None and alias in one.aliases):
            return one
    raise CauceError("E1308", name=name, wanted=wanted, near=_near(standing))


def _held(found: ModelVersion) -> Held:
    if found.digest is None:
        raise CauceError("E1309", name=found.name, version=found.version)
    return Held(found.digest, found.version)


def _digest_of_run(work: Workspace, run: str) -> str | None:
    """The bundle of the run, which must be this project's; None where there is no such run with a model."""
    if run not in work.ledger.runs():
        return None
    record = work.ledger.step_record(run, "bundle")
    if record is None or record.step.parameters["name"] != work.project.name:
        return None
    return str(record.outputs["bundle"].value)


def _near(standing: Standing) -> str:
    aliases = [f"@{alias}" for one in standing.versions for alias in one.aliases]
    return ", ".join([*aliases, *(one.version for one in standing.versions[:_NEAR])]) or "–"
