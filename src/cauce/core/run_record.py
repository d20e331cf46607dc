"""What is told about a run to whoever keeps track of runs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias, get_args

from cauce.core.canonical import canonical_json, check_fields, item, read_document
from cauce.core.metrics.keys import Dataset, tracker_key
from cauce.core.metrics.names import MetricName
from cauce.errors import CauceError

FORMAT = 1
Status: TypeAlias = Literal["running", "finished", "failed", "interrupted"]
Alias: TypeAlias = Literal["auto", "champion", "challenger", "none"]
_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,149}")
_WHERE = "run record"


@dataclass(frozen=True, kw_only=True)
class TrackedDataset:
    """A dataset that a run read. digest: a snapshot's identity; context: what it was read for."""

    name: str
    digest: str
    context: str = "training"
    source: str = ""

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return dict(vars(self))


@dataclass(frozen=True, kw_only=True)
class TrackedBundle:
    """A bundle to be registered. folder: where it lies; name: of the registered model; alias: that the
    version gets, "auto" for champion where there is none yet and else challenger. decided: the entry of a
    history that put it in charge, "" where none did. card: its model card in Markdown."""

    folder: str
    digest: str
    name: str
    alias: Alias = "auto"
    decided: str = ""
    card: str = ""

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return dict(vars(self))


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """A run as it is tracked; a value, with JSON in and out.

    run: its name, of letters, digits and "._-". params: what was set, by dotted name. metrics: values by
    canonical metric text and dataset; values: more numbers under keys of their own. artifacts: files by
    the name they are kept under ("plots/roc.png"). started, ended: instants with a zone. parent: the run
    that it is a part of, such as a trial of a search; "" for a run of its own. E1305 where the run's name
    is no such name.
    """

    run: str
    project: str
    experiment: str
    parent: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[tuple[str, Dataset], float] = field(default_factory=dict)
    values: Mapping[str, float] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    datasets: Sequence[TrackedDataset] = ()
    artifacts: Mapping[str, str] = field(default_factory=dict)
    bundle: TrackedBundle | None = None
    status: Status = "running"
    started: datetime
    ended: datetime | None = None

    def __post_init__(self) -> None:
        checked_run(self.run)

    @property
    def tracked(self) -> dict[str, float]:
        """Every number by the key it is tracked under. E0901 to E0904 for a metric that has no meaning."""
        named = {
            tracker_key(MetricName.parse(text), dataset): value
            for (text, dataset), value in self.metrics.items()
        }
        return {**named, **self.values}

    def to_bytes(self) -> bytes:
        """Canonical JSON that `from_bytes` reads back equal."""
        return canonical_json(
            {
                "format": FORMAT,
                "run": self.run,
                "project": self.project,
                "experiment": self.experiment,
                **({"parent": self.parent} if self.parent else {}),
                "params": dict(self.params),
                "metrics": [[*key, value] for key, value in self.metrics.items()],
                "values": dict(self.values),
                "tags": dict(self.tags),
                "datasets": [one.to_json() for one in self.datasets],
                "artifacts": dict(self.artifacts),
                "bundle": None if self.bundle is None else self.bundle.to_json(),
                "status": self.status,
                "started": self.started.isoformat(),
                "ended": None if self.ended is None else self.ended.isoformat(),
            }
        )

    @staticmethod
    def from_bytes(data: bytes) -> RunRecord:
        """What `to_bytes` gave; E0507 for anything else, E0508 where a newer Cauce wrote it."""
        value = read_document(data, _WHERE, version=FORMAT, fields=_FIELDS, optional=("parent",))
        try:
            return _record(value)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CauceError("E0507", key=_WHERE, reason=type(error).__name__) from error


_FIELDS = tuple(name for name in RunRecord.__dataclass_fields__ if name != "parent")


def checked_run(run: str) -> str:
    """`run` where it can name a folder and stand in a search; E1305 otherwise."""
    if _RUN.fullmatch(run) is None or run.endswith("."):
        raise CauceError("E1305", run=run)
    return run


def _record(value: Mapping[str, Any]) -> RunRecord:
    bundle, ended, status = value["bundle"], value["ended"], value["status"]
    if status not in get_args(Status):
        raise ValueError(status)
    for one in value["datasets"]:
        check_fields(one, ("name", "digest", "context", "source"), key=_WHERE)
    return RunRecord(
        run=item(value, "run", kind=str, key=_WHERE),
        project=item(value, "project", kind=str, key=_WHERE),
        experiment=item(value, "experiment", kind=str, key=_WHERE),
        parent=item({"parent": "", **value}, "parent", kind=str, key=_WHERE),
        params=item(value, "params", kind=dict, key=_WHERE),
        metrics={(text, dataset): float(number) for text, dataset, number in value["metrics"]},
        values=item(value, "values", kind=dict, key=_WHERE),
        tags=item(value, "tags", kind=dict, key=_WHERE),
        datasets=tuple(TrackedDataset(**one) for one in value["datasets"]),
        artifacts=item(value, "artifacts", kind=dict, key=_WHERE),
        bundle=None if bundle is None else TrackedBundle(**bundle),
        status=status,
        started=datetime.fromisoformat(value["started"]),
        ended=None if ended is None else datetime.fromisoformat(ended),
    )
