"""What the model is: its parameters, its rows, and how training went."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cauce.core.evaluation import History
from cauce.language import format_number, translate, translate_plural
from cauce.language import gettext_noop as _
from cauce.running.continuing import continued_sentences
from cauce.running.report.blocks import Block, Chart, Facts, Listing, Part, Section, gallery
from cauce.running.report.charts.canvas import Frame, axis
from cauce.running.report.charts.lines import Line, Upright, line_chart
from cauce.running.report.content import RunContent
from cauce.running.report.metrics import dataset_text
from cauce.running.report.sections.coefficients import coefficient_parts
from cauce.running.report.sections.learning import curve_parts
from cauce.running.report.wording import count, name, safe, share

_LEFT_OUT = {
    "left_out": _("rows without a target, left out"),
    "other_batches": _("rows of other batches, left out"),
}


def model_section(content: RunContent) -> Section | None:
    """Parameters, rows and history; None before anything was trained."""
    fit = content.records.get("fit")
    if fit is None:
        return None
    chosen: Any = fit.step.inputs.get("chosen")
    models: Any = fit.step.parameters.get("models") or [{} if chosen is None else chosen["model"]]
    parts: tuple[Block, ...] = (
        *((Listing(told),) if (told := continued_sentences(content.records)) else ()),
        *gallery((_history(content),)),
        *coefficient_parts(content),
        *curve_parts(content.curve),
        Part(translate(_("Rows")), (_rows(content),)),
        Part(translate(_("Parameters")), (_parameters(models[0], fit.step.parameters.get("seed")),)),
    )
    return Section("model", translate(_("Model")), parts)


def _rows(content: RunContent) -> Facts:
    folds: dict[str, int] = dict(content.training.get("folds", {}))
    total = sum(folds.values())
    order = [one for one in ("train", "validation", "test", "left_out", "other_batches") if one in folds]
    pairs = tuple((_fold(one), f"{count(folds[one])} ({share(folds[one], total)})") for one in order)
    rule: Any = content.settings.get("split", {}).get("split", {})
    kind = (translate(_("divided")), translate(_SPLITS.get(str(rule.get("kind")), _("as declared"))))
    return Facts((kind, *pairs))


_SPLITS = {
    "random": _("at random, by a hash of each row's key"),
    "stratified": _("at random, with the same share of every class in each part"),
    "group": _("at random by group: no group is in two parts"),
    "time": _("forward in time: the newest rows test"),
}


def _fold(fold: str) -> str:
    return translate(_LEFT_OUT[fold]) if fold in _LEFT_OUT else dataset_text(fold)


def _parameters(model: Any, seed: Any) -> Facts:
    pairs = [(name(key), name(_setting(value))) for key, value in _single(model) if value is not None]
    if seed is not None:
        pairs.append((name("seed"), name(str(seed))))
    return Facts(tuple(pairs), form="many")


def _single(model: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Settings in order; those of a table by table and name."""
    for key, value in sorted(model.items()):
        if isinstance(value, Mapping):
            yield from ((f"{key}.{inner}", part) for inner, part in _single(value))
        else:
            yield key, value


def _setting(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return format_number(value) if value != round(value) else count(value)
    return safe(value)


def _history(content: RunContent) -> Chart | None:
    evaluation = content.evaluation
    history = None if evaluation is None else evaluation.history
    if history is None or not any(history.losses.values()):
        return None
    lines = [
        Line(dataset_text(dataset), tuple((float(at + 1), loss) for at, loss in enumerate(losses)))
        for dataset, losses in history.losses.items()
    ]
    forest = history.best_round is None
    name = translate(_("trees")) if forest else translate(_("round"))
    across = axis([x for line in lines for x, _y in line.points], name, zero=True)
    up = axis([y for line in lines for _x, y in line.points], _loss(history))
    upright = None
    if history.best_round is not None:
        upright = Upright(
            history.best_round + 1.0,
            translate(_("kept: round {round}")).format(round=count(history.best_round + 1)),
        )
    rounds = max(len(losses) for losses in history.losses.values())
    says = _says_of_trees(rounds) if forest else _says_of_rounds(rounds)
    title = translate(_("Loss by number of trees")) if forest else translate(_("Loss by round of training"))
    return line_chart(title, says, frame=Frame(across, up), lines=lines, upright=upright)


def _says_of_trees(trees: int) -> str:
    return translate_plural(
        "{count} tree, averaged. Where the lines run flat, more trees bring nothing; training rows fare "
        "better by a forest's nature.",
        "{count} trees, averaged. Where the lines run flat, more trees bring nothing; training rows fare "
        "better by a forest's nature.",
        trees,
    ).format(count=count(trees))


def _says_of_rounds(rounds: int) -> str:
    return translate_plural(
        "{count} round of training. Where the line of the validation rows turns up, the model only learns "
        "its training rows by heart.",
        "{count} rounds of training. Where the line of the validation rows turns up, the model only learns "
        "its training rows by heart.",
        rounds,
    ).format(count=count(rounds))


def _loss(history: History) -> str:
    return translate(_("loss ({metric})")).format(metric=safe(history.metric))
