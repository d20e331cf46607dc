"""What `tune` answers, and what `run` says of candidates in short."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from cauce.cli.answer import Answer
from cauce.cli.table import table
from cauce.core.candidates.telling import ranks, words
from cauce.errors import shown
from cauce.language import format_number, format_significant, translate, translate_plural
from cauce.language import gettext_noop as _

if TYPE_CHECKING:
    from cauce.api.tune import TuneReport
    from cauce.core.candidates.costs import TrialCosts
    from cauce.core.candidates.leaderboard import Leaderboard
    from cauce.core.candidates.trials import Trial

FIRST = 10
"""So many candidates are shown."""
_SENTENCE = 1000
_IN_SHORT = 3
_COLUMNS = 6
"""Where trials caused readings of the rows of their own, else one less."""


def tuned(report: TuneReport, width: int) -> Answer:
    """The leaderboard, which candidate is chosen and why, and what to type next."""
    board = report.leaderboard
    first, *others = reasons(board)
    found = (first, *board.on_batches, *_by_count(board), *others, *_scans_of_all(report))
    lines = [*_counted(board), "", *_ranks(board, report.costs, width), "", *found]
    return Answer(
        "cauce.tune/1",
        report.to_json(),
        "\n".join(lines),
        notes=tuple(_notes(report)),
        next="cauce run",
    )


def _scans_of_all(report: TuneReport) -> Iterator[str]:
    if report.scans is not None:
        text = translate_plural(
            "All candidates together read the data {count} time.",
            "All candidates together read the data {count} times.",
            round(report.scans),
        )
        yield text.format(count=format_significant(report.scans, 3))


def in_short(board: Leaderboard, costs: Mapping[int, TrialCosts], *, width: int) -> list[str]:
    """The first candidates and the reason, for the end of a run."""
    ranks = _ranks(board, costs, width, first=_IN_SHORT)
    return [*_counted(board), *ranks, *reasons(board)[:1], *board.on_batches]


def _counted(board: Leaderboard) -> Iterator[str]:
    count, failed = len(board.trials), sum(one.failed for one in board.trials)
    text = translate_plural("{count} candidate, {judged}.", "{count} candidates, {judged}.", count)
    yield text.format(count=format_number(count), judged=_judged(board))
    if failed:
        text = translate_plural(
            "{count} of them failed; the first: {reason}",
            "{count} of them failed; the first: {reason}",
            failed,
        )
        first = next(one.failure for one in board.trials if one.failed)
        yield text.format(count=format_number(failed), reason=shown(first, most=_SENTENCE))
    if board.ended is not None:
        text = translate(_("The search was stopped by its time limit after round {round}."))
        yield text.format(round=format_number(board.ended[1]))


_BY = {
    "random": _("at random"),
    "stratified": _("stratified by class"),
    "group": _("by group"),
    "time": _("forward in time"),
}


def _judged(board: Leaderboard) -> str:
    """How the candidates were judged."""
    folds = board.folds
    count = len(board.winner.folds)
    if count < 2:
        return translate(_("judged on validation rows"))
    text = translate(_("judged on {count} folds, {by}"))
    by = str(folds.get("by", ""))
    return text.format(count=format_number(count), by=translate(_BY[by]) if by in _BY else by)


def _ranks(
    board: Leaderboard, costs: Mapping[int, TrialCosts], width: int, *, first: int = FIRST
) -> Iterator[str]:
    called = words([one.candidate for one in board.trials])
    ranked = list(enumerate((one for one in board.trials if not one.failed), 1))
    best: dict[int, int] = {}  # of each table of models: a path of a hundred penalties fills the first places
    for rank, one in ranked:
        best.setdefault(one.candidate.table, rank)
    told = {*best.values(), *(rank for rank, one in ranked if one.candidate.number == board.chosen)}
    rows = [(rank, one) for rank, one in ranked if rank <= first or rank in told]
    scanned = any(one.scans for one in costs.values())
    cells = [
        (*_cells(board, rank, one, costs)[: None if scanned else -1], shown(called[one.candidate.number]))
        for rank, one in rows
    ]
    yield _fitting(board, cells, width)
    left = len(board.trials) - len(rows)
    if left:
        text = translate_plural(
            "And {count} more; all of them are in the report and in --json.",
            "And {count} more; all of them are in the report and in --json.",
            left,
        )
        yield text.format(count=format_number(left))


def _fitting(board: Leaderboard, cells: list[tuple[str, ...]], width: int) -> str:
    """One line for each candidate where that fits, else a second one for what it is."""
    heads = (
        "",
        shown(board.metric),
        translate(_("train gap")),
        translate(_("time")),
        *((translate(_("scans")),) if len(cells[0]) == _COLUMNS else ()),
        translate(_("candidate")),
    )
    whole = table(heads, cells, width=width)
    if len(whole.splitlines()) == len(cells) + 1:
        return whole
    numbers = table(heads[:-1], [row[:-1] for row in cells], width=10_000).splitlines()
    lines = [numbers[0]]
    indent = " " * (2 + max(len(row[0]) for row in cells))
    for line, row in zip(numbers[1:], cells, strict=True):
        lines += [line, f"{indent}{row[-1]}"]
    return "\n".join(lines)


def _cells(board: Leaderboard, rank: int, trial: Trial, costs: Mapping[int, TrialCosts]) -> tuple[str, ...]:
    number = trial.candidate.number
    chosen = f"{rank} →" if number == board.chosen else str(rank)
    cost = costs.get(number)
    return (chosen, spread(trial), _signed(trial.gap), _time(cost), _scans(cost))


def _signed(value: float) -> str:
    return ("−" if value < 0 else "+") + format_significant(abs(value), 2)


def spread(trial: Trial) -> str:
    """The mean of the folds, and its deviation where there is one."""
    mean = format_number(trial.mean, digits=4)
    return mean if trial.deviation is None else f"{mean} ± {format_number(trial.deviation, digits=4)}"


def _time(cost: TrialCosts | None) -> str:
    if cost is None:
        return "–"
    return f"{format_number(cost.seconds, digits=1)} s"


def _scans(cost: TrialCosts | None) -> str:
    return "–" if cost is None else format_significant(cost.scans, 3)


def reasons(board: Leaderboard) -> list[str]:
    """Which candidate is chosen and why; how sure it is that it is better than the next ones."""
    called = words([one.candidate for one in board.trials])
    text = translate(_("Chosen: {candidate}. {reason}"))
    found = [text.format(candidate=shown(called[board.chosen]), reason=board.reason)]
    short = ranks(board.trials)
    return [*found, *(one.sentence(short[one.first], short[one.second]) for one in board.rivals)]


def _by_count(board: Leaderboard) -> Iterator[str]:
    """The chosen candidate by number of folds, where several were asked for."""
    for one in board.by_count:
        if one.trial.failed:
            continue
        if one.folds:
            text = translate_plural(
                "On {count} fold it has {score}.", "On {count} folds it has {score}.", one.folds
            ).format(count=format_number(one.folds), score=spread(one.trial))
        else:
            text = translate(_("On validation rows it has {score}.")).format(score=spread(one.trial))
        yield text


def _notes(report: TuneReport) -> Iterator[str]:
    if report.refine is not None:
        text = translate(
            _("To keep this search, write refine = {times} in its `search`; no trial is run again.")
        )
        yield text.format(times=report.refine)
    elif report.searches:
        yield translate(_("cauce tune --refine searches on around the best."))
    if report.trials is not None:
        text = translate(
            _("To keep this search, write trials = {count} in its `search`; no trial is run again.")
        )
        yield text.format(count=report.trials)
