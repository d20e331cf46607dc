"""How the best settings of a learner are looked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

from cauce.language import gettext_noop as _
from cauce.spec.settings import (
    EMPTY,
    AtLeastOne,
    Exact,
    Expects,
    FrozenMap,
    OneOrMany,
    Scalar,
    section,
    setting,
)
from cauce.spec.space import MOST

TRIALS = 40
RESOURCE = {"boosting": "rounds", "forest": "trees"}
"""What halving gives little of to many candidates, by learner."""
_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}

Trials = Annotated[int, Exact(ge=1, le=MOST)]
Width = Annotated[int, Exact(ge=1, le=100)]
Factor = Annotated[int, Exact(ge=2, le=10)]
Refinements = Annotated[int, Exact(ge=0, le=5)]
SearchSeed = Annotated[int, Exact(ge=0, le=2**31 - 1)]
TimeLimit = Annotated[
    str,
    Exact(pattern=r"^[0-9]{1,6}(\.[0-9]{1,3})? ?(s|min|h)$"),
    Expects(_('a text such as "30 min", "90 s" or "2 h"')),
]
Tried = Annotated[
    tuple[Scalar, ...],
    AtLeastOne(),
    OneOrMany(),
    Expects(_('a list of values, or a range such as "1..10" or "log 0.01..0.3"')),
]


@section
class Search:
    """How the best settings of a learner are looked for."""

    method: Literal["grid", "random", "tpe", "halving"] = setting(
        _(
            "grid tries every combination; random draws; tpe draws where it went well before; halving draws "
            "many, gives them few rounds, and more to the best."
        )
    )
    space: FrozenMap[Tried] = setting(
        _(
            'What is tried, by setting: a list of values, or a range: "3..10", "log 0.01..0.3"; with "in 5" '
            "five values of it. Two numbers in a list are a range, but in a grid two values."
        ),
        default=EMPTY,
    )
    trials: Trials | None = setting(
        _("How many candidates are tried, 40 where absent; in halving, how many begin."), default=None
    )
    rounds: Trials | None = setting(
        _("The budget as a number of rounds, each of `width` candidates, instead of `trials`."), default=None
    )
    width: Width = setting(
        _("How many candidates are asked for at once, before their results are told."), default=4
    )
    time_limit: TimeLimit | None = setting(
        _("No round begins that would not end in this time, the final fit included, such as 30 min."),
        default=None,
    )
    seed: SearchSeed | None = setting(_("Another seed for the draws than the project's."), default=None)
    factor: Factor = setting(
        _("In halving: one in so many goes on, with so many times the rounds."), default=3
    )
    refine: Refinements = setting(
        _("How often the space is narrowed around the best and searched again."), default=0
    )

    @property
    def budget(self) -> int:
        """How many candidates are drawn; a grid has as many as it has."""
        if self.rounds is not None:
            return self.rounds * self.width
        return TRIALS if self.trials is None else self.trials

    @property
    def seconds(self) -> float | None:
        """`time_limit` in seconds."""
        return None if self.time_limit is None else seconds_of(self.time_limit)


def seconds_of(limit: str) -> float:
    """A checked `TimeLimit` in seconds."""
    number, unit = re.fullmatch(r"([0-9.]+) ?([a-z]+)", limit).groups()  # type: ignore[union-attr]
    return float(number) * _SECONDS[unit]


def refined(models: Sequence[Any]) -> tuple[Any, ...]:
    """The models, every search of which is refined once more."""
    return tuple(_searching(one, lambda search: replace(search, refine=search.refine + 1)) for one in models)


def drawing(models: Sequence[Any], trials: int) -> tuple[Any, ...]:
    """The models, every search of which that draws tries so many candidates."""

    def change(search: Search) -> Search:
        return search if search.method == "grid" else replace(search, trials=trials, rounds=None)

    return tuple(_searching(one, change) for one in models)


def _searching(model: Any, change: Callable[[Search], Search]) -> Any:
    search = getattr(model, "search", None)
    return model if search is None else replace(model, search=change(search))
