"""Contributions of some rows as numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Contributions:
    """What each source adds to the raw score of each row, against the average of the training rows.

    sources: [k] columns of the user's table, or names of features made of several. base: [outputs], the
    raw score of nobody in particular. amounts: [n, outputs, k]. Outputs: one for a regression (the value
    the learner was fitted on) and for two classes (the positive one's), else one for each class, in
    log-odds, or in shares of the rows where a forest counts them. base + Σ amounts is the raw score.
    """

    sources: tuple[str, ...]
    base: Floats
    amounts: Floats

    @property
    def scores(self) -> Floats:
        """The raw scores [n, outputs]."""
        totals: Floats = self.base + self.amounts.sum(axis=2)
        return totals

    def output(self, place: npt.NDArray[np.int64] | int) -> Floats:
        """The amounts [n, k] of one output, or of another for each row."""
        if isinstance(place, int):
            chosen: Floats = self.amounts[:, place]
            return chosen
        own: Floats = self.amounts[np.arange(len(self.amounts)), place]
        return own

    def strongest(self, amounts: Floats, count: int) -> npt.NDArray[np.int64]:
        """The places [n, count] of the sources that move each row most; of equals the first."""
        most: npt.NDArray[np.int64] = np.argsort(-np.abs(amounts), axis=1, kind="stable")[:, :count]
        return most
