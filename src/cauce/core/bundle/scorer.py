"""Scores batches and rows: expressions to a float32 matrix, the matrix to probabilities or values."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from importlib.util import find_spec
from typing import Any

import numpy as np
import polars as pl

from cauce.core.answering.answering import NOTHING, Answering
from cauce.core.bundle.answers import Answers
from cauce.core.bundle.features import Feature, feature_projection, matrix_of, matrix_of_rows
from cauce.core.matrix import Matrix
from cauce.core.scoring import Scorer as Score
from cauce.core.scoring import load_scorer
from cauce.core.task import Target
from cauce.errors import CauceError
from cauce.expr.projection import Projection
from cauce.expr.row import to_rows
from cauce.expr.schema import Schema
from cauce.threads import usable_cores

End = tuple[bytes | None, bytes | None]
"""A payload as JSON and as ONNX, at least one of them."""


def batch_threads() -> int:
    """Threads for scoring batches: OMP_NUM_THREADS where it is set, else the usable cores."""
    said = os.environ.get("OMP_NUM_THREADS", "")
    return int(said) if said.isdigit() and int(said) else usable_cores()


@dataclass(frozen=True, kw_only=True)
class Scorer:
    """Work: the kept columns, then `prediction` and a `probability_<class>` for each class.

    input: the schema of the batches, of which the columns the features read and `keep` are used.
    xgboost, onnx: the payload as JSON and as ONNX, at least one of them; where both are there and XGBoost
    is installed it scores batches, else ONNX does: they agree within 1e-6. threads: None for
    `batch_threads()`. numbers: predict class numbers, as an evaluation wants them. answering: what is done to
    the payload's numbers before they are probabilities or values. margins: give margins for scores.
    interval: give the ends of predicted numbers' intervals, for which `answering` has a rule. ends: the
    payloads of the lower and the upper quantile, where that rule reads them.
    A value that is sent to workers: what it loads, it loads where it is called. E1214 where a kept column
    is called as one of the results; E1217 where the payload reads another number of features.
    """

    input: Schema
    features: tuple[Feature, ...]
    target: Target
    xgboost: bytes | None = None
    onnx: bytes | None = None
    threshold: float | None = None
    keep: tuple[str, ...] = ()
    numbers: bool = False
    threads: int | None = None
    answering: Answering = NOTHING
    margins: bool = False
    interval: bool = False
    ends: tuple[End, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return tuple(dict.fromkeys((*self.keep, *self._projection.columns)))

    @cached_property
    def schema(self) -> Schema:
        """What it returns."""
        made = (*self.input.select(self.keep), *self.answers.fields)
        names = [field.name for field in made]
        for name in self.keep:
            if names.count(name) > 1:
                raise CauceError("E1214", column=name)
        return Schema(made)

    @cached_property
    def answers(self) -> Answers:
        """How its scores become columns."""
        return Answers(self.target, self.threshold, self.numbers, self.interval)

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        """One row for each row of `batch`, in its order."""
        self.schema  # noqa: B018 - refuses names that collide before anything is computed
        return self.answered(batch, self.raw_of(self.matrix(batch)))

    def answered(self, batch: pl.DataFrame, raw: Matrix) -> pl.DataFrame:
        """What a call gives, from the payload's own numbers of the rows of `batch`."""
        scores, limits = self.answering(raw), self._limits(raw)
        kept = [batch.get_column(name) for name in self.keep]
        return pl.DataFrame([*kept, *self.answers.columns(scores, limits)])

    def matrix(self, batch: pl.DataFrame) -> Matrix:
        """The features of each row of `batch`, float32 [n, features]."""
        return matrix_of(self._projection(batch))

    def scores(self, batch: pl.DataFrame) -> Matrix:
        """Probabilities [n, classes] or values [n] for each row of `batch`."""
        return self.scores_of(self.matrix(batch))

    def scores_of(self, matrix: Matrix) -> Matrix:
        """Probabilities [n, classes] or values [n] of rows whose features [n, features] are known."""
        return self.answering(self._batch_score(matrix))

    def raw_of(self, matrix: Matrix) -> Matrix:
        """The payload's own numbers: margins where the answers are made from them, else as `scores_of`; where
        there are `ends`, [n, 3] with theirs."""
        return self._with_ends(self._batch_score(matrix), matrix, self._batch_ends)

    def matrix_of_rows(self, rows: Sequence[Mapping[str, Any]]) -> Matrix:
        """The features of rows whose values are of exactly the input's kinds, float32 [n, features]."""
        if not rows:
            return np.empty((0, len(self.features)), dtype=np.float32)
        closure = self._rows
        return matrix_of_rows([closure(row) for row in rows])

    def row_scores(self, rows: Sequence[Mapping[str, Any]]) -> Matrix:
        """Probabilities [n, classes] or values [n] of rows, by the evaluator of rows."""
        return self.answering(self._row_score(self.matrix_of_rows(rows)))

    def score_rows(self, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """`prediction` and probabilities of each row, a mapping with every column the features read."""
        return self.answered_rows(self.matrix_of_rows(rows))

    def answered_rows(self, matrix: Matrix) -> list[dict[str, Any]]:
        """`prediction` and probabilities of rows whose features [n, features] are known."""
        raw = self._with_ends(self._row_score(matrix), matrix, self._row_ends)
        return self.answers.rows(self.answering(raw), self._limits(raw))

    def _with_ends(self, raw: Matrix, matrix: Matrix, ends: Sequence[Score]) -> Matrix:
        return np.stack([raw, *(end(matrix) for end in ends)], axis=1) if self.ends else raw

    def _limits(self, raw: Matrix) -> Matrix | None:
        return self.answering.limits(raw) if self.interval else None

    def score_row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """`prediction` and probabilities of one row."""
        return self.score_rows((row,))[0]

    @property
    def row_payload(self) -> Score:
        """What scores the features of rows: the payload by ONNX where it is there."""
        return self._row_score

    @property
    def _margins(self) -> bool:
        return self.margins or self.answering.margins

    @cached_property
    def _projection(self) -> Projection:
        return feature_projection(self.features, self.input)

    @cached_property
    def _rows(self) -> Any:
        return to_rows([one.expression for one in self.features], self.input)

    @cached_property
    def _batch_score(self) -> Score:
        threads = self.threads or batch_threads()
        if self.xgboost is not None and (self.onnx is None or find_spec("xgboost") is not None):
            return load_scorer(self.xgboost, "xgboost", threads=threads, margins=self._margins)
        return self._onnx(threads)

    @cached_property
    def _row_score(self) -> Score:
        return self._batch_score if self.onnx is None else self._onnx(1)

    @cached_property
    def _batch_ends(self) -> tuple[Score, ...]:
        return tuple(self._beside(one)._batch_score for one in self.ends)

    @cached_property
    def _row_ends(self) -> tuple[Score, ...]:
        return tuple(self._beside(one)._row_score for one in self.ends)

    def _beside(self, end: End) -> Scorer:
        xgboost, onnx = end
        return replace(self, xgboost=xgboost, onnx=onnx, ends=(), answering=NOTHING, interval=False)

    def _onnx(self, threads: int) -> Score:
        if self.onnx is None:
            raise CauceError("E1218")
        return load_scorer(self.onnx, "onnx", threads=threads, margins=self._margins)

    def __getstate__(self) -> dict[str, Any]:
        return {one.name: getattr(self, one.name) for one in fields(self)}
