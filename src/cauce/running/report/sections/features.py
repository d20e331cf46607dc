"""What was made of which column, and what the model gains from it."""

from __future__ import annotations

from collections.abc import Sequence

from cauce.core.evaluation import Evaluation
from cauce.core.features.fitted import Feature, FittedFeatures
from cauce.language import gettext_noop as _
from cauce.language import translate, translate_plural
from cauce.running.report.blocks import Block, Chart, Column, Listing, Part, Section, Table, gallery
from cauce.running.report.charts.bars import Item, bar_chart
from cauce.running.report.content import RunContent
from cauce.running.report.metrics import amount_text
from cauce.running.report.sections.coefficients import size_of_coefficients
from cauce.running.report.sections.components import component_parts
from cauce.running.report.sections.contributions import direction_parts, size_chart
from cauce.running.report.wording import count, name, safe, share

SHOWN = 20
MOST_ROWS = 300


def features_section(content: RunContent) -> Section | None:
    """The features of the model; None before they were fitted."""
    fitted = content.features
    if fitted is None:
        return None
    importance = () if content.evaluation is None else content.evaluation.importance
    blocks: tuple[Block, ...] = (
        *gallery(
            (
                size_chart(content.evaluation),
                _permuted(content.evaluation),
                _gain(importance, content.evaluation),
            )
        ),
        *direction_parts(content.evaluation),
        *component_parts(fitted),
        Part(translate(_("What was made of which column")), (_table(fitted),)),
    )
    if fitted.dropped:
        told = tuple(safe(one.describe(), 300) for one in fitted.dropped[:MOST_ROWS])
        blocks = (*blocks, Part(translate(_("Left out")), (Listing(told),)))
    return Section("features", translate(_("Features")), blocks)


def _gain(importance: Sequence[tuple[str, float]], evaluation: Evaluation | None) -> Chart | None:
    if evaluation is not None and evaluation.summed:
        return size_of_coefficients(importance)
    total = sum(max(gain, 0.0) for _name, gain in importance)
    if total <= 0:
        return None
    items = [Item(safe(one, 60), gain / total, share(gain, total)) for one, gain in importance[:SHOWN]]
    says = translate_plural(
        "How much the loss of the training rows fell at splits by each feature, as a share of all: "
        "the first {shown} of {count} feature. It says what the model used, not what causes what.",
        "How much the loss of the training rows fell at splits by each feature, as a share of all: "
        "the first {shown} of {count} features. It says what the model used, not what causes what.",
        len(importance),
    )
    heads = (translate(_("feature")), translate(_("share of the gain")))
    title = translate(_("What the model gained from each feature"))
    return bar_chart(
        title, says.format(shown=count(len(items)), count=count(len(importance))), items=items, heads=heads
    )


def _permuted(evaluation: Evaluation | None) -> Chart | None:
    found = None if evaluation is None else evaluation.permutation
    if found is None or not found.columns:
        return None
    items = [
        Item(
            safe(one.column, 60),
            max(one.drop, 0.0),
            amount_text(found.metric, one.drop),
            one.drop - one.spread,
            one.drop + one.spread,
        )
        for one in found.columns[:SHOWN]
    ]
    metric = safe(found.metric)
    says = translate(
        _(
            "How much worse {metric} gets on {rows} validation rows when the cells of one column are "
            "shuffled among them, with the spread of {repeats} repeats. Columns that go together share "
            "what they say, so each may seem to matter less."
        )
    ).format(metric=metric, rows=count(found.rows), repeats=count(found.repeats))
    heads = (translate(_("column")), translate(_("loss of {metric}")).format(metric=metric))
    return bar_chart(translate(_("What the model loses without each column")), says, items=items, heads=heads)


def _table(fitted: FittedFeatures) -> Table:
    shown = fitted.features[:MOST_ROWS]
    rows = tuple((name(one.name), name(_sources(one)), safe(_made(one), 400)) for one in shown)
    heads = (
        Column(translate(_("feature"))),
        Column(translate(_("made from"))),
        Column(translate(_("what was done, learned from training rows alone"))),
    )
    caption = translate_plural(
        "{count} feature of the model.", "{count} features of the model.", fitted.width
    ).format(count=count(fitted.width))
    note = ""
    if fitted.width > MOST_ROWS:
        note = translate(_("The first {count} are shown; the JSON beside this page has all."))
        note = note.format(count=count(MOST_ROWS))
    return Table(caption, heads, rows, note)


def _sources(one: Feature) -> str:
    return ", ".join(one.columns) or one.source


def _made(one: Feature) -> str:
    """What was done, without the name of the source before it."""
    return one.describe().removeprefix(f"{one.source}: ")
