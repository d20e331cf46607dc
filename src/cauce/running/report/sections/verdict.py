"""What was predicted, how good it is, what stands against it, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator

from cauce.core.evaluation import Evaluation
from cauce.core.metrics.dataset import DatasetEvaluation
from cauce.core.metrics.names import MetricName
from cauce.core.metrics.value import Metric
from cauce.core.task import Target
from cauce.language import gettext_noop as _
from cauce.language import translate, translate_plural
from cauce.running.report.blocks import Block, Code, Facts, Listing, Paragraph, Part, Section
from cauce.running.report.content import RunContent
from cauce.running.report.metrics import interval_text, value_text
from cauce.running.report.sections.checks import leaks_sentence, validation_sentence
from cauce.running.report.wording import NOTHING, count, names, safe

MANY_READINGS = 5
"""From so many readings of the test rows on, a reader is warned."""

_OUTCOMES = {
    "finished": _("The run ended well, but made no model."),
    "failed": _("The run stopped with an error before it had a model; what it found until then is here."),
    "interrupted": _("The run was interrupted before it had a model; what it found until then is here."),
}
_NEVER_ENDED = _("The run never ended, or is still going on; what it found until now is here.")
_ADVICE = {
    "useless": _(
        "Do not use this model. Look in the data section for columns that say more about the target, bring "
        "more rows, or predict something else."
    ),
    "memorised": _(
        "Hold the model back: a smaller models.max_depth, a larger models.min_child_weight, fewer columns "
        "with many levels."
    ),
    "slips": _("Try a smaller models.max_depth or more rows, and compare the two runs."),
    "flattered": _("Believe the test's numbers and not the validation's, and look at whether rows changed."),
}


def verdict_section(content: RunContent) -> Section:
    """One honest paragraph, the numbers it rests on, and the next steps."""
    evaluation, target = content.evaluation, content.target
    blocks: tuple[Block, ...]
    if evaluation is None or target is None:
        ended = translate(_OUTCOMES.get(content.outcome or "", _NEVER_ENDED))
        said = " ".join((ended, *_checked(content)))
        blocks = (Paragraph(said, "lead"), *_next(content))
    else:
        said = " ".join((*_worth(target, evaluation), *_checked(content)))
        blocks = (
            Paragraph(said, "lead"),
            *_warnings(content),
            _numbers(content, evaluation),
            *_next(content),
        )
    return Section("verdict", translate(_("Verdict")), blocks)


def _worth(target: Target, evaluation: Evaluation) -> Iterator[str]:
    yield _predicted(target)
    headline, test = evaluation.gap.name, evaluation.datasets.get("test")
    if test is None or test.rows == 0:
        yield translate(_("No row was kept for the test, so how good it is on new rows is not known."))
        return
    yield _how_good(headline, test)
    yield evaluation.gap.sentence
    if evaluation.weakest:
        text = translate(_("It is clearly weaker for {slices}."))
        yield text.format(slices=names([one.name for one in evaluation.weakest], 3))


def _predicted(target: Target) -> str:
    name = safe(target.name)
    if target.task == "binary":
        text = translate(_("The model predicts whether {target} is {positive}."))
        return text.format(target=name, positive=safe(target.positive))
    if target.task == "multiclass":
        text = translate(_("The model predicts which of {count} classes {target} is."))
        return text.format(target=name, count=count(len(target.classes)))
    return translate(_("The model predicts the number {target}.")).format(target=name)


def _how_good(name: MetricName, test: DatasetEvaluation) -> str:
    found, guess = _named(test, name), test.baseline(str(name))
    metric = safe(name)
    if found is None or found.value is None:
        text = translate(_("On its {rows} test rows, {metric} has no value: {reason}."))
        reason = "" if found is None else found.why_undefined
        return text.format(rows=count(test.rows), metric=metric, reason=reason)
    value = f"{value_text(found)}{interval_text(found, before=' ')}"
    said = translate_plural(
        "On {rows} test row that it did not learn from, its {metric} is {value}.",
        "On {rows} test rows that it did not learn from, its {metric} is {value}.",
        test.rows,
    ).format(rows=count(test.rows), metric=metric, value=value)
    if guess is None or guess.value is None:
        return said
    more = translate(_("Guessing without a model reaches {guess} at best; {direction}."))
    return f"{said} {more.format(guess=value_text(guess), direction=_direction(name))}"


def _direction(name: MetricName) -> str:
    words = {"higher": _("higher is better"), "lower": _("lower is better")}
    return translate(words.get(name.direction, _("neither more nor less is better")))


def _named(test: DatasetEvaluation, name: MetricName) -> Metric | None:
    return next((one for one in test.metrics if one.name == name), None)


def _checked(content: RunContent) -> Iterator[str]:
    yield leaks_sentence(content)
    yield validation_sentence(content)


def _warnings(content: RunContent) -> Iterator[Block]:
    if content.readings is not None and content.readings >= MANY_READINGS:
        text = translate(
            _(
                "The test rows of this split have been read {count} times. Each reading followed by a "
                "change makes their numbers a little too good; a last judgement needs rows never read."
            )
        )
        yield Paragraph(text.format(count=count(content.readings)), "warning")


def _numbers(content: RunContent, evaluation: Evaluation) -> Facts:
    name = evaluation.gap.name
    found, pairs = evaluation.datasets.get("test"), []
    if found is not None and (metric := _named(found, name)) is not None:
        guess = found.baseline(str(name))
        title = translate(_("{metric} on test rows{interval}"))
        pairs.append(
            (title.format(metric=safe(name), interval=interval_text(metric, before=" ")), value_text(metric))
        )
        pairs.append((translate(_("the best guess")), NOTHING if guess is None else value_text(guess)))
    train = evaluation.datasets.get("train")
    if train is not None and (metric := _named(train, name)) is not None:
        pairs.append((translate(_("the same on training rows")), value_text(metric)))
    if content.snapshot is not None:
        pairs.append((translate(_("rows in all")), count(content.snapshot.rows)))
    return Facts(tuple(pairs), form="big")


def _next(content: RunContent) -> tuple[Block, ...]:
    advice = []
    if content.evaluation is not None and content.evaluation.gap.verdict in _ADVICE:
        advice.append(translate(_ADVICE[content.evaluation.gap.verdict]))
    if content.said:
        text = translate_plural(
            "{count} thing was noticed about the columns: see the data section.",
            "{count} things were noticed about the columns: see the data section.",
            len(content.said),
        )
        advice.append(text.format(count=count(len(content.said))))
    lines = ["cauce runs"]
    if content.bundle is not None:
        lines = [f"cauce predict {translate(_('NEW_DATA'))} --out scored.parquet", "cauce compare --last 2"]
    found: list[Block] = [Listing(tuple(advice))] if advice else []
    return (Part(translate(_("What to do next")), (*found, Code("\n".join(lines)))),)
