"""The run and its bundle, told to the tracker, which registers the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from cauce.core.evaluation import Evaluation, decode_evaluation
from cauce.core.leaks.findings import LeakReport
from cauce.core.metrics.keys import baseline_key, tracker_key
from cauce.core.run_record import RunRecord, TrackedBundle, TrackedDataset
from cauce.failpoints import passage
from cauce.planning.step import Reference, Step
from cauce.ports.tracker import Tracker
from cauce.running.artifacts import export_model, render_plots
from cauce.running.cards import Known, card_of
from cauce.running.execution import Made
from cauce.running.promotion_run import welcome
from cauce.running.report.report import write_report
from cauce.running.steps.ingest import Report
from cauce.running.steps.objects import keep_bytes, read_bytes, read_json
from cauce.running.workspace import Workspace

_LEFT_OUT = frozenset(("store", "tracking", "serve", "gate", "card", "warehouse"))


@dataclass
class Told:
    """Who is told of a run, if anyone, the run's name, when it began, and whether its end was told."""

    tracker: Tracker | None
    run: str
    began: datetime
    said: bool = False


def register(work: Workspace, step: Step, *, report: Report, told: Told) -> Made:  # noqa: ARG001
    """Ask the gate about the model, and tell the tracker what the run found and which bundle to register.
    It is durable before it is sent."""
    if told.tracker is None:
        return Made({"told": Reference("value", False)})
    identity = step.stored("bundle")
    evaluation = decode_evaluation(read_bytes(work.store, step.stored("evaluation")))
    page = write_report(work, told.run)
    became = welcome(work, identity, run=told.run)
    leaks = LeakReport.from_json(read_json(work.store, step.stored("leaks")))
    known = Known(evaluation, leaks, became.verdict, told.run)
    card = card_of(work, identity, known=known)
    kept = keep_bytes(work.store, card.to_markdown().encode(), suffix=".md")
    said = RunRecord(
        run=told.run,
        project=work.project.name,
        experiment=str(step.parameters["experiment"]),
        params=dict(flat_settings(work.project.to_mapping())),
        metrics=dict(_metrics(evaluation)),
        values=dict(_guesses(evaluation)),
        tags={
            "cauce.bundle": identity,
            "cauce.task": evaluation.target.task,
            "cauce.gate": "passed" if became.verdict.holds else "refused",
        },
        datasets=(TrackedDataset(name=work.project.name, digest=step.stored("snapshot")),),
        artifacts={
            "report/report.html": str(page.path),
            "report/report.json": str(page.json_path),
            "card.md": str(work.store.local_path(str(kept.value))),
        },
        bundle=TrackedBundle(
            folder=str(export_model(work, identity)),
            digest=identity,
            name=str(step.parameters["registry"]),
            alias=became.alias,
            decided=became.decided,
            card=card.to_markdown(),
        ),
        started=told.began,
    )
    _tell(work, told.tracker, evaluation, said=said)
    told.said = True
    return Made({"told": Reference("value", True), "card": kept}, {"gate": became.to_json()})


def _tell(work: Workspace, tracker: Tracker, evaluation: Evaluation, *, said: RunRecord) -> None:
    """Tell what is said of a run that ended well, and its plots."""
    rest = said
    if work.beside.started:
        # All this is on its way while the plots are still being drawn.
        tracker.put(said)
        passage("register.told")
        rest = replace(said, artifacts={}, bundle=None)
    plots = {f"plots/{path.name}": str(path) for path in render_plots(work, evaluation).values()}
    ended = datetime.now(UTC)
    tracker.put(replace(rest, artifacts={**plots, **rest.artifacts}, status="finished", ended=ended))


def flat_settings(value: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Settings by dotted name, as texts; where things are kept and whom they are told to are left out."""
    for name, one in value.items():
        if not above and name in _LEFT_OUT:
            continue
        if isinstance(one, Mapping):
            yield from flat_settings(one, f"{above}{name}.")
        elif isinstance(one, list) and one and isinstance(one[0], Mapping):
            for place, item in enumerate(one):
                yield from flat_settings(item, f"{above}{name}.{place}.")
        else:
            yield f"{above}{name}", str(one)


def _metrics(evaluation: Evaluation) -> Iterator[tuple[tuple[str, Any], float]]:
    for dataset, one in evaluation.datasets.items():
        for metric in one.metrics:
            if metric.value is not None:
                yield (str(metric.name), dataset), metric.value


def _guesses(evaluation: Evaluation) -> Iterator[tuple[str, float]]:
    for dataset, one in evaluation.datasets.items():
        for metric in one.metrics:
            guess = one.baseline(str(metric.name))
            if guess is not None and guess.value is not None:
                yield baseline_key(metric.name, dataset), guess.value
            if metric.interval is not None:
                yield tracker_key(metric.name, dataset, end="low"), metric.interval.low
                yield tracker_key(metric.name, dataset, end="high"), metric.interval.high
