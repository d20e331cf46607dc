"""What `try` answers."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from cauce.cli.answer import Answer
from cauce.cli.table import table
from cauce.errors import shown
from cauce.language import counted, format_number, format_significant, ngettext_noop, translate
from cauce.language import gettext_noop as _

if TYPE_CHECKING:
    from cauce.api.try_ import Remedy, Trial

_SENTENCE = 1000
_PREDICTED = ngettext_noop(
    "{target} predicted ({task}) from {count} row",
    "{target} predicted ({task}) from {count} rows",
    by="count",
)


def tried(found: Trial, answers: Mapping[str, Any]) -> Answer:
    """The metrics on rows the model never saw, and where to read on. answers: the options given."""
    return Answer(
        "cauce.try/1",
        found.to_json(),
        "\n".join(_result(found)),
        notes=tuple(_notes(found)),
        next="cauce run" if found.saved is not None else f"cauce try {_again(found.source, answers)} --save",
    )


def _again(source: str, answers: Mapping[str, Any]) -> str:
    """The same words again, so that what is saved is what was tried."""
    words = [source]
    for name, value in answers.items():
        for one in value if isinstance(value, list | tuple) else (value,):
            if one is not None and one is not False:
                words += [f"--{name.replace('_', '-')}", str(one)]
    return shlex.join(words)


def _notes(found: Trial) -> Iterator[str]:
    heads = [translate(one) for one in (_("setting"), _("value"), _("because"))]
    rows = [(name, one.value or "–", one.why) for name, one in found.guesses.items()]
    if rows:
        yield translate(_("Guessed:"))
        yield table(heads, rows, width=100_000)
    # What is let pass is said by the run.
    for remedy in (one for one in found.remedies if one.lines):
        yield f"- {shown(_remedy(remedy), most=_SENTENCE)}"
    for sentence in found.run.said:
        yield f"- {shown(sentence, most=_SENTENCE)}"
    if any(not one.lines for one in found.remedies):
        yield "- " + translate(_("What was let pass for this trial stops `cauce run` until you decide."))
    if found.formula is not None:
        text = translate(_("The target spans many sizes; its logarithm may be learned better: {option}"))
        yield f"- {text.format(option=shlex.join(('--formula', found.formula)))}"


def _remedy(one: Remedy) -> str:
    text = translate(_("{finding} So it was run with {settings}."))
    return text.format(finding=one.finding.message, settings="; ".join(one.lines))


def _result(found: Trial) -> Iterator[str]:
    target, run = found.project.target, found.run
    yield counted(_PREDICTED, run.rows).format(
        target=shown(target.column or target.formula), task=run.task, count=format_number(run.rows)
    )
    test = run.evaluation.datasets["test"]
    heads = [translate(one) for one in (_("metric"), _("on test rows"), _("best guess"))]
    rows = []
    single = [one for one in test.metrics if run.task != "multiclass" or one.name.positive is None]
    for metric in single:
        guess = test.baseline(str(metric.name))
        rows.append(
            (str(metric.name), _number(metric.value), _number(None if guess is None else guess.value))
        )
    yield table(heads, rows, width=100_000)
    yield translate(_("Report: {file}")).format(file=shown(run.report, most=_SENTENCE))
    if found.saved is not None:
        yield translate(_("Written: {file}")).format(file=shown(found.saved))


def _number(value: float | None) -> str:
    return "–" if value is None else format_significant(value, 4)
