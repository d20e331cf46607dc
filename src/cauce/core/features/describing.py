"""Features as text, for reports: where they come from, what was done, what was learned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cauce.language import format_significant, translate
from cauce.language import gettext_noop as _

_STEPS: dict[str, str] = {
    "impute.median": _("missing values become the median, {value}"),
    "impute.mean": _("missing values become the mean, {value}"),
    "impute.mode": _("missing values become the most frequent value, {value}"),
    "impute.constant": _("missing values become {value}"),
    "missing": _("whether the value is missing"),
    "scale.standard": _("less the mean {shift}, divided by the deviation {spread}"),
    "scale.min_max": _("less the minimum {shift}, divided by the range {spread}"),
    "scale.robust": _("less the median {shift}, divided by the distance of the quartiles {spread}"),
    "log.natural": _("natural logarithm"),
    "log.one_plus": _("natural logarithm of 1 + x"),
    "log.decimal": _("logarithm to base 10"),
    "clip": _("limited to {lower} … {upper}"),
    "bins": _("number of the bin, with edges at {edges}"),
    "one_hot": _("whether it is this level, of {levels} levels and {rare} rare ones"),
    "contrast": _("whether it is this level, against {reference}, of {levels} levels and {rare} rare ones"),
    "category": _("native category of {levels} levels, {rare} rare ones joined"),
    "ordinal": _("position of the level, of {levels} levels, {rare} rare ones joined"),
    "frequency": _("share of the training rows with the same level, of {levels} levels"),
    "target_mean": _("mean of the target by level, of {levels} levels, {overall} over all"),
    "target_mean.class": _("share of the class {class} by level, of {levels} levels, {overall} over all"),
    "date_parts": _("{part} of the date"),
    "elapsed": _("{unit} since {other}"),
    "pca": _("principal component {component}, {share} of the variance, most of it {strongest}"),
    "text_length": _("number of characters"),
    "earlier": _("as the earlier model makes it"),
}
_DROPPED: dict[str, str] = {
    "constant": _("{name} is left out: it never changes in the training rows."),
    "no_levels": _("{name} is left out: its texts tell nothing apart in the training rows."),
    "variance": _("{name} is left out: its variance in the training rows is not above the filter."),
}
_RAW = _("as it is")
_LISTED = 6


def describe_feature(
    source: str, told: Sequence[tuple[str, dict[str, Any]]], *, levels: Sequence[str] | None
) -> str:
    """The source, each step with what it learned, and the first levels of a category."""
    texts = [_step(step, facts) for step, facts in told] or [translate(_RAW)]
    named = "" if not levels else f" ({_listing(levels)})"
    return f"{source}: {'; '.join(texts)}{named}"


def describe_dropped(name: str, why: str) -> str:
    """Why a column or feature is left out."""
    return translate(_DROPPED[why]).format(name=name)


def _step(step: str, facts: dict[str, Any]) -> str:
    key = "target_mean.class" if step == "target_mean" and facts.get("class") is not None else step
    return translate(_STEPS[key]).format_map({name: _shown(fact) for name, fact in facts.items()})


def _shown(fact: Any) -> str:
    if isinstance(fact, list):
        return _listing([_shown(item) for item in fact])
    if isinstance(fact, bool):
        return str(fact).lower()
    if fact is None:
        return "∞"
    return format_significant(fact) if isinstance(fact, float) else str(fact)


def _listing(texts: Sequence[str]) -> str:
    return ", ".join(texts[:_LISTED]) + (", …" if len(texts) > _LISTED else "")
