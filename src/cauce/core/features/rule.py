"""What every feature step can do: say what it needs, learn it, and make expressions of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cauce.core.features.asking import Ask
from cauce.core.features.stream import Setting, Stream
from cauce.expr.schema import KINDS, Kind

NUMBERS: tuple[Kind, ...] = ("integer", "float", "decimal")
Results = Sequence[Any]
"""What the training rows answered, in the order of a step's asks."""
MOMENTS: tuple[Kind, ...] = ("date", "datetime")


def _needs_nothing(step: Any, stream: Stream, setting: Setting) -> tuple[Ask, ...]:  # noqa: ARG001
    return ()


def _learns_nothing(step: Any, stream: Stream, results: Results, setting: Setting) -> Any:  # noqa: ARG001
    return None


@dataclass(frozen=True, kw_only=True)
class Rule:
    """The meaning of one kind of step.

    takes: the kinds it works on. start(step, stream): the stream as this step wants it, before it asks.
    needs(step, stream, setting): what it asks of the training rows. fit(step, stream, results, setting):
    its state, a frozen value. make(step, stream, state, setting): the streams it gives.
    check(step, stream, setting): why it cannot work on that kind, besides `takes`, as (what, reason).
    """

    make: Callable[[Any, Stream, Any, Setting], tuple[Stream, ...]]
    takes: tuple[Kind, ...] = KINDS
    needs: Callable[[Any, Stream, Setting], tuple[Ask, ...]] = _needs_nothing
    fit: Callable[[Any, Stream, Results, Setting], Any] = _learns_nothing
    start: Callable[[Any, Stream], Stream] = lambda step, stream: stream  # noqa: ARG005
    check: Callable[[Any, Stream, Setting], tuple[str, str] | None] = lambda step, stream, setting: None  # noqa: ARG005
