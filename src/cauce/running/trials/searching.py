"""What asks for the candidates of a project, and how many it will ask for at most."""

from __future__ import annotations

from collections.abc import Callable

from cauce.core.candidates.search.halving import rungs
from cauce.core.candidates.search.tables import Counts, Strengths, batched, penalised, search_of
from cauce.core.candidates.trials import Trial
from cauce.core.metrics.names import MetricName
from cauce.errors import warn
from cauce.running.clock import SystemClock
from cauce.running.timed_search import TimedSearch
from cauce.spec import Project
from cauce.spec.models import ModelSettings
from cauce.spec.search import RESOURCE, Search
from cauce.spec.space import combinations, space_of


def search_for(
    project: Project,
    metric: MetricName,
    *,
    strengths: Strengths,
    counts: Counts | None = None,
    after: Callable[[Trial], float] = lambda _: 0.0,
) -> TimedSearch:
    """The search that the project's `[[models]]` declare; W2130 for halving that few rounds mislead.

    after: as in `TimedSearch`.
    """
    for at, model in enumerate(project.models):
        search: Search | None = getattr(model, "search", None)
        if search is not None and search.method == "halving" and "eta" in search.space:
            warn("W2130", model=f"models[{at}]")
    higher = metric.direction == "higher"
    found = search_of(project.models, seed=project.seed, higher=higher, strengths=strengths, counts=counts)
    return TimedSearch(found, SystemClock(), project.choose.seconds, after)


def expected_trials(project: Project, counts: Counts | None = None) -> int | None:
    """How many trials there will be, duplicates and time limits apart; None where it is not known before.

    counts: how many batches of so many rows there are.
    """
    found = [_expected(model, counts) for model in project.models]
    return None if any(one is None for one in found) else sum(one or 0 for one in found)


def _expected(model: ModelSettings, counts: Counts | None) -> int | None:
    search: Search | None = getattr(model, "search", None)
    if search is None:
        each = sum(1 for _ in penalised(model, lambda _model, path, _ratio: tuple(range(path.path))))
        return each * sum(1 for _ in batched(model, counts))
    if search.refine:
        return None
    most = combinations(space_of(model).values())
    if search.method == "grid":
        return most
    drawn = min(search.budget, most or search.budget)
    if search.method == "halving":
        resource = getattr(model, RESOURCE[model.learner])
        return sum(one.candidates for one in rungs(drawn, resource, factor=search.factor))
    return drawn
