"""The grammar of what a search tries: lists of values, ranges, ranges of a logarithm."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from types import UnionType
from typing import Any, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

MOST = 10_000
"""The most candidates of one search."""
_NUMBER = r"[-+]?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"
_RANGE = re.compile(rf"(log )?({_NUMBER})\.\.({_NUMBER})(?: in ([0-9]{{1,4}}))?")
_NEVER = frozenset(("learner", "device", "search", "monotone", "penalty", "subset", "continued"))

Kind: TypeAlias = Literal["whole", "number", "other"]


@dataclass(frozen=True)
class Range:
    """All numbers from low to high, evenly or on a logarithmic scale; of `steps` only so many."""

    low: float
    high: float
    whole: bool = False
    log: bool = False
    steps: int | None = None

    def at(self, share: float) -> float | int:
        """The number at this share (in [0, 1)) of the way from low to high, to four significant digits.

        So few that every machine gives the same, and that they can be read. Countable numbers have equal
        parts of the way, but whole ones on a logarithmic scale.
        """
        if self.values is not None and not (self.log and self.steps is None):
            return self.values[int(share * len(self.values))]
        return self.near(self._even(share))

    def near(self, value: float) -> float | int:
        """The number of the range that stands for `value`."""
        if self.whole:
            return round(min(max(value, self.low), self.high))
        return float(min(max(float(f"{value:.4g}"), self.low), self.high))

    @cached_property
    def values(self) -> tuple[float | int, ...] | None:
        """All its numbers, rising; None where there are too many to count."""
        if self.steps is not None:
            last = self.steps - 1
            even = (self._even(place / last) for place in range(self.steps)) if last else (self.low,)
            return tuple(sorted(dict.fromkeys(map(self.near, even))))
        if self.whole and self.high - self.low < MOST:
            return tuple(range(int(self.low), int(self.high) + 1))
        return None

    def _even(self, share: float) -> float:
        if self.log:
            least = math.log(self.low)
            return math.exp(least + share * (math.log(self.high) - least))
        return self.low + share * (self.high - self.low)


@dataclass(frozen=True)
class Choices:
    """These values and no others. ordered: they are numbers, rising."""

    values: tuple[Any, ...]
    ordered: bool = False


Dimension: TypeAlias = Range | Choices


class SpaceError(ValueError):
    """Why a text or list says no range. `code`: of the error that tells it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def dimension(tried: Sequence[Any], kind: Kind, *, grid: bool) -> Dimension:
    """What one entry of a space means for a setting of this kind.

    Raises SpaceError: E2131 for a text that is no range of numbers, E2132 for one whose end is not above its
    beginning, E2133 for a logarithm of what is not above 0, E2134 for a grid over uncounted numbers.
    """
    if kind == "other":
        return Choices(tuple(dict.fromkeys(tried)))
    if len(tried) == 1 and isinstance(tried[0], str):
        return _range(tried[0], kind, grid=grid)
    values = tuple(dict.fromkeys(int(one) if kind == "whole" else float(one) for one in tried))
    if len(values) == 2 and not grid:
        return _checked(Range(values[0], values[1], whole=kind == "whole"), grid=grid)
    return Choices(tuple(sorted(values)), ordered=True)


def _range(text: str, kind: Kind, *, grid: bool) -> Dimension:
    found = _RANGE.fullmatch(text.strip())
    if found is None:
        raise SpaceError("E2131")
    log, low, high, steps = found.groups()
    if kind == "whole" and not (_whole(low) and _whole(high)):
        raise SpaceError("E2131")
    made = Range(
        float(low),
        float(high),
        whole=kind == "whole",
        log=bool(log),
        steps=None if steps is None else int(steps),
    )
    return _checked(made, grid=grid)


def _whole(text: str) -> bool:
    return float(text).is_integer()


def _checked(made: Range, *, grid: bool) -> Range:
    if not made.low < made.high or not math.isfinite(made.high - made.low):
        raise SpaceError("E2132")
    if made.log and made.low <= 0:
        raise SpaceError("E2133")
    if made.steps is not None and made.steps < 2:
        raise SpaceError("E2131")
    if grid and made.values is None:
        raise SpaceError("E2134")
    return made


def ends(tried: Sequence[Any]) -> tuple[Any, ...]:
    """The values that an entry of a space names, to be checked one by one against its setting."""
    if len(tried) != 1 or not isinstance(tried[0], str):
        return tuple(tried)
    found = _RANGE.fullmatch(tried[0].strip())
    return tuple(tried) if found is None else tuple(map(_number, found.groups()[1:3]))


def _number(text: str) -> float | int:
    value = float(text)
    return int(value) if value.is_integer() and re.fullmatch(r"[-+]?[0-9]+", text) else value


def searchable(declared: type[Any]) -> Mapping[str, Kind]:
    """The settings of a learner that a search may vary, with what their values are."""
    hints = get_type_hints(declared)
    return {one.name: _kind(hints[one.name]) for one in fields(declared) if one.name not in _NEVER}


def _kind(hint: Any) -> Kind:
    if get_origin(hint) in (Union, UnionType):
        kinds = {_kind(part) for part in get_args(hint) if part is not type(None)}
        return kinds.pop() if len(kinds) == 1 else "other"
    return {int: "whole", float: "number"}.get(hint, "other")  # type: ignore[return-value]


def space_of(model: Any) -> Mapping[str, Dimension]:
    """What the search of a checked `[[models]]` table varies, in the learner's own order of settings."""
    space, grid = model.search.space, model.search.method == "grid"
    kinds = searchable(type(model))
    return {name: dimension(space[name], kind, grid=grid) for name, kind in kinds.items() if name in space}


def combinations(space: Iterable[Dimension]) -> int | None:
    """How many candidates a space has; None where they cannot be counted."""
    count = 1
    for one in space:
        if one.values is None:
            return None
        count *= len(one.values)
    return count
