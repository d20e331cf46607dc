"""What models that had not seen a row said of it, in place of the one that has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.core.answering.calibration import margins_of
from cauce.core.boosting_rows import POSITION
from cauce.core.columns import FOLD, VALIDATION
from cauce.core.evaluation_rows import EvaluationRows
from cauce.core.matrix import Matrix
from cauce.core.numbering import ROW
from cauce.expr.schema import Field, Schema

END_NAMES = ("__said_lower__", "__said_upper__")
"""float: the quantiles that lie below and above, on the learned scale, where intervals are made of them."""
SCORED_FOLD = "__fold_number__"
"""integer: the fold that scored a row."""
NOT_SCORED = -1


def said_name(place: int) -> str:
    """float: what the model said of a row: the probability of a class, or its value on the learned scale."""
    return f"__said_{place}__"


def said_of(rows: pl.DataFrame, *, outputs: int) -> Matrix:
    """What was said of the rows: probabilities [n, classes], or values [n] where there is one output."""
    found = [rows.get_column(said_name(at)).to_numpy() for at in range(outputs)]
    return found[0] if outputs == 1 else np.stack(found, axis=1)


def with_ends(rows: pl.DataFrame, said: Matrix) -> Matrix:
    """Values [n] with the lower and the upper quantile beside them, [n, 3]."""
    return np.stack((said, *(rows.get_column(name).to_numpy() for name in END_NAMES)), axis=1)


@dataclass(frozen=True, eq=False)
class WithOutOfFold:
    """Work over rows with ROW: what `rows` makes, and each row of `scored` once more.

    scored: POSITION, ascending, and what was said of the row at that place by models that had not seen it;
    these rows have the fold VALIDATION, and SCORED_FOLD, which is NOT_SCORED for the others.
    """

    rows: EvaluationRows
    scored: pl.DataFrame

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return (*self.rows.columns, ROW)

    @property
    def schema(self) -> Schema:
        """What it returns."""
        return Schema((*self.rows.schema, Field(SCORED_FOLD, "integer")))

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        """A row for each row of `batch`, then one for each of them that was scored out of fold."""
        found = self.rows(batch).with_columns(pl.lit(NOT_SCORED, dtype=pl.Int64).alias(SCORED_FOLD))
        places, own = self._scored_of(batch.get_column(ROW).to_numpy() - 1)
        fold = pl.Series(FOLD, np.full(len(places), VALIDATION, dtype=np.int64))
        again = batch[places].with_columns(fold)
        made = self.rows.with_raw(again, self._raw(own)).with_columns(own.get_column(SCORED_FOLD))
        return pl.concat([found, made])

    def _scored_of(self, positions: NDArray[np.int64]) -> tuple[NDArray[np.int64], pl.DataFrame]:
        """Which rows of a batch were scored, and what was said of them."""
        known = self.scored.get_column(POSITION).to_numpy()
        at = np.minimum(np.searchsorted(known, positions), max(len(known) - 1, 0))
        found = np.flatnonzero(known[at] == positions) if len(known) else np.zeros(0, np.int64)
        return found, self.scored[at[found]]

    def _raw(self, rows: pl.DataFrame) -> Any:
        scorer = self.rows.scorer
        said = said_of(rows, outputs=max(len(scorer.target.classes), 1))
        if scorer.answering.quantiles:
            return with_ends(rows, said)
        calibration = scorer.answering.calibration
        return said if calibration is None else margins_of(said, on=calibration.on)
