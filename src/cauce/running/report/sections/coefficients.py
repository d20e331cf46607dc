"""The coefficients of a linear or logistic model: what each feature adds, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence

from cauce.core.linear.coefficients import Coefficient, Coefficients, importances
from cauce.core.linear.path import CoefficientPath
from cauce.language import gettext_noop as _
from cauce.language import translate, translate_plural
from cauce.running.report.blocks import Block, Cell, Chart, Column, Facts, Paragraph, Part, Table
from cauce.running.report.charts.bars import Item, bar_chart
from cauce.running.report.charts.paths import Ending, PathTitles, path_chart
from cauce.running.report.content import RunContent
from cauce.running.report.wording import count, name, names, number, safe

SHOWN = 20
PATHS_NAMED = 10
MOST_ROWS = 300


def coefficient_parts(content: RunContent) -> tuple[Block, ...]:
    """The coefficients, largest first; nothing for a model of trees."""
    written = content.training.get("coefficients")
    if written is None:
        return ()
    found = Coefficients.from_json(written)
    blocks: list[Block] = [Facts(_facts(found), form="many")]
    if found.collinear:
        text = _(
            "These say nearly the same, so their coefficients are not to be read one by one: {features}."
        )
        told = translate(text).format(features=names(found.collinear))
        blocks.append(Paragraph(told, tone="warning"))
    if found.path is not None:
        blocks.append(path_of_coefficients(found.path))
    return (Part(translate(_("Coefficients")), (*blocks, _table(found))),)


def path_of_coefficients(path: CoefficientPath) -> Chart:
    """The coefficients over the strength of the penalty, with the chosen one marked."""
    pairs = zip(path.features, path.coefficients, strict=True)
    lines = [
        Ending(safe(one, 60), values, safe(one, 16) if place < PATHS_NAMED else None)
        for place, (one, values) in enumerate(pairs)
    ]
    says = translate(
        _(
            "From left to right the penalty weakens and features come in. Coefficients are those of features "
            "divided by their deviation. The upright line is the strength of this model."
        )
    )
    titles = PathTitles(
        translate(_("λ, strength of the penalty (weaker to the right)")),
        translate(_("standardised coefficient")),
        translate(_("this model: λ = {strength}")).format(strength=number(path.chosen, 3)),
    )
    title = translate(_("How coefficients grow as the penalty weakens"))
    return path_chart(title, says, strengths=path.strengths, chosen=path.chosen, lines=lines, titles=titles)


def size_of_coefficients(importance: Sequence[tuple[str, float]]) -> Chart | None:
    """The features by the size of their standardised coefficients."""
    if not any(size > 0 for _name, size in importance):
        return None
    items = [Item(safe(one, 60), size, number(size)) for one, size in importance[:SHOWN]]
    says = translate_plural(
        "How far the model's sum moves when a feature rises by one deviation of the training rows: "
        "the first {shown} of {count} feature. It says what the model uses, not what causes what.",
        "How far the model's sum moves when a feature rises by one deviation of the training rows: "
        "the first {shown} of {count} features. It says what the model uses, not what causes what.",
        len(importance),
    ).format(shown=count(len(items)), count=count(len(importance)))
    heads = (translate(_("feature")), translate(_("size of the standardised coefficient")))
    title = translate(_("How large each feature's standardised coefficient is"))
    return bar_chart(title, says, items=items, heads=heads)


def _facts(found: Coefficients) -> tuple[tuple[Cell, Cell], ...]:
    zero = sum(1 for one, size in importances(found.rows) if size == 0 and one not in found.constant)
    condition = "∞" if found.condition is None else number(found.condition, 2)
    pairs: list[tuple[Cell, Cell]] = [
        (translate(_("readings of the training rows")), count(found.scans)),
        (translate(_("condition number")), condition),
        ("λ", number(found.penalty.strength)),
    ]
    if found.penalty.strength:
        pairs.append((translate(_("l1 share of the penalty")), number(found.penalty.l1_ratio)))
        pairs.append((translate(_("coefficients that the penalty left out")), count(zero)))
    if found.constant:
        pairs.append((translate(_("features that never change")), names(found.constant)))
    return tuple(pairs)


def _table(found: Coefficients) -> Table:
    several = any(one.output is not None for one in found.rows)
    known = any(one.error is not None for one in found.rows)
    heads = [Column(translate(_("feature")))]
    if several:
        heads.append(Column(translate(_("class"))))
    heads.append(Column(translate(_("coefficient")), "number"))
    if known:
        heads.append(Column(translate(_("standard error")), "number"))
        heads.append(Column(translate(_("95 % interval")), "number"))
    heads.append(Column(translate(_("standardised")), "number"))
    ordered = sorted(found.rows, key=lambda one: (one.feature is not None, -abs(one.standardised)))
    rows = tuple(_row(one, several=several, known=known) for one in ordered[:MOST_ROWS])
    return Table(_caption(found), tuple(heads), rows, _note(found, known=known))


def _row(one: Coefficient, *, several: bool, known: bool) -> tuple[Cell, ...]:
    cells: list[Cell] = [translate(_("intercept")) if one.feature is None else name(one.feature)]
    if several:
        cells.append(name(one.output or ""))
    cells.append(number(one.own))
    if known:
        ends = None if one.low is None or one.high is None else (number(one.low), number(one.high))
        between = translate(_("{low} to {high}"))
        cells.append(number(one.error))
        cells.append(number(None) if ends is None else between.format(low=ends[0], high=ends[1]))
    cells.append(number(one.standardised))
    return tuple(cells)


def _caption(found: Coefficients) -> str:
    if found.learner == "linear":
        return translate(_("What a prediction changes by when a feature rises by 1, all others unchanged."))
    if any(one.output is not None for one in found.rows):
        return translate(
            _(
                "What a class's score changes by when a feature rises by 1, all others unchanged; the "
                "difference of two scores is the logarithm of the odds between the two classes."
            )
        )
    return translate(
        _("What the logarithm of the odds changes by when a feature rises by 1, all others unchanged.")
    )


def _note(found: Coefficients, *, known: bool) -> str:
    told = [translate(_("standardised: when the feature rises by one deviation of the training rows."))]
    if known:
        told.append(
            translate(
                _(
                    "Errors and intervals are those of ordinary least squares: they hold where residuals "
                    "scatter alike everywhere and rows are independent."
                )
            )
        )
    elif found.penalty.strength:
        told.append(
            translate(_("A penalty pulls coefficients towards 0, so that no standard error is given."))
        )
    if len(found.rows) > MOST_ROWS:
        text = translate(_("The first {count} are shown; the JSON beside this page has all."))
        told.append(text.format(count=count(MOST_ROWS)))
    return " ".join(told)
