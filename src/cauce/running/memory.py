"""The memory a project's fit will take, and what the machine has."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cauce.core.memory import KEPT, FitMemory, FitSize, bytes_text, fit_memory
from cauce.core.snapshot_reading import read_manifest
from cauce.core.task import Target
from cauce.errors import CauceError
from cauce.planning.resolving import State
from cauce.running.continuing import features_for
from cauce.running.steps.objects import read_json
from cauce.running.workspace import Workspace
from cauce.spec.models import ModelSettings

_UNLIMITED = 1 << 60
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What a run's fit is expected to take. machine: bytes this process may ever have, None where the system
    does not tell."""

    fit: FitMemory
    machine: int | None

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {**vars(self.fit), "machine": self.machine}


def machine_memory() -> int | None:
    """Bytes that this process may have: the machine's, less where a container or the user limits it."""
    found = [one for one in (_total(), *map(_container, _LIMITS), _user()) if one and one < _UNLIMITED]
    return min(found) if found else None


def memory_for(work: Workspace) -> int | None:
    """Bytes that a fit of `work` may have here; None on Spark, where the executors have their own."""
    return None if work.project.engine.kind == "spark" else machine_memory()


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


def expected_memory(work: Workspace, states: tuple[State, ...]) -> Expected | None:
    """Of the project's largest candidate; None before the rows are read and divided, and on Spark."""
    if work.project.engine.kind == "spark":
        return None
    records = {state.step.name: state.record for state in states if state.record is not None}
    if "split" not in records or "validate" not in records:
        return None
    manifest = read_manifest(work.store, str(records["validate"].outputs["snapshot"].value))
    target = Target.from_json(read_json(work.store, str(records["split"].outputs["split"].value))["target"])
    found = []
    for model in work.project.models:
        planned = features_for(work, manifest.schema, target=target, model=model)
        size = size_of(work, target, rows=manifest.rows, features=planned.width_bounds()[1])
        found.append(fit_memory(model, size))
    return Expected(fit=max(found, key=lambda one: one.most), machine=machine_memory())


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
