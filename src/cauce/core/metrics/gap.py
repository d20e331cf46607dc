"""The gap between training, validation and test, and what it says in plain words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from cauce.core.metrics.dataset import DatasetEvaluation
from cauce.core.metrics.interval import LEVEL, quantile_of
from cauce.core.metrics.keys import DATASETS, Dataset
from cauce.core.metrics.kinds import KINDS
from cauce.core.metrics.names import MetricName
from cauce.language import format_number, translate
from cauce.language import gettext_noop as _

HOLDS = 0.9
SLIPS = 0.7
_SHARES = {kind.name for kind in KINDS.values() if kind.direction == "higher"} - {"lift", "r2"}

VERDICTS = {
    "useless": _("On rows it has not seen, the model is no better than guessing."),
    "unproven": _(
        "On rows it has not seen, the model cannot be shown to be better than guessing: these rows are too "
        "few, or there is nothing to learn."
    ),
    "holds": _("The model is as good on rows it has not seen as on those it learned from."),
    "unsure": _(
        "The model is worse on rows it has not seen than on those it learned from, but by no more than "
        "chance can explain: these rows are too few to tell."
    ),
    "slips": _("The model is somewhat worse on rows it has not seen than on those it learned from."),
    "memorised": _(
        "The model has learned much of its training rows by heart: on rows it has not seen it keeps "
        "little of what it gained there."
    ),
    "flattered": _(
        "The test is clearly worse than the validation: choices made on validation rows flatter them, "
        "or the test rows differ."
    ),
    "unknown": _("There is too little here to compare training with rows the model has not seen."),
}

_STEPS = {
    "validation": _(
        "From training to validation the {metric} gets worse by {drop} ({level}: {low} to {high})"
    ),
    "test": _("From validation to test the {metric} gets worse by {drop} ({level}: {low} to {high})"),
}
_RISES = {
    "validation": _(
        "From training to validation the {metric} gets better by {drop} ({level}: {low} to {high})"
    ),
    "test": _("From validation to test the {metric} gets better by {drop} ({level}: {low} to {high})"),
}
_BEYOND = _("{step}, more than chance explains.")
_CHANCE = _("{step}; chance alone can explain that.")


@dataclass(frozen=True, kw_only=True)
class Drop:
    """How much worse a metric is on `dataset` than on the one before it, and the ends of its interval."""

    dataset: Dataset
    value: float
    low: float
    high: float
    level: float = LEVEL

    @property
    def beyond_chance(self) -> bool:
        """Whether the interval lies on the worse side."""
        return self.low > 0

    def turned(self) -> Drop:
        """The same as a rise: how much better, and between which ends."""
        return replace(self, value=-self.value, low=-self.high, high=-self.low)


@dataclass(frozen=True, kw_only=True)
class Gap:
    """One metric on each dataset, beside what guessing reaches on validation rows (test without any).

    kept: the share of training's gain over guessing that is kept on validation; None where unknown.
    verdict: a key of VERDICTS. drops: from training to validation, from validation to test, where the
    doubt of both sides is known.
    """

    name: MetricName
    values: Mapping[Dataset, float]
    guess: float | None
    kept: float | None
    verdict: str
    drops: tuple[Drop, ...] = ()

    @property
    def details(self) -> tuple[str, ...]:
        """Each drop with its doubt, in the active language."""
        return tuple(self._told(one) for one in self.drops)

    def _told(self, one: Drop) -> str:
        steps, one = (_STEPS, one) if one.value >= 0 else (_RISES, one.turned())
        value, low, high = (
            format_number(part, digits=_digits(one)) for part in (one.value, one.low, one.high)
        )
        level = f"{format_number(100 * one.level, digits=0)} %"
        step = translate(steps[one.dataset]).format(
            metric=self.name, drop=value, low=low, high=high, level=level
        )
        return translate(_BEYOND if one.beyond_chance else _CHANCE).format(step=step)

    @property
    def sentence(self) -> str:
        """The verdict in the active language."""
        return translate(VERDICTS[self.verdict])


def gap_between(datasets: Mapping[Dataset, DatasetEvaluation], name: MetricName) -> Gap:
    """The gap in this metric. A gain is the distance to guessing, towards the better side.

    At least HOLDS of training's gain kept on validation: it holds; at least SLIPS: it slips; less: it
    memorised. A test that keeps less than HOLDS of validation's gain: flattered. A loss within chance is
    no loss: one whose interval (from those of both datasets, which are independent) holds 0, so that it is
    unsure. Where they
    have none, a rule of thumb of two standard errors: 1/√n for shares (n: rows of the rarest class) and
    2/√n of what guessing reaches for amounts, with the n of the smaller dataset.
    """
    values = {key: value for key, one in datasets.items() if (value := _value(one, name)) is not None}
    guess = _guess(datasets, name)
    unseen: Dataset = "validation" if "validation" in values else "test"
    if guess is None or unseen not in values or name.direction == "none":
        return Gap(name=name, values=values, guess=guess, kept=None, verdict="unknown")
    sign = -1 if name.direction == "lower" else 1
    gains = {key: sign * (value - guess) for key, value in values.items()}
    kept = gains[unseen] / gains["train"] if gains.get("train", 0.0) > 0 else None
    drops = tuple(_drops(datasets, name, sign))
    verdict = _verdict(gains, unseen, _chances(datasets, guess, name, drops), measured=bool(drops))
    if verdict != "useless" and not _shown(datasets[unseen], name, guess):
        verdict = "unproven"
    return Gap(name=name, values=values, guess=guess, kept=kept, verdict=verdict, drops=drops)


def _shown(found: DatasetEvaluation, name: MetricName, guess: float) -> bool:
    """Whether the interval, where there is one, lies on the better side of guessing."""
    one = next((metric for metric in found.metrics if metric.name == name), None)
    if one is None or one.interval is None:
        return True
    return one.interval.high < guess if name.direction == "lower" else one.interval.low > guess


def _drops(datasets: Mapping[Dataset, DatasetEvaluation], name: MetricName, sign: int) -> Iterator[Drop]:
    for before, after in pairwise([key for key in DATASETS if key in datasets]):
        pair = [
            next((one for one in datasets[key].metrics if one.name == name), None) for key in (before, after)
        ]
        ends = [one.interval for one in pair if one is not None and one.interval is not None]
        values = [one.value for one in pair if one is not None and one.value is not None]
        if len(ends) < 2 or len(values) < 2:
            continue
        value = sign * (values[0] - values[1])
        half = quantile_of(ends[0].level) * math.hypot(ends[0].error, ends[1].error)
        yield Drop(dataset=after, value=value, low=value - half, high=value + half, level=ends[0].level)


def _digits(one: Drop) -> int:
    """Enough decimals to show the interval's width in two digits."""
    width = one.high - one.low
    return 4 if width <= 0 else min(max(1 - math.floor(math.log10(width)), 0), 8)


def _value(found: DatasetEvaluation, name: MetricName) -> float | None:
    return next((one.value for one in found.metrics if one.name == name), None)


def _guess(datasets: Mapping[Dataset, DatasetEvaluation], name: MetricName) -> float | None:
    unseen = (datasets[key] for key in DATASETS[1:] if key in datasets)
    guesses = (one.baseline(str(name)) for one in unseen)
    return next((guess.value for guess in guesses if guess is not None), None)


def _chances(
    datasets: Mapping[Dataset, DatasetEvaluation], guess: float, name: MetricName, drops: tuple[Drop, ...]
) -> Mapping[Dataset, float]:
    """By dataset, how much worse than the one before it can be by chance."""
    thumb = _chance(datasets, guess, name)
    return {**dict.fromkeys(DATASETS, thumb), **{one.dataset: (one.high - one.low) / 2 for one in drops}}


def _chance(datasets: Mapping[Dataset, DatasetEvaluation], guess: float, name: MetricName) -> float:
    smallest = min(_rarest(one) for one in datasets.values())
    scale = 1.0 if name.kind in _SHARES else 2 * abs(guess)
    return scale / math.sqrt(max(smallest, 1.0))


def _rarest(found: DatasetEvaluation) -> float:
    if found.confusion is None or found.weight <= 0:
        return float(found.rows)
    labels = found.confusion.labels
    return float(labels[labels > 0].min()) * found.rows / found.weight


def _verdict(
    gains: Mapping[Dataset, float], unseen: Dataset, chance: Mapping[Dataset, float], *, measured: bool
) -> str:
    gain = gains[unseen]
    if gain <= 0:
        return "useless"
    if "test" in gains and _lost(gain, gains["test"], HOLDS, chance["test"]):
        return "flattered"
    if gains.get("train", 0.0) <= 0:
        return "unknown"
    if _lost(gains["train"], gain, SLIPS, chance[unseen]):
        return "memorised"
    if _lost(gains["train"], gain, HOLDS, chance[unseen]):
        return "slips"
    return "unsure" if measured and gain < HOLDS * gains["train"] else "holds"


def _lost(before: float, after: float, share: float, chance: float) -> bool:
    return after < share * before and before - after > chance
