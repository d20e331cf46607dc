"""What `plan`, `run`, `status` and `runs` answer."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from cauce.cli.answer import Answer
from cauce.cli.progress import step_words
from cauce.cli.rendering.tuning import in_short
from cauce.cli.table import table
from cauce.core.memory import SpreadMemory, bytes_text
from cauce.errors import Exit, shown
from cauce.language import format_number, format_significant, translate, translate_plural
from cauce.language import gettext_noop as _

if TYPE_CHECKING:
    from cauce.api.plan import PlannedStep, RunPlan
    from cauce.api.run import RunReport
    from cauce.api.runs import RunSummary
    from cauce.api.status import ProjectStatus
    from cauce.core.memory import FitMemory
    from cauce.core.metrics.interval import Interval
    from cauce.ports.tracker import Delivery

_STATES = {
    "finished": _("finished"),
    "stopped": _("stops the run"),
    "will run": _("will run"),
    "waits": _("may run"),
}
_OUTCOMES = {"finished": _("finished"), "failed": _("failed"), "interrupted": _("interrupted")}
_NEVER_ENDED = _("not ended")
_SENTENCE = 1000
_WIDTH = 100
_DATASETS = {"train": _("training"), "validation": _("validation"), "test": _("test")}


def planned(plan: RunPlan, width: int) -> Answer:
    """Each step with its state and reasons; how often the data would be read."""
    lines = [*_steps(plan.steps, width), "", _summary(plan), *_memory(plan)]
    left = any(step.state != "finished" for step in plan.steps)
    return Answer(
        "cauce.plan/1", plan.to_json(), "\n".join(lines), next="cauce run" if left else "cauce status"
    )


def standing(status: ProjectStatus, width: int) -> Answer:
    """The project's steps and its latest run."""
    lines = [
        translate(_("Project {name} in {folder}")).format(name=status.name, folder=shown(status.folder)),
        "",
    ]
    lines += _steps(status.steps, width)
    if status.latest is not None:
        said = translate(_("Latest run {run}: {outcome}, begun {began}"))
        latest = status.latest
        lines += ["", said.format(run=latest.run, outcome=_outcome(latest), began=_moment(latest.began))]
    next_ = "cauce models" if status.finished else "cauce run"
    return Answer("cauce.status/1", status.to_json(), "\n".join(lines), next=next_)


def past_runs(runs: Sequence[RunSummary], width: int, *, all_projects: bool = False) -> Answer:
    """A table of runs, the latest first; with the name of each one's project where there may be several."""
    headers = (*(("project",) if all_projects else ()), *_RUN_HEADERS)
    heads = [translate(_HEADERS[one]) for one in headers]
    rows = [(*((one.project or "–",) if all_projects else ()), *_run_row(one)) for one in runs]
    text = table(heads, rows, width=width) if runs else translate(_("No run yet."))
    return Answer(
        "cauce.runs/1", {"runs": [one.to_json() for one in runs]}, text, next=None if runs else "cauce run"
    )


_RUN_HEADERS = ("run", "begun", "outcome", "steps run", "model", "metric", "test")
_HEADERS = {
    "project": _("project"),
    "run": _("run"),
    "begun": _("begun"),
    "outcome": _("outcome"),
    "steps run": _("steps run"),
    "model": _("model"),
    "metric": _("metric"),
    "test": _("test"),
}


def ran(report: RunReport) -> Answer:
    """What the run made, how good it is, and where everything lies."""
    return Answer(
        "cauce.run/1",
        report.to_json(),
        "\n".join(_made(report)),
        notes=tuple(f"- {shown(one, most=_SENTENCE)}" for one in report.said),
        next=f"cauce predict {translate(_('NEW_DATA'))} --out scored.parquet",
        status=0 if report.gate.holds else int(Exit.GATE),
    )


def _made(report: RunReport) -> Iterator[str]:
    rows = translate_plural(
        "{rows} row, {rejected} rejected", "{rows} rows, {rejected} rejected", report.rows
    )
    yield rows.format(rows=format_number(report.rows), rejected=format_number(report.rejected))
    if report.rejected_file is not None and report.rejected:
        yield translate(_("Rejected rows: {file}")).format(file=shown(report.rejected_file))
    if report.leaderboard is not None:
        yield from in_short(report.leaderboard, report.costs, width=_WIDTH)
    for dataset in sorted(report.values, key=_place):
        name = translate(_DATASETS[dataset]) if dataset in _DATASETS else dataset
        value = f"{_number(report.values[dataset])}{_doubt(report.intervals.get(dataset))}"
        yield f"{shown(report.metric)}, {name}: {value}"
    yield translate(_("Model {digest} in {folder}")).format(digest=report.bundle, folder=shown(report.folder))
    yield from _gated(report)
    if report.plots:
        folder = next(iter(report.plots.values())).parent
        yield translate(_("Plots in {folder}")).format(folder=shown(folder))
    yield translate(_("Report in {file}")).format(file=shown(report.report))
    if report.delivery is not None:
        yield _delivered(report.delivery)


_BECAME = {
    "champion": _("The model is the champion."),
    "challenger": _("The model passed the gate and is the challenger: cauce promote @challenger"),
    "none": _("The model passed the gate; it has no alias."),
}


def _gated(report: RunReport) -> Iterator[str]:
    """What became of the model, and what the gate does not let pass."""
    if report.gate.holds:
        if report.outcome in _BECAME:
            yield translate(_BECAME[report.outcome])
        return
    for reason in report.gate.failures:
        yield translate(_("The gate refuses the model: {reason}.")).format(
            reason=shown(reason, most=_SENTENCE)
        )


def _doubt(interval: Interval | None) -> str:
    """The ends of the interval after a value."""
    if interval is None:
        return ""
    text = translate(_(" ({level}: {low} to {high})"))
    level = f"{format_number(100 * interval.level, digits=0)} %"
    return text.format(level=level, low=_number(interval.low), high=_number(interval.high))


def _place(dataset: str) -> int:
    return list(_DATASETS).index(dataset) if dataset in _DATASETS else len(_DATASETS)


def _delivered(delivery: Delivery) -> str:
    where, reason = shown(delivery.where), shown(delivery.reason)
    if delivery.state == "delivered":
        return translate(_("Tracked and registered in {where}")).format(where=where)
    if delivery.state == "unavailable":
        return translate(_("Not tracked: {reason}")).format(reason=reason)
    text = translate(_("Waiting for {where}, to be delivered by the next run: {reason}"))
    return text.format(where=where, reason=reason)


def _steps(steps: Sequence[PlannedStep], width: int) -> Iterator[str]:
    longest = max((len(step.name) for step in steps), default=0)
    for step in steps:
        state = f"{translate(_STATES[step.state])}{_scans(step)}"
        yield f"{step.name:<{longest}}  {state}  ({step_words(step.name)})"
        for reason in step.why if step.state in ("will run", "stopped") else ():
            indent = " " * (longest + 2)
            yield from textwrap.wrap(
                shown(reason),
                max(40, min(width, 100)),
                initial_indent=indent,
                subsequent_indent=indent,
                break_on_hyphens=False,
            )


def _scans(step: PlannedStep) -> str:
    if step.state in ("finished", "stopped") or not step.scans:
        return ""
    return f", {_readings(step.scans)}"


def _readings(scans: float) -> str:
    text = translate_plural("reads the data {count} time", "reads the data {count} times", round(scans))
    return text.format(count=format_significant(scans))


def _summary(plan: RunPlan) -> str:
    left = sum(step.state != "finished" for step in plan.steps)
    if not left:
        return translate(_("Everything is finished; a run would change nothing."))
    text = translate(_("{left} of {steps} steps to do; a run {reads} at most."))
    said = text.format(left=left, steps=len(plan.steps), reads=_readings(plan.scans))
    if any(step.state == "waits" for step in plan.steps):
        said += "\n" + translate(
            _("What may run is left out where the steps before it make the same as before.")
        )
    return said


def _memory(plan: RunPlan) -> list[str]:
    """What fitting takes, where that is known and fitting is to come."""
    expected = plan.memory
    left = {step.name for step in plan.steps if step.state != "finished"}
    if expected is None or "fit" not in left:
        return []
    if isinstance(expected.fit, SpreadMemory):
        lines = _taken_by_tasks(expected.fit, expected.machine)
    else:
        lines = [_taken(_FITTING, expected.fit, expected.machine)]
    if expected.tune is not None and "tune" in left:
        lines.insert(0, _taken(_JUDGING, expected.tune, expected.machine))
    return lines


_FITTING = (
    _("Fitting is expected to take {least} to {most} of memory."),
    _("Fitting is expected to take {least} to {most} of memory, of {machine} here."),
)
_FITTING_HERE = (
    _("This process is expected to take {least} to {most} for it."),
    _("This process is expected to take {least} to {most} for it, of {machine} here."),
)
_FITTING_THERE = _(
    "Fitting is expected to take {least} to {most} of memory in each task, beside Java and Python."
)
_JUDGING = (
    _("Judging the candidates is expected to take {least} to {most} of memory."),
    _("Judging the candidates is expected to take {least} to {most} of memory, of {machine} here."),
)


def _taken_by_tasks(memory: SpreadMemory, machine: int | None) -> list[str]:
    ends = {"least": bytes_text(memory.task.least), "most": bytes_text(memory.task.most)}
    return [translate(_FITTING_THERE).format(**ends), _taken(_FITTING_HERE, memory.driver, machine)]


def _taken(texts: tuple[str, str], memory: FitMemory, machine: int | None) -> str:
    ends = {"least": bytes_text(memory.least), "most": bytes_text(memory.most)}
    if machine is None:
        return translate(texts[0]).format(**ends)
    return translate(texts[1]).format(**ends, machine=bytes_text(machine))


def _run_row(one: RunSummary) -> tuple[object, ...]:
    model = "–" if one.bundle is None else one.bundle[:12]
    return (
        one.run,
        _moment(one.began),
        _outcome(one),
        f"{len(one.ran)}/{len(one.steps)}",
        model,
        one.metric or "–",
        _number(one.value),
    )


def _outcome(one: RunSummary) -> str:
    return translate(_OUTCOMES.get(one.outcome or "", _NEVER_ENDED))


def _number(value: float | None) -> str:
    return "–" if value is None else format_number(value, digits=4)


def _moment(text: str) -> str:
    """A time in ISO 8601 as local time to the minute, in a form every language reads."""
    try:
        return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return text or "–"
