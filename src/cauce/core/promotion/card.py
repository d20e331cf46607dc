"""The model card: what a model is, how good, on what it rests, and what it must not be used for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cauce.core.bundle.lineage import Lineage
from cauce.core.bundle.manifest import Manifest
from cauce.core.evaluation import Evaluation
from cauce.core.leaks.findings import LeakReport
from cauce.core.metrics.value import Metric
from cauce.core.promotion.gate import GateVerdict
from cauce.core.splits.rules import RandomSplit, StratifiedSplit, TimeSplit
from cauce.errors import shown
from cauce.language import format_number, translate, translate_plural
from cauce.language import gettext_noop as _

# What can mean something inside a line of Markdown; no line of a card begins with a foreign name.
_MARKS = re.compile(r"([\\`*_{}\[\]()#!|~:$]|(?<=[wW])\.)")
_CHARACTERS = 300
_COLUMNS_SHOWN, _METRICS_SHOWN = 30, 25
_LARGEST_SHOWN = 5
_DATASETS = {"train": _("training"), "validation": _("validation"), "test": _("test")}
_LEFT_OUT = {"left_out": _("left out, without a target")}
_TASKS = {
    "binary": _("a choice between two classes"),
    "multiclass": _("a choice between several classes"),
    "regression": _("a number"),
}
_DECLARED = {
    "owner": _("Owner"),
    "licence": _("Licence"),
    "intended_use": _("Intended use"),
    "notes": _("Notes"),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class ModelCard:
    """All a card says. manifest: the bundle's; identity: its digest; model: the name it is registered under.

    declared: owner, licence, intended_use and notes, as the project says. run: that made it. evaluation,
    leaks, verdict: where they are known.
    """

    manifest: Manifest
    identity: str
    model: str
    declared: Mapping[str, str] = field(default_factory=dict)
    run: str | None = None
    evaluation: Evaluation | None = None
    leaks: LeakReport | None = None
    verdict: GateVerdict | None = None

    @property
    def metrics(self) -> Mapping[str, tuple[Metric, ...]]:
        """The metrics by dataset, with intervals where they are known."""
        if self.evaluation is None:
            return self.manifest.metrics
        return {name: one.metrics for name, one in self.evaluation.datasets.items()}

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        target = self.manifest.target
        return {
            "model": self.model,
            "digest": self.identity,
            "run": self.run,
            "declared": dict(self.declared),
            "target": {"name": target.name, "task": target.task, "classes": list(target.class_names)},
            "snapshot": self.manifest.snapshot,
            "rows": dict(self.manifest.counts),
            "input": [one.name for one in self.manifest.input],
            "metrics": {name: [one.to_json() for one in many] for name, many in self.metrics.items()},
            "leaks": None if self.leaks is None else self.leaks.to_json(),
            "weakest": [] if self.evaluation is None else [one.sentence for one in self.evaluation.weakest],
            "verdict": None if self.verdict is None else self.verdict.to_json(),
            "limits": list(limits(self)),
        }

    def to_markdown(self) -> str:
        """The card in Markdown, in the active language. Names and values cannot become markup."""
        return "\n".join(_lines(self)).rstrip("\n") + "\n"


def plain(text: object) -> str:
    """`text` as one line that Markdown and HTML show as it is."""
    safe = shown(text, most=_CHARACTERS).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKS.sub(r"\\\1", safe)


def _lines(card: ModelCard) -> Iterator[str]:
    yield f"# {translate(_('Model card'))}: {plain(card.model)}"
    parts = (
        (_("What it is"), _about(card)),
        (_("Data"), _data(card)),
        (_("How good it is"), _worth(card)),
        (_("Limits"), (f"- {one}" for one in limits(card))),
        (_("How to use it"), _usage(card)),
    )
    for title, lines in parts:
        yield from ("", f"## {translate(title)}", "")
        yield from lines


def _about(card: ModelCard) -> Iterator[str]:
    target = card.manifest.target
    text = translate(_("Predicts {target}: {task}."))
    yield text.format(target=f"**{plain(target.name)}**", task=translate(_TASKS[target.task]))
    if target.classes:
        classes = ", ".join(plain(one) for one in target.class_names[:_COLUMNS_SHOWN])
        yield translate(_("Classes: {classes}.")).format(classes=classes)
    if target.positive is not None:
        yield translate(_("Positive class: {name}.")).format(name=plain(target.positive))
    yield from _summed(card.evaluation)
    yield ""
    yield f"- {translate(_('Digest'))}: `{card.identity}`"
    if card.run is not None:
        yield f"- {translate(_('Run'))}: {plain(card.run)}"
    yield from _continued(card.manifest.continued)
    for name, title in _DECLARED.items():
        if card.declared.get(name):
            yield f"- {translate(title)}: {plain(card.declared[name])}"


def _continued(lineage: Lineage | None) -> Iterator[str]:
    """From which model it went on."""
    if lineage is not None:
        text = translate_plural(
            "Goes on from the model {digest}, with {rounds} rounds of trees and {added} added.",
            "Goes on from the model {digest}, with {rounds} rounds of trees and {added} added.",
            lineage.added,
        )
        rounds, added = (format_number(one) for one in (lineage.rounds, lineage.added))
        yield f"- {text.format(digest=f'`{lineage.digest}`', rounds=rounds, added=added)}"


def _summed(evaluation: Evaluation | None) -> Iterator[str]:
    """What a linear or logistic model adds up."""
    if evaluation is None or not evaluation.summed or not evaluation.importance:
        return
    largest = ", ".join(plain(name) for name, _size in evaluation.importance[:_LARGEST_SHOWN])
    text = translate_plural(
        "A sum of {count} feature: {largest}.",
        "A sum of {count} features; those with the largest standardised coefficients: {largest}.",
        len(evaluation.importance),
    )
    yield text.format(count=format_number(len(evaluation.importance)), largest=largest)


def _data(card: ModelCard) -> Iterator[str]:
    manifest = card.manifest
    if manifest.snapshot is not None:
        yield f"- {translate(_('Snapshot'))}: `{manifest.snapshot}`"
    names = [name for name in _DATASETS if name in manifest.counts]
    names += sorted(set(manifest.counts) - set(names))
    rows = (f"{plain(_dataset(name))} {format_number(manifest.counts[name])}" for name in names)
    if manifest.counts:
        yield f"- {translate(_('Rows'))}: {', '.join(rows)}"
    if manifest.split is not None:
        yield f"- {translate(_('Split'))}: {_split(manifest.split)}"
    names = [f"{plain(one.name)} ({plain(one.field.kind)})" for one in manifest.input]
    left = len(names) - _COLUMNS_SHOWN
    more = [f"… +{format_number(left)}"] if left > 0 else []
    yield f"- {translate(_('Columns it reads'))}: {', '.join([*names[:_COLUMNS_SHOWN], *more])}"
    yield from _leaks(card.leaks)


def _leaks(report: LeakReport | None) -> Iterator[str]:
    if report is None:
        return
    if not report.findings:
        yield f"- {translate(_('The leak gate found nothing.'))}"
    for one in report.passed:
        text = translate(_("Acknowledged leak: {message}"))
        yield f"- {text.format(message=plain(one.message))}"
    for one in report.told:
        yield f"- {translate(_('Leak gate: {message}')).format(message=plain(one.message))}"


def _split(rule: object) -> str:
    if isinstance(rule, TimeSplit):
        text = translate(_("forward in time by {column}"))
        return text.format(column=plain(rule.column))
    columns = ", ".join(plain(one) for one in rule.columns) if isinstance(rule, RandomSplit) else ""
    kind = translate(_("stratified by class") if isinstance(rule, StratifiedSplit) else _("random"))
    return f"{kind}, {translate(_('by {columns}')).format(columns=columns)}" if columns else kind


def _worth(card: ModelCard) -> Iterator[str]:
    datasets = [name for name in _DATASETS if name in card.metrics]
    if not datasets:
        yield translate(_("Nothing is known about it."))
        return
    heads = [translate(_("metric")), *(_dataset(name) for name in datasets), translate(_("guessing"))]
    yield _row(heads)
    yield _row(["---"] * len(heads))
    for one in card.metrics[datasets[-1]][:_METRICS_SHOWN]:
        name = str(one.name)
        cells = [_cell(_named(card.metrics[dataset], name)) for dataset in datasets]
        yield _row([plain(name), *cells, _guess(card, datasets[-1], name)])
    yield ""
    if card.manifest.threshold is not None:
        text = translate(_("Predicted positive from a probability of {threshold}."))
        yield text.format(threshold=format_number(card.manifest.threshold, digits=3))
    answers = None if card.evaluation is None else card.evaluation.answers
    yield from (f"- {plain(one)}" for one in (() if answers is None else answers.sentences))
    yield from _judged(card)


def _judged(card: ModelCard) -> Iterator[str]:
    weakest = () if card.evaluation is None else card.evaluation.weakest
    for one in weakest:
        yield f"- {translate(_('Weak slice'))}: {plain(one.sentence)}"
    verdict = card.verdict
    if verdict is None or (not verdict.requirements and verdict.contest is None):
        return
    yield ""
    yield translate(_("It passed the gate.") if verdict.holds else _("The gate refused it."))
    asked = [*verdict.requirements, *(() if verdict.contest is None else (verdict.contest,))]
    yield from (f"- {plain(one)}" for one in asked if one.holds == verdict.holds)
    if not verdict.holds and any(one.holds for one in asked):
        yield ""
        yield translate(_("It met what else was demanded."))
        yield from (f"- {plain(one)}" for one in asked if one.holds)


def limits(card: ModelCard) -> Sequence[str]:
    """What the model must not be taken for, in sentences of the active language that are safe in Markdown."""
    found = [
        translate(
            _("It is worth this much on rows like those it was judged on; on other rows nobody has looked.")
        )
    ]
    if isinstance(card.manifest.split, TimeSplit):
        found.append(translate(_("It was judged on later rows than it learned from, up to a fixed day.")))
    elif card.manifest.split is not None:
        found.append(
            translate(_("It was judged on rows of the same time as it learned from, not on later ones."))
        )
    test = card.metrics.get("test", ())
    if not any(one.interval is not None for one in test):
        found.append(translate(_("How far its numbers depend on chance is not known.")))
    if card.leaks is not None and card.leaks.acknowledged:
        text = translate(_("Columns that looked like leaks were let pass by name: {columns}."))
        found.append(text.format(columns=", ".join(plain(one) for one in card.leaks.acknowledged)))
    if "intended_use" not in card.declared:
        found.append(translate(_("Nobody has written down what it is meant for.")))
    return found


def _usage(card: ModelCard) -> Iterator[str]:
    address = f"models:/{card.model}@champion"
    quoted = "'" + address.replace("'", "'\\''") + "'"
    lines = [
        f"cauce verify {quoted} --digest {card.identity}",
        f"cauce predict {translate(_('NEW_DATA'))} --model {quoted} --out scored.parquet",
    ]
    yield translate(_("Once it is the champion:"))
    yield ""
    yield from (f"    {shown(line, most=2 * _CHARACTERS)}" for line in lines)
    yield ""
    made = ", ".join(f"{plain(name)} {plain(one)}" for name, one in sorted(card.manifest.libraries.items()))
    yield translate(_("Made with {libraries}.")).format(libraries=made)


def _dataset(name: str) -> str:
    text = {**_DATASETS, **_LEFT_OUT}.get(name)
    return translate(text) if text else name


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _named(metrics: Sequence[Metric], name: str) -> Metric | None:
    return next((one for one in metrics if str(one.name) == name), None)


def _cell(one: Metric | None) -> str:
    if one is None or one.value is None:
        return "–"
    if one.interval is None:
        return format_number(one.value, digits=4)
    ends = f"{format_number(one.interval.low, digits=4)} – {format_number(one.interval.high, digits=4)}"
    return f"{format_number(one.value, digits=4)} ({ends})"


def _guess(card: ModelCard, dataset: str, name: str) -> str:
    if card.evaluation is None:
        return "–"
    return _cell(card.evaluation.datasets[dataset].baseline(name))  # type: ignore[index]
