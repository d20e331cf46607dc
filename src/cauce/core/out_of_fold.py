"""What models that had not seen a row said of it, in place of the one that has."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.core.answering.calibration import margins_of
from cauce.core.boosting_rows import POSITION
from cauce.core.columns import FOLD, VALIDATION
from cauce.core.evaluation_rows import EvaluationRows
from cauce.core.matrix import Matrix
from cauce.expr.schema import Field, Schema

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


@dataclass(eq=False)
class WithOutOfFold:
    """Work for one scan in the table's order: what `rows` makes, and each row of `scored` once more.

    scored: POSITION, ascending, and what was said of the row at that place by models that had not seen it;
    these rows have the fold VALIDATION, and SCORED_FOLD, which is NOT_SCORED for the others.
    """

    rows: EvaluationRows
    scored: pl.DataFrame
    seen: int = field(default=0)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return self.rows.columns

    @property
    def schema(self) -> Schema:
        """What it returns."""
        return Schema((*self.rows.schema, Field(SCORED_FOLD, "integer")))

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        """A row for each row of `batch`, then one for each of them that was scored out of fold."""
        found = self.rows(batch).with_columns(pl.lit(NOT_SCORED, dtype=pl.Int64).alias(SCORED_FOLD))
        position = self.scored.get_column(POSITION)
        first, end = (int(position.search_sorted(at)) for at in (self.seen, self.seen + batch.height))
        own = self.scored.slice(first, end - first)
        places: NDArray[np.int64] = own.get_column(POSITION).to_numpy() - self.seen
        self.seen += batch.height
        fold = pl.Series(FOLD, np.full(len(places), VALIDATION, dtype=np.int64))
        again = batch[places].with_columns(fold)
        made = self.rows.with_raw(again, self._raw(own)).with_columns(own.get_column(SCORED_FOLD))
        return pl.concat([found, made])

    def _raw(self, rows: pl.DataFrame) -> Any:
        scorer = self.rows.scorer
        said = said_of(rows, outputs=max(len(scorer.target.classes), 1))
        calibration = scorer.answering.calibration
        return said if calibration is None else margins_of(said, on=calibration.on)
