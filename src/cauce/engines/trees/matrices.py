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
from cauce.core.boosting_rows import Part, Totals, class_weights, none_of, weights_of, with_ranges
from cauce.core.drawing import Draw
from cauce.core.trees.continuing import earlier_margins
from cauce.engines.trees.group import Alone, Group
from cauce.engines.trees.spooling import Spool, order_of


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
        self.validation = self._matrix(ready.validation.parts) if ready.validation_rows else None
        self.train = self._matrix(lambda: chain.from_iterable(one.parts() for one in ready.train))

    @cached_property
    def sampled(self) -> Any:
        """The sample of the training rows; this worker's share of it."""
        sample = self.ready.sample
        if len(sample) == self.ready.rows:
            return self.train
        own = sample.take(slice(self.group.rank, None, self.group.size))
        return self._matrix(lambda: iter((own,)))

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
        if spec.earlier is not None:
            before = earlier_margins(spec.earlier, threads=self._shared["nthread"])
            matrix.set_base_margin(np.concatenate([before(part.features) for part in some()]))
        return matrix
