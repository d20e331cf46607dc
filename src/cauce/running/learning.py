"""One model from features whose rows are ready, by the learner it names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from cauce.core.boosting import BoostRequest, BoostSpec
from cauce.core.canonical import Json
from cauce.core.columns import FOLD, HASH_A, HASH_B, TARGET, WEIGHT
from cauce.core.features import FittedFeatures
from cauce.core.linear.coefficients import Coefficients, importances
from cauce.core.linear.model import LinearModel
from cauce.core.task import Target
from cauce.core.trees.continuing import rounds_of
from cauce.errors import CauceError, warn
from cauce.running.continuing import earlier_of
from cauce.running.model_reference import FoundModel
from cauce.running.tree_parameters import quantiles_of, tree_parameters
from cauce.running.workspace import Workspace
from cauce.spec import ModelSettings
from cauce.spec.models import TASKS, Boosting, Forest, Linear, Logistic, continued

KEPT = (TARGET, WEIGHT, FOLD, HASH_A, HASH_B)
"""What a row to learn from has beside its features."""
Progress = Callable[[float, float | None], None]


@dataclass(frozen=True, kw_only=True)
class Learned:
    """A fitted model.

    payload: its document, as a bundle holds it: XGBoost's JSON, or a `LinearModel`'s. importance: (feature,
    how much the model leans on it), ≥ 0, of one learner comparable with each other. record: what the
    training record says of it beside that, as JSON values. facts: what a run tells of it in a line.
    """

    payload: bytes
    importance: tuple[tuple[str, float], ...]
    record: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Json] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The training record's part about the model."""
        return {**self.record, "importance": [list(pair) for pair in self.importance]}


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Rows to learn from. table: each row's features by name, and KEPT. TARGET: class number from 0, or the
    number to predict; FOLD: 0 trains, 1 validates, anything else is left out."""

    table: Any
    fitted: FittedFeatures
    target: Target


def learn(work: Workspace, rows: Rows, *, model: ModelSettings, progress: Progress) -> Learned:
    """Fit `model`, whose settings are single values, to the rows whose FOLD is 0.

    progress: told what is done and, where known, of how much. Raises E0830 where the learner does not fit
    the task, and what the learner raises.
    """
    if rows.target.task not in TASKS[model.learner]:
        raise CauceError("E0830", learner=model.learner, task=rows.target.task)
    return _LEARNERS[model.learner](work, rows, model, progress)


def _trees(work: Workspace, rows: Rows, model: Boosting | Forest, progress: Progress) -> Learned:
    spec = boost_spec(model, rows.fitted, target=rows.target, work=work)
    most = spec.parameters.rounds
    result = work.engine.boost(rows.table, spec, observe=lambda one: progress(one.number + 1, most))
    record = {
        "best_round": None if spec.parameters.forest else result.best_round,
        "metric": result.metric,
        "history": [[one.train, one.validation] for one in result.history],
        "cuts": asdict(result.cuts),
    }
    facts: dict[str, Json] = {"rounds": result.best_round + 1}
    earlier = earlier_of(work, model)
    if earlier is not None:
        told = _continued(earlier, model, added=result.best_round + 1)
        record, facts = {**record, "continued": told}, {**facts, "continued": told}
    return Learned(payload=result.payload, importance=result.importance, record=record, facts=facts)


def _continued(earlier: FoundModel, model: ModelSettings, *, added: int) -> dict[str, Json]:
    """From which model the trees go on, how many rounds it has, and how many were added. W2192."""
    if not added:
        warn("W2192", model=continued(model))
    rounds = rounds_of(earlier.bundle.xgboost)
    return {
        "model": earlier.version,
        "digest": earlier.bundle.identity,
        "rounds": rounds,
        "added": added,
    }


def learn_ends(
    work: Workspace, rows: Rows, *, model: Boosting, level: float, rounds: tuple[int, int] | None = None
) -> tuple[bytes, bytes]:
    """Payloads of the lower and the upper quantile between which the share `level` of the labels lies.

    Trees are grown as the model's own, with pinball loss. rounds: of each, where folds have said how many.
    One scan.
    """
    spec = boost_spec(model, rows.fitted, target=rows.target, work=work)
    low, high = quantiles_of(spec.parameters, level)
    if rounds is not None:
        low, high = replace(low, rounds=rounds[0]), replace(high, rounds=rounds[1])
    with work.engine.training(rows.table, spec) as ready:
        found = [
            ready.boost(
                BoostRequest(parameters=one, early_stopping=spec.early_stopping, history=False)
            ).result.payload
            for one in (low, high)
        ]
    return found[0], found[1]


def boost_spec(
    model: Boosting | Forest, fitted: FittedFeatures, *, target: Target, work: Workspace
) -> BoostSpec:
    """What is asked of the engine, from the model's settings."""
    earlier = earlier_of(work, model)
    return BoostSpec(
        task=target.task,
        features=fitted.names,
        label=TARGET,
        fold=FOLD,
        lanes=(HASH_A, HASH_B),
        classes=max(len(target.classes), 1),
        levels=fitted.levels,
        weight=WEIGHT if work.project.data.weight else None,
        parameters=tree_parameters(model, fitted, target=target),
        early_stopping=(isinstance(model, Boosting) and model.early_stopping) or None,
        earlier=None if earlier is None else earlier.bundle.xgboost,
        seed=work.project.seed,
        device=model.device,
        threads=work.project.engine.threads,
        **_limited(work),
    )


def _limited(work: Workspace) -> dict[str, Any]:
    """The bytes of rows to keep in memory, where the project says."""
    memory = work.project.engine.memory_bytes
    return {} if memory is None else {"memory": memory}


def _linear(work: Workspace, rows: Rows, model: Linear, progress: Progress) -> Learned:
    from cauce.running.linear_learning import learn_linear  # noqa: PLC0415 - only where it is asked for

    features = rows.fitted.names
    found = learn_linear(work.engine, rows.table, features=features, penalty=model.penalty)
    progress(1, 1)
    return _summed(*found)


def _logistic(work: Workspace, rows: Rows, model: Logistic, progress: Progress) -> Learned:
    from cauce.running.linear_learning import LogisticSettings, learn_logistic  # noqa: PLC0415

    settings = LogisticSettings(
        penalty=model.penalty,
        class_weight=model.class_weight,
        progress=progress,
        path=work.project.engine.kind == "local",
        **_limited(work),
    )
    features, target = rows.fitted.names, rows.target
    found = learn_logistic(work.engine, rows.table, features=features, target=target, settings=settings)
    return _summed(*found)


def _summed(model: LinearModel, found: Coefficients) -> Learned:
    """A model that is a sum of features, with its coefficients beside it."""
    facts: dict[str, Json] = {"scans": found.scans, "learner": found.learner}
    record = {"coefficients": found.to_json()}
    return Learned(payload=model.to_bytes(), importance=importances(found.rows), record=record, facts=facts)


_LEARNERS: dict[str, Callable[[Workspace, Rows, Any, Progress], Learned]] = {
    "boosting": _trees,
    "forest": _trees,
    "linear": _linear,
    "logistic": _logistic,
}
