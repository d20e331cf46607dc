"""Every step's rule, and how steps follow one another."""

from __future__ import annotations

from typing import Any

from cauce.core.features.automatic import AUTO_TEXT, FEW_TARGETS
from cauce.core.features.categories import CATEGORY, FREQUENCY, ONE_HOT, ORDINAL
from cauce.core.features.complete import AUTO_LEVELS, AUTO_MOMENT, AUTO_NUMBER, MOST_CONTRASTS
from cauce.core.features.filling import IMPUTE
from cauce.core.features.moments import DATE_PARTS, ELAPSED, RAW, TEXT_LENGTH, parts
from cauce.core.features.numbers import BINS, CLIP, LOG, SCALE
from cauce.core.features.rule import NUMBERS, Rule
from cauce.core.features.stream import Setting, Stream
from cauce.core.features.targets import TARGET_MEAN
from cauce.expr.schema import Kind
from cauce.spec.features import Impute

RULES: dict[str, Rule] = {
    "raw": RAW,
    "impute": IMPUTE,
    "scale": SCALE,
    "log": LOG,
    "clip": CLIP,
    "bins": BINS,
    "one_hot": ONE_HOT,
    "ordinal": ORDINAL,
    "frequency": FREQUENCY,
    "category": CATEGORY,
    "target_mean": TARGET_MEAN,
    "date_parts": DATE_PARTS,
    "elapsed": ELAPSED,
    "text_length": TEXT_LENGTH,
    "auto_text": AUTO_TEXT,
    "auto_number": AUTO_NUMBER,
    "auto_levels": AUTO_LEVELS,
    "auto_moment": AUTO_MOMENT,
}
_WHOLE = ("bins", "ordinal", "text_length", "date_parts")


def learns(step: Any, stream: Stream, *, setting: Setting) -> bool:
    """Whether the step asks anything of the training rows."""
    rule = RULES[step.step]
    return bool(rule.needs(step, rule.start(step, stream), setting))


def kind_after(step: Any, kind: Kind) -> Kind:
    """The kind of what a step gives of that kind (only numbers follow most steps)."""
    if step.step == "raw":
        return "float" if kind == "decimal" else kind
    if isinstance(step, Impute):
        exact = step.method in ("mode", "constant") and kind == "integer"
        exact = exact and not isinstance(step.value, float)
        return "float" if kind in NUMBERS and not exact else kind
    if step.step == "auto_number" and kind == "boolean":
        return kind
    if step.step in ("one_hot", "auto_levels"):
        return "boolean"
    return "integer" if step.step in _WHOLE else "float"


def fuses(step: Any, following: Any, *, kind: Kind) -> bool:
    """Whether both can be learned in one look: what the first stands in for is counted in afterwards."""
    learned = isinstance(step, Impute) and step.method != "constant"
    return learned and following.step in _REFILLED and kind not in ("decimal", "datetime")


_REFILLED = ("scale", "clip", "bins", "one_hot", "ordinal", "frequency", "category")


def width(step: Any, kind: Kind, *, setting: Setting) -> tuple[int, int]:
    """The least and the most streams a step makes of one, side features apart."""
    match step.step:
        case "one_hot":
            return 0, step.limit + 1
        case "date_parts":
            return (len(parts(step, kind)),) * 2
        case "target_mean":
            return (setting.targets,) * 2
        case "auto_text":
            means = setting.targets + 1 if setting.targets <= FEW_TARGETS else 1
            return 0, max(means, MOST_CONTRASTS + 2) if setting.complete else means
    return _WIDTHS.get(step.step, (1, 1))


_WIDTHS = {
    "category": (0, 1),
    "ordinal": (0, 1),
    "auto_number": (1, 2),
    "auto_levels": (0, MOST_CONTRASTS + 2),
    "auto_moment": (0, 12 + 7 + 24 + 3 + 2),
}
