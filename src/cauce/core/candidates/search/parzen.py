"""Search by a tree-structured Parzen estimator, Optuna's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cauce.core.candidates.search.proposals import Space
from cauce.core.candidates.search.sampling import draws
from cauce.errors import CauceError
from cauce.spec.models import ModelSettings
from cauce.spec.space import Choices, Dimension, combinations

STARTING = 10
"""How many of the first draws are random."""
_RETRIES = 20


@dataclass
class ParzenSearch:
    """Draws where the better candidates were denser than the worse ones, so many models.

    Bergstra, Bardenet, Bengio and Kégl 2011, Algorithms for hyper-parameter optimization (NIPS 24), all
    settings together (Falkner, Klein and Hutter 2018, BOHB). Ten random draws first; a round without
    knowledge of itself (no constant liar); in memory. E2139 where Optuna is not there.
    """

    space: Space
    budget: int
    _pending: list[Any] = field(default_factory=list)
    _models: dict[ModelSettings, float | None] = field(default_factory=dict)

    def propose(self, width: int) -> tuple[ModelSettings, ...]:
        """The next `width` draws, none proposed before."""
        most = combinations(self.space.dimensions.values())
        left = min(self.budget, most or self.budget) - len(self._models)
        return tuple(self._next() for _ in range(min(width, left)))

    def learn(self, worth: Sequence[float | None]) -> None:
        """Tell Optuna, in the order of the round."""
        for trial, value in zip(self._pending, worth, strict=True):
            if value is None:
                self._study.tell(trial, state=optuna_library().trial.TrialState.FAIL)
            else:
                self._study.tell(trial, value)
        self._pending.clear()

    def _next(self) -> ModelSettings:
        """A draw that was not proposed before; after some in vain a random one."""
        failed = optuna_library().trial.TrialState.FAIL
        for _ in range(_RETRIES):
            trial = self._study.ask(self._distributions)
            model = self._made(trial.params)
            if model not in self._models:
                return self._noted(trial, model)
            self._study.tell(trial, state=failed)
        model = next(one for one in draws(self.space) if one not in self._models)
        self._study.enqueue_trial(self._params(model))
        return self._noted(self._study.ask(self._distributions), model)

    def _noted(self, trial: Any, model: ModelSettings) -> ModelSettings:
        self._pending.append(trial)
        self._models[model] = None
        return model

    @cached_property
    def _study(self) -> Any:
        optuna = optuna_library()
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        sampler = optuna.samplers.TPESampler(
            seed=self.space.seed, n_startup_trials=STARTING, multivariate=True, constant_liar=False
        )
        return optuna.create_study(direction="maximize", sampler=sampler)

    @cached_property
    def _distributions(self) -> dict[str, Any]:
        return {name: _distribution(one) for name, one in self.space.dimensions.items()}

    def _made(self, params: dict[str, Any]) -> ModelSettings:
        pairs = self.space.dimensions.items()
        return self.space.made({name: _value(one, params[name]) for name, one in pairs})

    def _params(self, model: ModelSettings) -> dict[str, Any]:
        pairs = self.space.dimensions.items()
        return {name: _param(one, getattr(model, name)) for name, one in pairs}


def optuna_library() -> Any:
    """Optuna; E2139 where it is not there."""
    try:
        import optuna  # noqa: PLC0415 - heavy
    except ImportError as error:
        raise CauceError("E2139", reason=str(error)) from error
    return optuna


def _counted(one: Dimension) -> tuple[Any, ...] | None:
    """The values that Optuna knows by their place; None for a range it knows itself."""
    return one.values if isinstance(one, Choices) or one.steps is not None else None


def _distribution(one: Dimension) -> Any:
    known = optuna_library().distributions
    values = _counted(one)
    if values is not None:
        if isinstance(one, Choices) and not one.ordered:
            return known.CategoricalDistribution(tuple(range(len(values))))
        return known.IntDistribution(0, len(values) - 1)
    assert not isinstance(one, Choices)
    if one.whole:
        return known.IntDistribution(int(one.low), int(one.high), log=one.log)
    return known.FloatDistribution(one.low, one.high, log=one.log)


def _value(one: Dimension, param: Any) -> Any:
    values = _counted(one)
    if values is not None:
        return values[param]
    assert not isinstance(one, Choices)
    return one.near(param)


def _param(one: Dimension, value: Any) -> Any:
    values = _counted(one)
    return value if values is None else values.index(value)
