"""What the chosen candidate said of rows that it had not seen, for whatever is fitted or judged on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from cauce.core.answering.calibration import margins_of
from cauce.core.answering.fitting import Fitting
from cauce.core.columns import TARGET, WEIGHT
from cauce.core.evaluation_rows import BUCKET
from cauce.core.out_of_fold import said_name, said_of, with_ends
from cauce.planning.step import Step
from cauce.running.trials.records import read_frame
from cauce.running.workspace import Workspace

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """Rows outside the test, each scored once by a model that had not seen it; in the order of the table.

    frame: POSITION, TARGET (class number, or the number on its own scale), WEIGHT, BUCKET (equal for rows of
    one group), the hashes, SCORED_FOLD, and what was said.
    """

    frame: pl.DataFrame

    @property
    def label(self) -> Numbers:
        """Class numbers, or the numbers to predict."""
        return self.frame.get_column(TARGET).to_numpy()

    @property
    def weight(self) -> Numbers:
        """The rows' weights."""
        return self.frame.get_column(WEIGHT).to_numpy()

    @property
    def group(self) -> npt.NDArray[np.int64]:
        """A number for each row, equal for rows of one group."""
        return self.frame.get_column(BUCKET).to_numpy()

    @property
    def scores(self) -> Any:
        """Probabilities [n, classes], or values [n] on the scale that is learned."""
        outputs = sum(said_name(at) in self.frame.columns for at in range(self.frame.width))
        return said_of(self.frame, outputs=outputs)

    def summarised(self, fitting: Fitting) -> tuple[Any, ...]:
        """The results of the summaries that calibrations, factors and intervals are fitted from."""
        on, raw = fitting.asked.on, self.scores
        if on is not None:
            raw = margins_of(raw, on=on)
        if fitting.interval is not None and fitting.interval.kind == "quantile":
            raw = with_ends(self.frame, raw)
        own = {TARGET: self.label, WEIGHT: self.weight}
        rows = pl.DataFrame({**own, **fitting.asked.columns(raw, label=self.label, weight=self.weight)})
        return tuple(one.result(one.update(one.start(), rows)) for one in fitting.summaries)


def out_of_fold(work: Workspace, step: Step) -> OutOfFold | None:
    """What is known of them to a step of a plan in which a candidate was chosen, else None."""
    if "scores" not in step.inputs:
        return None
    return OutOfFold(read_frame(work.store, step.stored("scores")))
