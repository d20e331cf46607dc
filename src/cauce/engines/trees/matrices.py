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
from cauce.core.boosting_rows import Part, Totals, class_weights, weights_of, with_ranges
from cauce.core.trees.continuing import earlier_margins
from cauce.engines.trees.spooling import Spool, order_of


@dataclass(frozen=True)
class Ready:
    """Rows that train and rows that stop training. sample: the rows of lowest hash among those that train."""

    train: tuple[Spool, ...]
    validation: Spool
    totals: tuple[Totals, Totals]
    sample: Part

    @property
    def rows(self) -> int:
        """How many rows train."""
        return sum(spool.rows for spool in self.train)


class Matrices:
    """The rows binned for one number of bins and one set of class weights, whatever the trees are like."""

    def __init__(self, spec: BoostSpec, ready: Ready, *, threads: int) -> None:
        import xgboost  # noqa: PLC0415

        self.ready = ready
        self._spec, self._weights = spec, class_weights(spec, ready.totals[0])
        categories = {column for column, _ in spec.levels}
        self._types = ["c" if name in categories else "q" for name in spec.features]
        self._shared = {"max_bin": spec.parameters.max_bin, "nthread": threads, "enable_categorical": True}
        ranged = with_ranges(spec, ready.sample, train=ready.totals[0])
        self._reference = xgboost.QuantileDMatrix(ranged, feature_types=self._types, **self._shared)
        self.validation = self._matrix(ready.validation.parts) if ready.validation.rows else None
        self.train = self._matrix(lambda: chain.from_iterable(one.parts() for one in ready.train))

    @cached_property
    def sampled(self) -> Any:
        """The sample of the training rows."""
        sample = self.ready.sample
        whole = len(sample) == self.ready.rows
        return self.train if whole else self._matrix(lambda: iter((sample,)))

    @cached_property
    def order(self) -> npt.NDArray[np.intp]:
        """The `hash_order` of the training rows, whose spools keep lanes."""
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

        class Feed(xgboost.DataIter):
            def __init__(self) -> None:
                self.rest = parts()
                super().__init__()

            def reset(self) -> None:
                self.rest = parts()

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
            matrix.set_base_margin(np.concatenate([before(part.features) for part in parts()]))
        return matrix
