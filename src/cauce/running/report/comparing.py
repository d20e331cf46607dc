"""Runs side by side: what each is worth, and what was otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cauce.core.comparison import Comparison
from cauce.core.evaluation import Evaluation
from cauce.core.metrics.dataset import DatasetEvaluation
from cauce.errors import CauceError
from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.running.comparison import compare_models
from cauce.running.report.content import RunContent
from cauce.running.report.gathering import find_run, gather, latest_runs
from cauce.running.report.metrics import by_name
from cauce.running.report.sections.appendix import flat_settings
from cauce.running.workspace import Workspace

_UNPAIRED = frozenset(("E0911", "E0912", "E0913", "E0914", "E0502"))
"""What keeps two models from being compared row by row, though their numbers still stand side by side."""

_ASIDE = frozenset((("register", "uri"), ("register", "experiment"), ("register", "registry")))


@dataclass(frozen=True)
class Difference:
    """A setting, library or number of rows that is not the same in all runs. values: one for each run."""

    step: str
    setting: str
    values: tuple[Any, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class RunsCompared:
    """Runs in the order they were named. paired: the last two on the same rows that neither has seen;
    None where that could not be, for `reason` (a whole sentence)."""

    runs: tuple[RunContent, ...]
    differences: tuple[Difference, ...]
    paired: Comparison | None = None
    reason: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """What the runs are called for short: the six digits their names end in, where these differ."""
        short = tuple(one.run.rpartition("-")[2] for one in self.runs)
        return short if len(set(short)) == len(short) else tuple(one.run for one in self.runs)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that every run has on its test rows; the last run's headline first."""
        tests = [by_name(test_of(one)) for one in self.runs]
        shared = [name for name in tests[-1] if all(name in other for other in tests)]
        headline = str(evaluation_of(self.runs[-1]).gap.name)
        return tuple(sorted(shared, key=lambda name: name != headline))

    @property
    def sentence(self) -> str:
        """Which of the last two is better, in the active language."""
        if self.paired is None:
            return self.reason
        first, second = self.names[-2:]
        said = (self.paired.sentence(first, second), self.paired.reading(first, second), *self.paired.said)
        return " ".join(one for one in said if one)

    def to_json(self) -> dict[str, Any]:
        """The members of the document cauce.comparison/1."""
        return {
            "runs": [_run(one) for one in self.runs],
            "differences": [vars(one) for one in self.differences],
            "paired": None if self.paired is None else self.paired.to_json(),
            "sentence": self.sentence,
        }


def evaluation_of(content: RunContent) -> Evaluation:
    """The run's evaluation; E1907 where it has none."""
    if content.evaluation is None:
        raise CauceError("E1908", run=content.run)
    return content.evaluation


def test_of(content: RunContent) -> DatasetEvaluation:
    """The run's evaluation on test rows, or on the last rows it has."""
    datasets = evaluation_of(content).datasets
    return datasets.get("test") or list(datasets.values())[-1]


def compare_runs(work: Workspace, named: Sequence[str], *, last: int | None = None) -> RunsCompared:
    """The named runs, or the `last` ones with a model. Reads test rows. E1901 to E1904, E1907, E1908."""
    chosen = latest_runs(work, last) if last is not None else tuple(find_run(work, one) for one in named)
    runs = tuple(dict.fromkeys(chosen))
    if len(runs) < 2:
        raise CauceError("E1907", found=len(runs))
    contents = tuple(gather(work, run) for run in runs)
    for one in contents:
        evaluation_of(one)
    paired, reason = _paired(work, contents[-2], second=contents[-1])
    return RunsCompared(runs=contents, differences=_differences(contents), paired=paired, reason=reason)


def _paired(work: Workspace, first: RunContent, *, second: RunContent) -> tuple[Comparison | None, str]:
    """The two models row by row, or why that cannot be."""
    if first.bundle is None or second.bundle is None:
        return None, translate(_("One of the last two runs made no bundle, so they cannot be paired."))
    if first.bundle == second.bundle:
        return None, translate(_("The last two runs made the same model, byte by byte."))
    metric = None if second.evaluation is None else second.evaluation.headline
    try:
        return compare_models(
            work, first=first.bundle, second=second.bundle, metric=None if metric is None else str(metric)
        ), ""
    except CauceError as error:
        if error.code not in _UNPAIRED:
            raise
        return None, error.message


def _differences(contents: Sequence[RunContent]) -> tuple[Difference, ...]:
    found = []
    for step in dict.fromkeys(name for one in contents for name in one.records):
        settings = [dict(flat_settings(one.settings.get(step, {}))) for one in contents]
        for key in dict.fromkeys(key for one in settings for key in one):
            values = tuple(one.get(key) for one in settings)
            if any(value != values[0] for value in values) and (step, key) not in _ASIDE:
                found.append(Difference(step, key, values))
    libraries = [one.libraries for one in contents]
    for library in dict.fromkeys(name for one in libraries for name in one):
        versions = tuple(one.get(library) for one in libraries)
        if any(version != versions[0] for version in versions):
            found.append(Difference("", library, versions))
    return tuple(found)


def _run(content: RunContent) -> dict[str, Any]:
    evaluation = evaluation_of(content)
    return {
        "run": content.run,
        "begun": content.begun,
        "model": content.bundle,
        "snapshot": None if content.snapshot is None else content.snapshot.identity,
        "rows": None if content.snapshot is None else content.snapshot.rows,
        "headline": str(evaluation.gap.name),
        "metrics": {dataset: _metrics(one) for dataset, one in evaluation.datasets.items()},
        "candidate": None if content.leaderboard is None else content.leaderboard.winner.to_json(),
    }


def _metrics(one: DatasetEvaluation) -> Mapping[str, Any]:
    return {
        str(metric.name): {"value": metric.value, "low": metric.low, "high": metric.high}
        for metric in one.metrics
    }
