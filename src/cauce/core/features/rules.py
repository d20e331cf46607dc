"""Every step's rule, and how steps follow one another."""

from __future__ import annotations

from typing import Any

from cauce.core.features.automatic import AUTO_TEXT, FEW_TARGETS
from cauce.core.features.categories import CATEGORY, FREQUENCY, ONE_HOT, ORDINAL
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
    return "boolean" if step.step == "one_hot" else "integer" if step.step in _WHOLE else "float"


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
            return 0, setting.targets + 1 if setting.targets <= FEW_TARGETS else 1
        case "category" | "ordinal":
            return 0, 1
    return 1, 1
