"""How good the model is by every metric, and where it errs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cauce.core.evaluation import Evaluation
from cauce.core.metrics.dataset import DatasetEvaluation
from cauce.core.metrics.keys import DATASETS, Dataset
from cauce.core.metrics.value import Metric
from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.running.report.blocks import Block, Cell, Column, Listing, Paragraph, Part, Section, Table, gallery
from cauce.running.report.content import RunContent
from cauce.running.report.metrics import (
    by_name,
    dataset_text,
    ends_text,
    interval_text,
    level_text,
    value_text,
)
from cauce.running.report.sections.answers import answer_parts
from cauce.running.report.sections.curves import curve_charts, residual_charts
from cauce.running.report.sections.decisions import confusion_parts, slice_parts, threshold_parts
from cauce.running.report.sections.residuals import residual_parts
from cauce.running.report.wording import NOTHING, count, name, number, safe

MOST_METRICS = 120


def performance_section(content: RunContent) -> Section | None:
    """Metrics, curves, confusion, thresholds, slices; None before the model was evaluated."""
    evaluation = content.evaluation
    if evaluation is None or not evaluation.datasets:
        return None
    blocks: tuple[Block, ...] = (
        _metrics(evaluation),
        *_out_of_fold(content),
        *_gap(evaluation),
        *confusion_parts(evaluation),
        *gallery(tuple(curve_charts(evaluation))),
        *gallery(tuple(residual_charts(evaluation))),
        *residual_parts(evaluation),
        *answer_parts(evaluation),
        *threshold_parts(evaluation),
        *slice_parts(evaluation),
        Part(translate(_("What each metric means")), (_meanings(evaluation),), folded=True),
    )
    return Section("performance", translate(_("Performance and errors")), blocks)


def _out_of_fold(content: RunContent) -> Iterator[Block]:
    """What the validation figures are where the model has learned from validation rows too."""
    if content.leaderboard is not None:
        text = _(
            "Candidates were tried, so the model has learned from training and validation rows. The "
            "validation figures are of what the chosen candidate said of rows it had not seen then."
        )
        yield Paragraph(translate(text), "note")


def _gap(evaluation: Evaluation) -> Iterator[Block]:
    """From training to validation to test, with the doubt of each step."""
    details = tuple(safe(one, 400) for one in evaluation.gap.details)
    if details:
        yield Part(translate(_("From training to test")), (Listing(details),))


def shown_datasets(evaluation: Evaluation) -> list[tuple[Dataset, DatasetEvaluation]]:
    """Test first, then validation, then training."""
    return [(one, evaluation.datasets[one]) for one in reversed(DATASETS) if one in evaluation.datasets]


def _metrics(evaluation: Evaluation) -> Table:
    datasets = shown_datasets(evaluation)
    first = datasets[0][1]
    doubt = any(interval_text(one) for one in first.metrics)
    title = translate(_("{level} interval")).format(level=level_text(first.metrics[0]))
    interval = (Column(title, "number"),) if doubt else ()
    heads = (
        Column(translate(_("metric"))),
        Column(dataset_text(datasets[0][0]), "number"),
        *interval,
        Column(translate(_("best guess")), "number"),
        *(Column(dataset_text(dataset), "number") for dataset, _one in datasets[1:]),
        Column(translate(_("better"))),
    )
    rows = tuple(_metric(one, datasets, doubt=doubt) for one in first.metrics[:MOST_METRICS])
    counts = ", ".join(f"{dataset_text(dataset)} {count(one.rows)}" for dataset, one in datasets)
    caption = translate(_("Every metric by dataset (labelled rows: {counts})")).format(counts=counts)
    return Table(caption, heads, rows, _note(evaluation, datasets))


def _note(evaluation: Evaluation, datasets: list[tuple[Dataset, DatasetEvaluation]]) -> str:
    said = [translate(_("The best guess knows the shares or the middle of the training rows and no column."))]
    unlabelled = sum(one.unlabelled for _dataset, one in datasets)
    if unlabelled:
        text = translate(_("Rows without a label are left out: {count}."))
        said.append(text.format(count=count(unlabelled)))
    if any(abs(one.weight - one.rows) > 1e-9 * one.rows for _dataset, one in datasets):
        said.append(translate(_("Rows count by their weight.")))
    if evaluation.target.task == "binary":
        text = translate(_("A probability of {threshold} or more is predicted {positive}."))
        positive = safe(evaluation.target.positive)
        said.append(text.format(threshold=number(evaluation.threshold), positive=positive))
    return " ".join(said)


_DIRECTIONS = {"higher": _("higher"), "lower": _("lower")}


def _metric(
    metric: Metric, datasets: list[tuple[Dataset, DatasetEvaluation]], *, doubt: bool
) -> tuple[Cell, ...]:
    others = [by_name(one) for _dataset, one in datasets[1:]]
    guess = datasets[0][1].baseline(str(metric.name))
    direction = _DIRECTIONS.get(metric.name.direction)
    return (
        name(metric.name),
        value_text(metric),
        *((ends_text(metric),) if doubt else ()),
        NOTHING if guess is None else value_text(guess),
        *(_value(other, metric) for other in others),
        NOTHING if direction is None else translate(direction),
    )


def _value(metrics: Mapping[str, Metric], like: Metric) -> str:
    found = metrics.get(str(like.name))
    return NOTHING if found is None else value_text(found)


def _meanings(evaluation: Evaluation) -> Table:
    kinds = dict(_kinds(evaluation))
    heads = (Column(translate(_("metric"))), Column(translate(_("meaning"))))
    rows = tuple((name(kind), translate(means)) for kind, means in kinds.items())
    return Table(translate(_("Metrics and their meaning")), heads, rows)


def _kinds(evaluation: Evaluation) -> Iterator[tuple[str, str]]:
    for one in evaluation.datasets.values():
        for metric in one.metrics:
            yield metric.name.kind, metric.name.means
