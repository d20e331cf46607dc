"""Explains batches: expressions to the matrix, the matrix to contributions, features summed by column."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from cauce.core.bundle.scorer import Scorer, batch_threads
from cauce.core.contributions.attribution import Attribution, attribution
from cauce.core.contributions.sources import source_of
from cauce.core.contributions.values import Contributions, Floats
from cauce.core.matrix import Matrix


@dataclass(frozen=True)
class Explainer:
    """Contributions to the raw scores of a scorer's model. payload: the model as it was trained.

    Adds up within 1e-6 of the largest amount for linear models, 1e-5 for trees, whose sums are float32.
    """

    scorer: Scorer
    payload: bytes

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """What contributions are summed by, in the order of the features."""
        return tuple(dict.fromkeys(map(source_of, self.scorer.features)))

    @property
    def outputs(self) -> tuple[str, ...]:
        """The class of each output where there are several; else one empty text."""
        names = self.scorer.target.class_names
        return names if self.scorer.target.task == "multiclass" else ("",)

    def __call__(self, batch: pl.DataFrame) -> Contributions:
        """The contributions of each row of `batch`, in its order."""
        return self.of_matrix(self.scorer.matrix(batch))

    def of_matrix(self, matrix: Matrix) -> Contributions:
        """The contributions of rows whose features [n, features] are known."""
        found = self._attribution(matrix)
        base = found[0, :, -1] if len(found) else np.zeros(len(self.outputs))
        places = {source: at for at, source in enumerate(self.sources)}
        amounts: Floats = np.zeros((*found.shape[:2], len(places)))
        for at, feature in enumerate(self.scorer.features):
            amounts[:, :, places[source_of(feature)]] += found[:, :, at]
        return Contributions(self.sources, base, amounts)

    @cached_property
    def _attribution(self) -> Attribution:
        return attribution(self.payload, threads=self.scorer.threads or batch_threads())
