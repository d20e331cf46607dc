"""Minimises a quadratic with an l1 penalty exactly, by finding which coefficients are not zero."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cauce.errors import CauceError

Floats = NDArray[np.float64]
_NOISE = 1e-15
_ROUNDING = 1e-12
_LEAST_CURVATURE = 1e-12
_LEAST_RIDGES = (1e-11, 1e-9, 1e-7)
_MOST_STEPS = 10_000


class _FlatError(Exception):
    """The sum does not bend in some direction."""


@dataclass(frozen=True, eq=False)
class Sparse:
    """(1/2)b'Ab - c'b + ridge/2·Σb² + lasso·Σ|b|, A [p, p] positive semidefinite, lasso > 0."""

    matrix: Floats
    vector: Floats
    lasso: float
    ridge: float

    def slope(self, here: Floats) -> Floats:
        """The way down of the part without corners, [p]."""
        found: Floats = self.vector - self.matrix @ here - self.ridge * here
        return found

    def gained(self, here: Floats, there: Floats, *, slope: Floats) -> float:
        """How much less it is worth `there`; slope: of `here`."""
        moved = there - here
        curved = float(moved @ (self.matrix @ moved)) + self.ridge * float(moved @ moved)
        corners = float(np.abs(there).sum() - np.abs(here).sum())
        return float(slope @ moved) - curved / 2 - self.lasso * corners

    def minimised(self, start: Floats) -> Floats:
        """The minimum, [p], found in few steps from a `start` near it.

        Where features repeat each other exactly and there is no ridge, many points are: the one of least
        length is taken (a ridge of 1e-11 finds it; a larger one where rounding has left A less than
        semidefinite). E2161: no end after 10,000 steps.
        """
        for share in (0.0, *_LEAST_RIDGES):
            ridge = self.ridge + share * float(self.matrix.diagonal().max(initial=0.0))
            try:
                return replace(self, ridge=ridge)._searched(np.zeros(len(start)) if share else start)
            except _FlatError:
                continue
        raise CauceError("E2161", steps=_MOST_STEPS)

    def _searched(self, start: Floats) -> Floats:
        """The minimum, by feature-sign search (Lee, Battle, Raina, Ng 2007).

        Each step solves for the coefficients that are not zero and those that gain by leaving it, their
        signs fixed, and goes as far as the sum falls where a sign would change.
        """
        here, settled = start.copy(), False
        for _ in range(_MOST_STEPS):
            slope, signs = self.slope(here), np.sign(here)
            size = np.where(signs == 0, np.abs(slope), 0.0)
            leaving = (size > self.lasso + self._noise(here)) & settled
            if settled and not leaving.any():
                return here
            least = _NOISE * float(np.abs(self.vector) @ np.abs(here))
            for more in (leaving, leaving & (np.arange(len(size)) == size.argmax())):
                there, done = self._stepped(here, slope, np.where(more, np.sign(slope), signs))
                if (done and not settled) or self.gained(here, there, slope=slope) > least:
                    break
            else:
                return here
            here, settled = there, done
        raise CauceError("E2161", steps=_MOST_STEPS)

    def _noise(self, here: Floats) -> float:
        return _NOISE * (float(np.abs(self.vector).max(initial=0.0)) + float(np.abs(here).sum()))

    def _stepped(self, here: Floats, slope: Floats, signs: Floats) -> tuple[Floats, bool]:
        """The best point on the way to the minimum for these signs; whether it is that minimum."""
        chosen = np.flatnonzero(signs)
        if not len(chosen):
            return here, True
        wanted = slope[chosen] - self.lasso * signs[chosen]
        solution = self._solved(chosen, wanted)
        if solution is None:
            raise _FlatError
        way = np.zeros(len(here))
        way[chosen] = solution
        there = here + way
        crossing = chosen[there[chosen] * signs[chosen] < 0]
        if not len(crossing):
            return there, True
        return self._best(here, slope, way, crossing=crossing), False

    def _best(self, here: Floats, slope: Floats, way: Floats, *, crossing: NDArray[np.intp]) -> Floats:
        """The best point along `way` among its end and where the `crossing` coefficients are zero."""
        stops = -here[crossing] / way[crossing]
        crossing, stops = crossing[stops > 0], np.append(stops[stops > 0], 1.0)
        points = here + stops[:, None] * way
        points[np.arange(len(crossing)), crossing] = 0.0
        near = np.abs(points[:, crossing]) <= _ROUNDING * np.abs(here).max()
        points[:, crossing] = np.where(near, 0.0, points[:, crossing])
        curved = float(way @ (self.matrix @ way)) + self.ridge * float(way @ way)
        corners = np.abs(points).sum(axis=1) - np.abs(here).sum()
        gains = stops * float(slope @ way) - stops**2 * (curved / 2) - self.lasso * corners
        best: Floats = points[int(gains.argmax())]
        return best

    def _solved(self, chosen: NDArray[np.intp], wanted: Floats) -> Floats | None:
        from scipy.linalg import lapack  # noqa: PLC0415

        part = self.matrix[np.ix_(chosen, chosen)]
        part.flat[:: len(chosen) + 1] += self.ridge
        factor, solution, failed = lapack.dposv(part, wanted)
        diagonal = np.diagonal(factor)
        if failed or diagonal.min() ** 2 <= _LEAST_CURVATURE * float(part.diagonal().max()):
            return None
        found: Floats = solution
        return found
