"""What `report` and `compare` answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from cauce.cli.answer import Answer
from cauce.cli.rendering.tuning import spread
from cauce.cli.table import table
from cauce.core.candidates.telling import words
from cauce.errors import shown
from cauce.language import format_number, format_significant, translate
from cauce.language import gettext_noop as _

if TYPE_CHECKING:
    from cauce.running.report.comparing import RunsCompared
    from cauce.running.report.report import WrittenReport

_FIRST_METRICS = 12


def reported(made: WrittenReport) -> Answer:
    """Where the page is."""
    text = translate(_("Report of the run {run} in {path}")).format(
        run=shown(made.run), path=shown(made.path)
    )
    beside = translate(_("The same as JSON in {path}")).format(path=shown(made.json_path))
    content = {**made.content, "page": str(made.path)}
    return Answer("cauce.report/1", content, text, (beside,))


def compared(found: RunsCompared, width: int, *, html: str | None = None) -> Answer:
    """Metrics and differences by run, and which of the last two is better."""
    lines = [*_metrics(found, width), "", *_candidates(found, width), *_differences(found, width)]
    if found.sentence:
        lines += ["", shown(found.sentence, most=2000)]
    notes = () if html is None else (translate(_("Page in {path}")).format(path=shown(html)),)
    return Answer("cauce.comparison/1", found.to_json(), "\n".join(lines), notes)


def _metrics(found: RunsCompared, width: int) -> Iterator[str]:
    headers = (translate(_("metric on test rows")), *found.names)
    values = [
        {str(one.name): one for one in (run.evaluation.datasets.get("test") or _last(run)).metrics}
        for run in found.runs
        if run.evaluation is not None
    ]
    rows = [
        (name, *(_metric(run[name].value, run[name].low, run[name].high) for run in values))
        for name in found.metrics[:_FIRST_METRICS]
    ]
    yield table(headers, rows, width=width)


def _last(run: Any) -> Any:
    return list(run.evaluation.datasets.values())[-1]


def _metric(value: float | None, low: float | None, high: float | None) -> str:
    if value is None:
        return "–"
    if low is None or high is None:
        return format_number(value, digits=4)
    return f"{format_number(value, digits=4)} ({_short(low)} – {_short(high)})"


def _short(value: float) -> str:
    return format_number(value, digits=4) if abs(value) < 1000 else format_significant(value, 6)


def _candidates(found: RunsCompared, width: int) -> Iterator[str]:
    """Who was chosen in each run that tried candidates."""
    rows = []
    for run, one in zip(found.names, found.runs, strict=True):
        board = one.leaderboard
        if board is not None:
            called = words([trial.candidate for trial in board.trials])
            rows.append((run, called[board.chosen], spread(board.winner), len(board.trials)))
    if rows:
        headers = (_("run"), _("chosen candidate"), _("mean of folds"), _("candidates"))
        yield table([translate(one) for one in headers], rows, width=width)
        yield ""


def _differences(found: RunsCompared, width: int) -> Iterator[str]:
    if not found.differences:
        yield translate(_("The same settings and the same versions."))
        return
    headers = (translate(_("what was otherwise")), *found.names)
    rows = [(_name(one.step, one.setting), *map(_setting, one.values)) for one in found.differences]
    yield table(headers, rows, width=width)


def _name(step: str, setting: str) -> str:
    return f"{step}.{setting}" if step else setting


def _setting(value: Any) -> str:
    if value is None:
        return "–"
    return (
        ", ".join(map(str, value))
        if isinstance(value, Sequence) and not isinstance(value, str)
        else str(value)
    )
