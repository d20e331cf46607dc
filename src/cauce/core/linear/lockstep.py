"""Logistic models of many penalties on many folds, moved together: one reading of the rows moves them all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from cauce.core.linear import logistic
from cauce.core.linear.logistic import Logistic, Steps, fit_logistic, newton_steps
from cauce.core.linear.quadratic import Floats, Penalty
from cauce.errors import CauceError
from cauce.stats.logistic import LogisticTotals

MOST_CURVATURE = 256 << 20
"""Bytes of second derivatives that one reading may add up."""
_COARSE = 4
_LEFT = 0.7
"""What a reading leaves to do of a model, as far as anybody can tell: most take five or so."""
_FEW = 4


@dataclass(frozen=True, eq=False)
class Wanted:
    """A point at which a fold's sums are wanted. coefficients: [outputs, 1 + p], standardised on the fold."""

    fold: int
    coefficients: Floats
    curved: bool


AskAll = Callable[[Sequence[Wanted]], Sequence[LogisticTotals]]
"""The sums of each wanted point, in order, from one reading of the rows."""


@dataclass
class Lockstep:
    """Solves every penalty on every fold.

    ask: the sums of many points. starts: of each fold, coefficients [outputs, 1 + features that vary there]
    to begin with. scans: how often the rows were read so far.
    """

    ask: AskAll
    starts: Sequence[Floats]
    scans: int = 0
    found: dict[tuple[int, Penalty], Logistic | CauceError] = field(default_factory=dict)

    def solve(
        self, penalties: Sequence[Penalty], *, told: Callable[[float], None] = lambda _: None
    ) -> dict[tuple[int, Penalty], Logistic | CauceError]:
        """What was found for each fold and penalty, or why nothing was: E0820, E0821.

        Along a path of strengths every fourth is solved first; the others start between their neighbours.
        told: after each reading, how many more are solved than before, those on their way in part.
        """
        wanted = dict.fromkeys(penalties)
        pairs = [(fold, one) for fold in range(len(self.starts)) for one in wanted]
        pairs = [one for one in pairs if one not in self.found]
        if max(one.size for one in self.starts) > logistic.MOST_CURVED:
            for place, (fold, penalty) in enumerate(pairs):
                self._alone(fold, penalty)
                told(place + 1)
            return self.found
        coarse = set(_coarse(penalties))
        first = [one for one in pairs if one[1] in coarse]
        self._moved(first, told)
        self._moved([one for one in pairs if one[1] not in coarse], lambda count: told(len(first) + count))
        return self.found

    def _alone(self, fold: int, penalty: Penalty) -> None:
        def ask(point: Floats, curved: bool) -> LogisticTotals:
            self.scans += 1
            return self.ask([Wanted(fold, point, curved)])[0]

        outputs, size = self.starts[fold].shape
        try:
            self.found[fold, penalty] = fit_logistic(ask, outputs=outputs, width=size - 1, penalty=penalty)
        except CauceError as error:
            self.found[fold, penalty] = error

    def _moved(self, pairs: Sequence[tuple[int, Penalty]], told: Callable[[float], None]) -> None:
        steps = {one: newton_steps(one[1], start=self._start(*one)) for one in pairs}
        waiting = {one: next(own) for one, own in steps.items()}
        left = dict.fromkeys(pairs, 1.0)
        while waiting:
            for group in self._groups(list(waiting)):
                asked = [Wanted(one[0], *waiting[one]) for one in group]
                self.scans += 1
                for one, totals in zip(group, self.ask(asked), strict=True):
                    following = self._sent(one, steps[one], totals)
                    left[one] *= _LEFT
                    if following is None:
                        del waiting[one], left[one]
                    else:
                        waiting[one] = following
                told(len(pairs) - sum(left.values()))

    def _sent(
        self, pair: tuple[int, Penalty], steps: Steps, totals: LogisticTotals
    ) -> tuple[Floats, bool] | None:
        """The next point of one model; None where it is done."""
        try:
            return steps.send(totals)
        except StopIteration as done:
            self.found[pair] = done.value
        except CauceError as error:
            self.found[pair] = error
        return None

    def _groups(self, pairs: list[tuple[int, Penalty]]) -> list[list[tuple[int, Penalty]]]:
        """As many models at a time as their second derivatives have room for."""
        size = 8 * max(one.size for one in self.starts) ** 2
        count = max(1, MOST_CURVATURE // size)
        return [pairs[low : low + count] for low in range(0, len(pairs), count)]

    def _start(self, fold: int, penalty: Penalty) -> Floats:
        """Between the solutions of the next stronger and the next weaker penalty, by the logarithm."""
        ratio = penalty.l1_ratio
        known = {
            one.strength: own.coefficients
            for (other, one), own in self.found.items()
            if other == fold and one.l1_ratio == ratio and one.strength > 0 and isinstance(own, Logistic)
        }
        below = [one for one in known if one < penalty.strength]
        above = [one for one in known if one > penalty.strength]
        if not below or not above:
            nearest = max(below) if below else min(above) if above else None
            return self.starts[fold] if nearest is None else known[nearest]
        low, high = max(below), min(above)
        share = float(np.log(penalty.strength / low) / np.log(high / low))
        return (1 - share) * known[low] + share * known[high]


def _coarse(penalties: Sequence[Penalty]) -> list[Penalty]:
    """Of each ratio's strengths, all where they are few, else every fourth and the last."""
    found: list[Penalty] = []
    for ratio in dict.fromkeys(one.l1_ratio for one in penalties):
        path = sorted({one.strength for one in penalties if one.l1_ratio == ratio}, reverse=True)
        chosen = path if len(path) <= _FEW else [*path[::_COARSE], path[-1]]
        found.extend(Penalty(one, ratio) for one in dict.fromkeys(chosen))
    return found
