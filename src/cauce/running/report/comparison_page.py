"""A comparison of runs as a page."""

from __future__ import annotations

from cauce.core.candidates.leaderboard import Leaderboard
from cauce.core.candidates.telling import words
from cauce.core.metrics.value import Metric
from cauce.language import active_language, translate
from cauce.language import gettext_noop as _
from cauce.running.report.blocks import Block, Cell, Chart, Column, Page, Paragraph, Section, Table, gallery
from cauce.running.report.charts.bars import Item, dot_chart
from cauce.running.report.comparing import Difference, RunsCompared, test_of
from cauce.running.report.metrics import by_name, ends_text, value_text
from cauce.running.report.sections.appendix import setting_text
from cauce.running.report.wording import NOTHING, count, decimals, moment, name, safe

MOST_METRICS = 60


def comparison_page(found: RunsCompared) -> Page:
    """The comparison in the active language."""
    blocks: tuple[Block, ...] = (Paragraph(found.sentence, "lead"),) if found.sentence else ()
    sections = (
        Section("verdict", translate(_("Verdict")), (*blocks, *gallery((_chart(found),)))),
        Section("metrics", translate(_("Metrics")), (_metrics(found),)),
        *_candidates(found),
        Section("differences", translate(_("What was otherwise")), (_differences(found),)),
        Section("runs", translate(_("Runs")), (_runs(found),)),
    )
    title = translate(_("{project}: {count} runs compared"))
    project = found.runs[-1].project
    text = title.format(project=safe(project), count=count(len(found.runs)))
    return Page(text, (), sections, active_language())


def _chart(found: RunsCompared) -> Chart | None:
    if not found.metrics:
        return None
    headline = found.metrics[0]
    metrics = [by_name(test_of(one))[headline] for one in found.runs]
    items = [
        Item(run, one.value, value_text(one), one.low, one.high)
        for run, one in zip(found.names, metrics, strict=True)
        if one.value is not None
    ]
    if not items:
        return None
    says = translate(
        _(
            "Each run on its own test rows, with its interval. Intervals that overlap do not say that the "
            "models are equal: the sentence above compares them row by row."
        )
    )
    title = translate(_("{metric} on test rows")).format(metric=safe(headline))
    return dot_chart(title, says, items=items, heads=(translate(_("run")), safe(headline)))


def _metrics(found: RunsCompared) -> Table:
    tests = [by_name(test_of(one)) for one in found.runs]
    heads = (Column(translate(_("metric"))), *(Column(name(run), "number") for run in found.names))
    shown = found.metrics[:MOST_METRICS]
    rows: list[tuple[Cell, ...]] = [(name(one), *(_value(test[one]) for test in tests)) for one in shown]
    caption = translate(_("Every metric that all runs have, on each run's own test rows, with its interval."))
    return Table(caption, heads, tuple(rows))


def _value(metric: Metric) -> str:
    ends = ends_text(metric)
    return value_text(metric) if ends == NOTHING else f"{value_text(metric)} ({ends})"


def _candidates(found: RunsCompared) -> tuple[Section, ...]:
    """Who was chosen in each run, where any run tried candidates."""
    boards = [(run, one.leaderboard) for run, one in zip(found.names, found.runs, strict=True)]
    if not any(board for _run, board in boards):
        return ()
    heads = (
        Column(translate(_("run"))),
        Column(translate(_("chosen candidate"))),
        Column(translate(_("metric"))),
        Column(translate(_("mean of folds")), "number"),
        Column(translate(_("deviation")), "number"),
        Column(translate(_("candidates")), "number"),
    )
    rows = tuple(_chosen(run, board) for run, board in boards if board is not None)
    caption = translate(_("The candidate that each run chose, judged on rows that it did not learn from."))
    return (Section("candidates", translate(_("Candidates")), (Table(caption, heads, rows),)),)


def _chosen(run: str, board: Leaderboard) -> tuple[Cell, ...]:
    called = words([one.candidate for one in board.trials])
    deviation = board.winner.deviation
    return (
        name(run),
        name(called[board.chosen], 300),
        name(board.metric),
        decimals(board.winner.mean),
        NOTHING if deviation is None else decimals(deviation),
        count(len(board.trials)),
    )


def _differences(found: RunsCompared) -> Block:
    if not found.differences:
        return Paragraph(translate(_("Nothing: the same settings and the same versions.")))
    heads = (
        Column(translate(_("setting"))),
        Column(translate(_("step"))),
        *(Column(name(run)) for run in found.names),
    )
    rows = tuple(_difference(one) for one in found.differences)
    return Table(translate(_("Settings and versions that are not the same in all runs.")), heads, rows)


def _difference(one: Difference) -> tuple[Cell, ...]:
    step = name(one.step) if one.step else translate(_("version"))
    values = (NOTHING if value is None else name(setting_text(value), 200) for value in one.values)
    return (name(one.setting, 120), step, *values)


def _runs(found: RunsCompared) -> Table:
    heads = (
        Column(translate(_("run"))),
        Column(translate(_("begun"))),
        Column(translate(_("rows")), "number"),
        Column(translate(_("snapshot"))),
        Column(translate(_("model"))),
    )
    rows: list[tuple[Cell, ...]] = []
    for one in found.runs:
        snapshot = one.snapshot
        rows.append(
            (
                name(one.run),
                moment(one.begun),
                NOTHING if snapshot is None else count(snapshot.rows),
                NOTHING if snapshot is None else name(snapshot.identity[:12]),
                NOTHING if one.bundle is None else name(one.bundle[:12]),
            )
        )
    same = len({None if one.snapshot is None else one.snapshot.identity for one in found.runs}) == 1
    note = _("All runs read the same rows.") if same else _("The runs did not read the same rows.")
    return Table(translate(_("The runs that are compared.")), heads, tuple(rows), translate(note))
