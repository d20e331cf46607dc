"""XGBoost's matrices of rows that are ready, all with the same cuts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from cauce.core.boosting import BoostSpec, Cuts
from cauce.core.boosting_rows import (
    Part,
    Totals,
    class_weights,
    joined,
    none_of,
    weights_of,
    with_ranges,
)
from cauce.core.drawing import Draw
from cauce.core.trees.continuing import earlier_margins
from cauce.engines.trees.group import Alone, Group
from cauce.engines.trees.spooling import Spool, order_of

_FEW_CELLS = 1 << 23
"""Rows with so many cells are measured as they are: 12 bytes a cell while a fit lasts."""


@dataclass(frozen=True)
class Ready:
    """Rows that train and rows that stop training, of one worker.

    totals: of training and of validation rows, over all workers, as is the sample: the rows of lowest hash
    among those that train.
    """

    train: tuple[Spool, ...]
    validation: Spool
    totals: tuple[Totals, Totals]
    sample: Part

    @property
    def rows(self) -> int:
        """How many rows train, on all workers."""
        return int(self.totals[0].rows.sum())

    @property
    def validation_rows(self) -> int:
        """How many rows stop training, on all workers."""
        return int(self.totals[1].rows.sum())


class Matrices:
    """The rows binned for one number of bins and one set of class weights, whatever the trees are like.

    Made before the workers of a group are joined: XGBoost would else mix their cuts.
    """

    def __init__(self, spec: BoostSpec, ready: Ready, *, threads: int, group: Group = Alone()) -> None:  # noqa: B008
        import xgboost  # noqa: PLC0415

        self.ready, self.group = ready, group
        self._spec, self._weights = spec, class_weights(spec, ready.totals[0])
        categories = {column for column, _ in spec.levels}
        self._types = ["c" if name in categories else "q" for name in spec.features]
        self._shared = {"max_bin": spec.parameters.max_bin, "nthread": threads, "enable_categorical": True}
        ranged = with_ranges(spec, ready.sample, train=ready.totals[0])
        self._reference = xgboost.QuantileDMatrix(ranged, feature_types=self._types, **self._shared)
        watched = ready.validation
        self.validation = self._measured(watched.parts, watched.rows) if ready.validation_rows else None
        self.train = self._matrix(lambda: chain.from_iterable(one.parts() for one in ready.train))

    @cached_property
    def sampled(self) -> Any:
        """The sample of the training rows; this worker's share of it."""
        sample = self.ready.sample
        if len(sample) == self.ready.rows:
            return self.train
        own = sample.take(slice(self.group.rank, None, self.group.size))
        return self._measured(lambda: iter((own,)), len(own))

    def draw(self, spec: BoostSpec) -> Draw | None:
        """Which of the training rows, whose spools keep lanes, each tree of `spec` sees; None where all."""
        if spec.parameters.subsample == 1:
            return None
        counts = np.zeros(self.group.size)
        counts[self.group.rank] = len(self._order)
        first = int(self.group.added(counts)[: self.group.rank].sum())
        return Draw(self._order, spec.parameters.subsample, spec.seed, first)

    @cached_property
    def _order(self) -> npt.NDArray[np.intp]:
        return order_of(self.ready.train)

    @cached_property
    def cuts(self) -> Cuts:
        """Where the bins are."""
        starts, values = self._reference.get_quantile_cut()
        bins = np.diff(starts.astype(np.int64))
        content = bins.astype("<i8").tobytes() + values.astype("<f4").tobytes()
        return Cuts(len(self.ready.sample), tuple(bins.tolist()), hashlib.sha256(content).hexdigest())

    def _measured(self, parts: Callable[[], Iterator[Part]], rows: int) -> Any:
        """A matrix to measure on. Few rows are taken as they are: binning them takes six times as long.

        Trees see the same of both, but of categories, and of numbers outside of all bins, which only
        rows that do not train can have: splits may part those that are missing from all others.
        """
        import xgboost  # noqa: PLC0415

        spec = self._spec
        few = 0 < rows * len(spec.features) <= _FEW_CELLS
        if not few or spec.levels or spec.device != "cpu" or self.group.size > 1:
            return self._matrix(parts)
        part = joined(list(parts()))
        if self._beyond(part):
            return self._matrix(parts)
        weight = weights_of(part, spec, by_class=self._weights)
        threads = self._shared["nthread"]
        matrix = xgboost.DMatrix(part.features, part.label, weight=weight, nthread=threads)
        return self._continued(matrix, parts)

    def _beyond(self, part: Part) -> bool:
        """Whether a number lies outside of all bins of its feature."""
        starts, values = self._reference.get_quantile_cut()
        places = starts.astype(np.int64)
        lowest = np.fmin.reduce(part.features, axis=0, initial=np.inf)
        highest = np.fmax.reduce(part.features, axis=0, initial=-np.inf)
        return bool(((lowest < values[places[:-1]]) | (highest >= values[places[1:] - 1])).any())

    def _matrix(self, parts: Callable[[], Iterator[Part]]) -> Any:
        import xgboost  # noqa: PLC0415

        spec, types, by_class = self._spec, self._types, self._weights

        def some() -> Iterator[Part]:
            own = parts()
            yield next(own, none_of(spec))
            yield from own

        class Feed(xgboost.DataIter):
            def __init__(self) -> None:
                self.rest = some()
                super().__init__()

            def reset(self) -> None:
                self.rest = some()

            def next(self, input_data: Callable[..., None]) -> bool:
                part = next(self.rest, None)
                if part is None:
                    return False
                weight = weights_of(part, spec, by_class=by_class)
                input_data(data=part.features, label=part.label, weight=weight, feature_types=types)
                return True

        matrix = xgboost.QuantileDMatrix(Feed(), ref=self._reference, **self._shared)
        return self._continued(matrix, some)

    def _continued(self, matrix: Any, parts: Callable[[], Iterator[Part]]) -> Any:
        """The matrix of these parts, with the scores of the trees that came first."""
        earlier = self._spec.earlier
        if earlier is not None:
            before = earlier_margins(earlier, threads=self._shared["nthread"])
            matrix.set_base_margin(np.concatenate([before(part.features) for part in parts()]))
        return matrix
