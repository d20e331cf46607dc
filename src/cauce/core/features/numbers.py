"""Steps on numbers: scale, log, clip, bins."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from cauce.core.features.asking import Ask
from cauce.core.features.rule import NUMBERS, Results, Rule
from cauce.core.features.stream import Setting, Stream
from cauce.expr import nodes as n
from cauce.expr.nodes import Expression, literal
from cauce.expr.schema import Kind
from cauce.spec.features import Bins, Clip, Log, Scale

NOTHING = n.Literal(None, "float")


def _finite(stream: Stream) -> Expression:
    """The numbers that are finite; others missing."""
    if stream.kind != "float":
        return stream.training
    within = n.Compare(n.Absolute(stream.training), literal(math.inf), "<")
    return n.IfElse(within, stream.training, NOTHING)


@dataclass(frozen=True)
class Scaled:
    """(x - shift) / spread."""

    shift: float
    spread: float


def _scale_needs(step: Scale, stream: Stream, _setting: Setting) -> tuple[Ask, ...]:
    if step.method == "min_max":
        return (Ask("extremes", _finite(stream)),)
    return (Ask("moments" if step.method == "standard" else "quantiles", stream.training),)


def _scale_fit(step: Scale, _stream: Stream, results: Results, _setting: Setting) -> Scaled:
    (found,) = results
    if step.method == "standard":
        shift, spread = found.mean, found.deviation
    elif step.method == "min_max":
        low, high = (math.nan if value is None else float(value) for value in (found.low, found.high))
        shift, spread = low, high - low
    else:
        shift, spread = found.quantile(0.5), found.quantile(0.75) - found.quantile(0.25)
    usable = math.isfinite(spread) and spread > 0
    return Scaled(shift if math.isfinite(shift) else 0.0, spread if usable else 1.0)


def _scale_make(step: Scale, stream: Stream, state: Scaled, _setting: Setting) -> tuple[Stream, ...]:
    def over(x: Expression) -> Expression:
        return n.Divide(n.Subtract(x, literal(state.shift)), literal(state.spread))

    return (stream.then(f"scale.{step.method}", over, shift=state.shift, spread=state.spread),)


def _log_make(step: Log, stream: Stream, _state: None, _setting: Setting) -> tuple[Stream, ...]:
    node, least = _LOGS[step.method]

    def over(x: Expression) -> Expression:
        return n.IfElse(n.Compare(x, literal(least), ">"), node(x), NOTHING)

    return (stream.then(f"log.{step.method}", over),)


_LOGS: dict[str, tuple[Callable[[Expression], Expression], float]] = {
    "natural": (n.Log, 0.0),
    "one_plus": (n.Log1p, -1.0),
    "decimal": (n.Log10, 0.0),
}


@dataclass(frozen=True)
class Clipped:
    """The limits, None where there is none."""

    lower: float | None
    upper: float | None


def _clip_needs(step: Clip, stream: Stream, _setting: Setting) -> tuple[Ask, ...]:
    learned = step.lower_quantile is not None or step.upper_quantile is not None
    return (Ask("quantiles", stream.training),) if learned else ()


def _clip_fit(step: Clip, _stream: Stream, results: Results, _setting: Setting) -> Clipped:
    found = results[0] if results else None

    def limit(given: float | None, share: float | None) -> float | None:
        if found is None or share is None:
            return given
        value = float(found.quantile(share))
        return value if math.isfinite(value) else None

    lower, upper = limit(step.lower, step.lower_quantile), limit(step.upper, step.upper_quantile)
    if lower is not None and upper is not None and lower > upper:
        # A declared limit beyond a learned one: the declared one holds.
        lower, upper = (lower, lower) if step.lower is not None else (upper, upper)
    return Clipped(lower, upper)


def _clip_make(_step: Clip, stream: Stream, state: Clipped, _setting: Setting) -> tuple[Stream, ...]:
    lower, upper = state.lower, state.upper
    return (stream.then("clip", lambda x: n.Clip(x, lower, upper), lower=lower, upper=upper),)


@dataclass(frozen=True)
class Edges:
    """The inner edges, rising."""

    edges: tuple[float, ...]


def _bins_needs(step: Bins, stream: Stream, _setting: Setting) -> tuple[Ask, ...]:
    if step.edges:
        return ()
    if step.method == "uniform":
        return (Ask("extremes", _finite(stream)),)
    return (Ask("quantiles", stream.training),)


def _bins_fit(step: Bins, _stream: Stream, results: Results, _setting: Setting) -> Edges:
    if step.edges:
        return Edges(tuple(float(edge) for edge in step.edges))
    (found,), count = results, step.count or 10
    if step.method == "quantile":
        edges = [float(found.quantile(k / count)) for k in range(1, count)]
    elif found.low is None or found.low == found.high:
        edges = []
    else:
        low, width = float(found.low), (float(found.high) / count - float(found.low) / count)
        edges = [low + k * width for k in range(1, count)]
    return Edges(tuple(sorted({edge for edge in edges if edge == edge})))


def _bins_make(_step: Bins, stream: Stream, state: Edges, _setting: Setting) -> tuple[Stream, ...]:
    made = stream.then("bins", lambda x: n.Bins(x, state.edges), edges=list(state.edges))
    return (made.named(":bin"),)


def _as_float(_step: Any, stream: Stream) -> Stream:
    return stream.floating() if stream.kind == "decimal" else stream


def _number(make: Callable[..., tuple[Stream, ...]], gives: Kind = "float", **parts: Any) -> Rule:
    def made(step: Any, stream: Stream, state: Any, setting: Setting) -> tuple[Stream, ...]:
        return tuple(replace(one, kind=gives) for one in make(step, stream, state, setting))

    return Rule(make=made, takes=NUMBERS, start=_as_float, **parts)


SCALE = _number(_scale_make, needs=_scale_needs, fit=_scale_fit)
LOG = _number(_log_make)
CLIP = _number(_clip_make, needs=_clip_needs, fit=_clip_fit)
BINS = _number(_bins_make, "integer", needs=_bins_needs, fit=_bins_fit)
