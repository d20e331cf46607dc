"""The memory a project's fit will take, and what the machine has."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cauce.core.boosting import MOST_WORKERS
from cauce.core.features import FeaturePlan
from cauce.core.features.known import KnownFeatures
from cauce.core.memory import (
    KEPT,
    FitMemory,
    FitSize,
    FoldsSize,
    SpreadMemory,
    bytes_text,
    components_memory,
    fit_memory,
    spread_components_memory,
    spread_memory,
    tune_memory,
)
from cauce.core.snapshot_reading import read_manifest
from cauce.core.task import Target
from cauce.errors import CauceError
from cauce.planning.resolving import State
from cauce.running.continuing import features_for
from cauce.running.steps.objects import read_json
from cauce.running.workspace import Workspace
from cauce.spec.folds import Folds, is_tuned
from cauce.spec.models import ModelSettings, feature_kind
from cauce.threads import usable_cores

_UNLIMITED = 1 << 60
_LOCAL = re.compile(r"local(?:\[(\d+|\*)(?:,\s*\d+)?\])?")
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What a run's fit is expected to take. machine: bytes this process may ever have, None where the system
    does not tell. tune: what judging candidates takes, None where there are none to choose from."""

    fit: FitMemory
    machine: int | None
    tune: FitMemory | None = None

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        tune = {} if self.tune is None else {"tune": dict(vars(self.tune))}
        return {**vars(self.fit), "machine": self.machine, **tune}


@dataclass(frozen=True, kw_only=True)
class SpreadExpected:
    """What a run's fit is expected to take on Spark: in each task, and in this process. tune: what judging
    candidates takes here, None where there are none to choose from."""

    fit: SpreadMemory
    machine: int | None
    tune: FitMemory | None = None

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        ends = {"task": dict(vars(self.fit.task)), "driver": dict(vars(self.fit.driver))}
        tune = {} if self.tune is None else {"tune": dict(vars(self.tune))}
        return {**ends, "tasks": self.fit.tasks, "machine": self.machine, **tune}


def machine_memory() -> int | None:
    """Bytes that this process may have: the machine's, less where a container or the user limits it."""
    found = [one for one in (_total(), *map(_container, _LIMITS), _user()) if one and one < _UNLIMITED]
    return min(found) if found else None


def memory_for(work: Workspace) -> int | None:
    """Bytes that a fit of `work` may have here; None on Spark, where the executors have their own."""
    return machine_memory() if _is_local(work) else None


def _is_local(work: Workspace) -> bool:
    return work.project.engine.kind == "local"


def _total() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemTotal:"))
    except (OSError, ValueError, IndexError, StopIteration):
        return None


def _container(path: str) -> int | None:
    try:
        return int(Path(path).read_text())
    except (OSError, ValueError):
        return None


def _user() -> int | None:
    try:
        import resource  # noqa: PLC0415 - not on every system
    except ImportError:
        return None
    limit, _most = resource.getrlimit(resource.RLIMIT_AS)
    return None if limit == resource.RLIM_INFINITY else limit


def expected_memory(work: Workspace, states: tuple[State, ...]) -> Expected | SpreadExpected | None:
    """Of the project's largest candidate; None before the rows are read and divided."""
    records = {state.step.name: state.record for state in states if state.record is not None}
    if "split" not in records or "validate" not in records:
        return None
    manifest = read_manifest(work.store, str(records["validate"].outputs["snapshot"].value))
    target = Target.from_json(read_json(work.store, str(records["split"].outputs["split"].value))["target"])

    plans = {
        one: features_for(work, manifest.schema, target=target, model=one) for one in work.project.models
    }

    def most(model: ModelSettings) -> int:
        return plans[model].width_bounds()[1]

    sizes = [
        (one, size_of(work, target, rows=manifest.rows, features=most(one))) for one in work.project.models
    ]
    columns = max(map(_components, plans.values()), key=sum)
    at_once = min(manifest.rows, work.project.engine.batch_rows)
    tune = None
    if is_tuned(work.project):
        tune = tune_memory(_kinds(work, target, rows=manifest.rows, width=most), folds_size(work))
    if not _is_local(work):
        found = (spread_memory(model, size, tasks=_tasks(work)) for model, size in sizes)
        widest = max(found, key=lambda one: one.task.most)
        task, driver = spread_components_memory(columns, rows=at_once)
        widest = replace(widest, task=widest.task.or_more(task), driver=widest.driver.or_more(driver))
        return SpreadExpected(fit=widest, machine=machine_memory(), tune=tune)
    largest = max((fit_memory(model, size) for model, size in sizes), key=lambda one: one.most)
    largest = largest.or_more(components_memory(columns, rows=at_once))
    return Expected(fit=largest, machine=machine_memory(), tune=tune)


def _tasks(work: Workspace) -> int:
    """How many tasks grow trees together, as far as the project tells: what the cluster has room for may be
    less."""
    engine = work.project.engine
    threads = _LOCAL.fullmatch(engine.master or "local[*]")
    if engine.workers is not None:
        return engine.workers
    if threads is None:
        return MOST_WORKERS
    return min(MOST_WORKERS, _threads(threads))


def _tasks_here(work: Workspace) -> int:
    """How many tasks of Spark work on this machine at a time; 0 where they are on others."""
    session: Any = getattr(work.engine, "session", None)
    master = work.project.engine.master if session is None else session.sparkContext.master
    threads = _LOCAL.fullmatch(master or "local[*]")
    return 0 if threads is None else _threads(threads)


def _threads(local: re.Match[str]) -> int:
    return max(usable_cores() if local[1] == "*" else int(local[1] or 1), 1)


def _kinds(
    work: Workspace, target: Target, *, rows: int, width: Callable[[ModelSettings], int]
) -> list[tuple[tuple[ModelSettings, ...], FitSize]]:
    """The tables of candidates that read the same features, with the size of a fit to all rows outside the
    test. width: how many features a model has."""
    outside, found = math.ceil(rows * (1.0 - work.project.split.test)), []
    for kind in dict.fromkeys(map(feature_kind, work.project.models)):
        models = tuple(one for one in work.project.models if feature_kind(one) == kind)
        found.append((models, size_of(work, target, rows=outside, features=width(models[0]))))
    return found


def folds_size(work: Workspace) -> FoldsSize:
    """On how many folds candidates are judged, as the project says."""
    folds, split = work.project.choose.folds, work.project.split
    if not isinstance(folds, Folds):
        taught = split.train / max(split.train + split.validation, 1e-9)
        return FoldsSize(folds=1, k=1, taught=taught, workers=1)
    k, count = folds.k[0], folds.k[0] * folds.repeats
    threads = work.project.engine.threads or usable_cores()
    return FoldsSize(folds=count, k=k, taught=(k - 1) / k, workers=min(threads, count))


def check_tune_memory(
    work: Workspace, target: Target, *, rows: int, width: Callable[[ModelSettings], int], machine: int | None
) -> None:
    """E2311 where judging candidates takes more than the machine has, though all that can waits in files.

    rows: of the whole table. width: the fewest features that a model has.
    """
    on, kinds = folds_size(work), _kinds(work, target, rows=rows, width=width)
    needed = tune_memory(kinds, on).least
    if machine is not None and needed > machine:
        features = max(one.features for _, one in kinds)
        told: dict[str, Any] = {"folds": on.folds, "rows": kinds[0][1].rows, "features": features}
        raise CauceError("E2311", **told, needed=bytes_text(needed), machine=bytes_text(machine))


def check_components_memory(work: Workspace, plan: FeaturePlan | KnownFeatures, *, rows: int) -> None:
    """E2312 where learning the principal components of `plan` takes more than this machine has: on Spark the
    driver's part, and that of the tasks where they are here too."""
    columns, machine = _components(plan), machine_memory()
    at_once = min(rows, work.project.engine.batch_rows)
    needed = components_memory(columns, rows=at_once)
    if not _is_local(work):
        task, driver = spread_components_memory(columns, rows=at_once)
        needed = _tasks_here(work) * task + driver
    if columns and machine is not None and needed > machine:
        told: dict[str, Any] = {"columns": sum(columns), "rows": at_once}
        raise CauceError("E2312", **told, needed=bytes_text(needed), machine=bytes_text(machine))


def _components(plan: FeaturePlan | KnownFeatures) -> list[int]:
    """How many columns each declaration of principal components has."""
    return [] if isinstance(plan, KnownFeatures) else [len(one.columns) for one in plan.components]


def size_of(work: Workspace, target: Target, *, rows: int, features: int) -> FitSize:
    """What a fit of so many rows and features is, with the project's settings."""
    engine = work.project.engine
    outputs = len(target.classes) if target.task == "multiclass" else 1
    kept = KEPT if engine.memory_bytes is None else engine.memory_bytes
    return FitSize(rows=rows, features=features, outputs=outputs, kept=kept, batch_rows=engine.batch_rows)


def check_memory(model: ModelSettings, size: FitSize, *, machine: int | None) -> None:
    """E2310 where the fit takes more than the machine has, though all that can waits in files."""
    needed = fit_memory(model, size).least
    if machine is not None and needed > machine:
        told: dict[str, Any] = {"rows": size.rows, "features": size.features, "learner": model.learner}
        raise CauceError("E2310", **told, needed=bytes_text(needed), machine=bytes_text(machine))
