"""The candidates: who was tried, who is chosen and why, and how settings and scores go together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cauce.core.candidates.costs import TrialCosts
from cauce.core.candidates.leaderboard import Leaderboard
from cauce.core.candidates.telling import BATCH, ranks, rungs_of, setting_words, settings_of, varied, words
from cauce.core.candidates.trials import Trial
from cauce.language import format_number, translate, translate_plural
from cauce.language import gettext_noop as _
from cauce.running.report.blocks import Block, Cell, Chart, Column, Listing, Paragraph, Part, Section, Table
from cauce.running.report.charts.parallel import Lane, Standing, Thread, parallel_chart
from cauce.running.report.content import RunContent
from cauce.running.report.wording import NOTHING, count, decimals, name, number, safe
from cauce.running.tuning import read_scans
from cauce.spec.search import RESOURCE

FIRST, MOST = 10, 200
_LANES = 8
_GOOD = 0.25


def candidates_section(content: RunContent) -> Section | None:
    """Leaderboard, settings against score, folds compared, rounds of halving; None where none were tried."""
    board = content.leaderboard
    if board is None:
        return None
    blocks: list[Block] = [Paragraph(_opening(board), "lead"), *_ended(board), _ranks(content, board)]
    blocks += _batches(board)
    blocks += _rivals(board)
    blocks += [chart for chart in (_chart(board),) if chart is not None]
    blocks += _halving(content, board)
    blocks += _counts(board)
    blocks += _failures(board)
    return Section("candidates", translate(_("Candidates")), tuple(blocks))


def _opening(board: Leaderboard) -> str:
    total = len(board.trials)
    text = translate_plural(
        "{count} candidate was tried. Chosen: {candidate}. {reason}",
        "{count} candidates were tried. Chosen: {candidate}. {reason}",
        total,
    )
    called = words([one.candidate for one in board.trials])
    return text.format(count=count(total), candidate=safe(called[board.chosen], 200), reason=board.reason)


def _ended(board: Leaderboard) -> Iterator[Block]:
    if board.ended is not None:
        text = translate(_("The search was stopped by its time limit after round {round}."))
        yield Paragraph(text.format(round=count(board.ended[1])), "warning")


def _ranks(content: RunContent, board: Leaderboard) -> Block:
    heads = (
        Column(translate(_("candidate"))),
        Column(translate(_("{metric}, mean of folds")).format(metric=safe(board.metric)), "number"),
        Column(translate(_("deviation")), "number"),
        Column(translate(_("train gap")), "number"),
        Column(translate(_("seconds")), "number"),
        *((Column(translate(_("scans")), "number"),) if _has_scans(content) else ()),
    )
    called = words([one.candidate for one in board.trials])
    fine = [one for one in board.trials if not one.failed]
    rows = [_rank(rank, one, board, called, content.costs)[: len(heads)] for rank, one in enumerate(fine, 1)]
    note = translate(
        _(
            "Every score is on rows that the candidate did not learn from. Train gap: the score on rows it "
            "learned from, less that score. Test rows do not count here."
        )
    )
    note = f"{note} {_read(content)}".strip()
    caption = translate(_("Candidates by rank; an arrow marks the chosen one."))
    table = Table(caption, heads, tuple(rows[:FIRST]), note)
    if len(rows) <= FIRST:
        return table
    rest = Table(translate(_("The candidates that follow.")), heads, tuple(rows[FIRST:MOST]))
    title = translate_plural("{count} more", "{count} more", len(rows[FIRST:MOST]))
    folded = Part(title.format(count=count(len(rows[FIRST:MOST]))), (rest,), folded=True)
    return Part(translate(_("Leaderboard")), (table, folded))


def _has_scans(content: RunContent) -> bool:
    """Whether trials read the data on their own, beyond what was read once for all of them."""
    return any(one.scans for one in content.costs.values())


def _read(content: RunContent) -> str:
    """How often the data were read for all trials."""
    record, rows = content.records.get("tune"), 0 if content.snapshot is None else content.snapshot.rows
    scans = None if record is None else read_scans(record, rows)
    if scans is None:
        return ""
    text = translate_plural(
        "All candidates together read the data {count} time.",
        "All candidates together read the data {count} times.",
        round(scans),
    )
    return text.format(count=number(scans, 3))


def _rank(
    rank: int, trial: Trial, board: Leaderboard, called: Mapping[int, str], costs: Mapping[int, TrialCosts]
) -> tuple[Cell, ...]:
    number_ = trial.candidate.number
    cost = costs.get(number_)
    arrow = "→ " if number_ == board.chosen else ""
    return (
        name(f"{arrow}{rank}. {called[number_]}", 300),
        decimals(trial.mean),
        NOTHING if trial.deviation is None else decimals(trial.deviation),
        decimals(trial.gap),
        NOTHING if cost is None else decimals(cost.seconds, 1),
        NOTHING if cost is None else number(cost.scans, 3),
    )


def _batches(board: Leaderboard) -> Iterator[Block]:
    told = tuple(board.on_batches)
    if told:
        yield Part(translate(_("One batch or all rows?")), (Listing(told),))


def _rivals(board: Leaderboard) -> Iterator[Block]:
    called = ranks(board.trials)
    told = tuple(one.sentence(called[one.first], called[one.second]) for one in board.rivals)
    if told:
        yield Part(translate(_("Is the best one really better?")), (Listing(told),))


def _chart(board: Leaderboard) -> Chart | None:
    """Settings against score, of the learner that has the most candidates with settings that vary."""
    fine = [one for one in board.trials if not one.failed]
    known = varied([one.candidate for one in fine])
    names = {learner: [one for one in own if one not in BATCH] for learner, own in known.items()}
    shares = {learner: [one for one in fine if one.candidate.model.learner == learner] for learner in names}
    learner = max(names, key=lambda one: (bool(names[one]), len(shares[one])), default=None)
    if learner is None or not names[learner] or len(shares[learner]) < 3:
        return None
    trials, chosen = shares[learner], names[learner][:_LANES]
    columns = [[settings_of(one.candidate).get(name) for one in trials] for name in chosen]
    scores = [one.mean for one in trials]
    placed = [*map(_placed, columns), _placed(scores, score=True)]
    called = words([one.candidate for one in board.trials])
    good = max(1, round(_GOOD * len(trials)))
    threads = [
        Thread(
            name=safe(called[trial.candidate.number], 120),
            places=tuple(places[at] for _lane, places in placed),
            texts=(*(safe(setting_words(column[at]), 60) for column in columns), decimals(trial.mean)),
            standing=_standing(board, trial, rank=at, good=good),
        )
        for at, trial in enumerate(trials)
    ]
    titles = (*map(_lane_title, chosen, columns), safe(board.metric))
    lanes = [Lane(title, marks) for title, (marks, _places) in zip(titles, placed, strict=True)]
    return _drawn(learner, lanes, threads)


def _lane_title(setting: str, values: Sequence[Any]) -> str:
    if not _is_wide(values):
        return safe(setting, 60)
    return translate(_("{setting} (logarithmic)")).format(setting=safe(setting, 60))


def _drawn(learner: str, lanes: Sequence[Lane], threads: Sequence[Thread]) -> Chart:
    title = translate(_("Settings and score: {learner}")).format(learner=learner)
    says = translate(
        _(
            "Each candidate is a line that crosses each axis where its setting stands, and the last one at "
            "its score. Where the lines of the best quarter keep together on an axis, that setting matters."
        )
    )
    names: list[tuple[Standing, str]] = [("good", translate(_("the best quarter")))]
    names.append(("other", translate(_("the others"))))
    if any(one.standing == "chosen" for one in threads):
        names.insert(0, ("chosen", translate(_("the chosen one"))))
    return parallel_chart(title, says, lanes=lanes, threads=threads, names=names)


def _standing(board: Leaderboard, trial: Trial, *, rank: int, good: int) -> Standing:
    if trial.candidate.number == board.chosen:
        return "chosen"
    return "good" if rank < good else "other"


Placed = tuple[tuple[tuple[float, str], ...], list[float | None]]


def _is_wide(values: Sequence[Any]) -> bool:
    """Whether numbers above 0 are so far apart that their logarithm says more."""
    numbers = [one for one in values if isinstance(one, int | float) and not isinstance(one, bool)]
    return len(numbers) == len(values) > 0 and min(numbers) > 0 and max(numbers) >= 20 * min(numbers)


def _placed(values: Sequence[Any], *, score: bool = False) -> Placed:
    """What stands along an axis, and each value's place on it; wide ranges by their logarithm."""
    numbers = [one for one in values if isinstance(one, int | float) and not isinstance(one, bool)]
    if len(numbers) < len([one for one in values if one is not None]) or not numbers:
        levels = list(dict.fromkeys(setting_words(one) for one in values if one is not None))
        step = 1 / max(len(levels) - 1, 1)
        marks = tuple((at * step, safe(level, 30)) for at, level in enumerate(levels))
        return marks, [None if v is None else levels.index(setting_words(v)) * step for v in values]
    low, high = float(min(numbers)), float(max(numbers))
    log = not score and _is_wide(values)
    ends = (math.log(low), math.log(high)) if log else (low, high)
    span = ends[1] - ends[0]
    text = decimals if score else setting_words
    marks = ((0.0, text(low if score else min(numbers))), (1.0, text(high if score else max(numbers))))
    if span <= 0:
        return ((0.5, marks[0][1]),), [None if v is None else 0.5 for v in values]
    return marks, [None if v is None else ((math.log(v) if log else v) - ends[0]) / span for v in values]


def _halving(content: RunContent, board: Leaderboard) -> Iterator[Block]:
    """The rounds of each halving: how many got how much, and how the best of them did."""
    tables: Any = (content.settings.get("tune") or {}).get("models") or ()
    for at, table in enumerate(tables):
        if (table.get("search") or {}).get("method") != "halving":
            continue
        rungs = rungs_of(board.trials, at, resource=RESOURCE[table["learner"]])
        heads = (
            Column(RESOURCE[table["learner"]], "number"),
            Column(translate(_("candidates")), "number"),
            Column(translate(_("best {metric}")).format(metric=safe(board.metric)), "number"),
        )
        rows = tuple((count(amount), count(len(trials)), _best(trials)) for amount, trials in rungs.items())
        caption = translate(_("Each round of halving gives the best candidates of the one before more."))
        yield Part(translate(_("Rounds of halving")), (Table(caption, heads, rows),))


def _best(trials: Sequence[Trial]) -> str:
    # As on the leaderboard: the best comes first.
    return next((decimals(one.mean) for one in trials if not one.failed), NOTHING)


def _counts(board: Leaderboard) -> Iterator[Block]:
    """The chosen candidate judged with other numbers of folds."""
    if not board.by_count:
        return
    heads = (
        Column(translate(_("folds"))),
        Column(translate(_("fits")), "number"),
        Column(translate(_("{metric}, mean of folds")).format(metric=safe(board.metric)), "number"),
        Column(translate(_("deviation")), "number"),
    )
    rows = tuple(
        (
            translate(_("validation rows")) if not one.folds else format_number(one.folds),
            count(len(one.trial.folds)),
            decimals(one.trial.mean) if not one.trial.failed else NOTHING,
            NOTHING if one.trial.deviation is None else decimals(one.trial.deviation),
        )
        for one in board.by_count
    )
    caption = translate(
        _("The chosen candidate by number of folds. More folds learn from more rows and cost more fits.")
    )
    yield Part(translate(_("How many folds")), (Table(caption, heads, rows),))


def _failures(board: Leaderboard) -> Iterator[Block]:
    failed = [one for one in board.trials if one.failed]
    if not failed:
        return
    called = words([one.candidate for one in board.trials])
    told = tuple(f"{safe(called[one.candidate.number], 200)}: {one.failure}" for one in failed[:FIRST])
    text = translate_plural("{count} candidate failed", "{count} candidates failed", len(failed))
    yield Part(text.format(count=count(len(failed))), (Listing(told),))
