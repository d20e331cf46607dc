"""Scores float32 matrices with a trained payload."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Any, Literal

import numpy as np

from cauce.core.linear.model import read_linear
from cauce.core.matrix import Matrix
from cauce.core.payload import is_linear
from cauce.core.trees.document import write_xgboost
from cauce.core.trees.model import Ensemble, read_xgboost
from cauce.core.trees.shares import shares
from cauce.errors import CauceError

Scorer = Callable[[Matrix], Matrix]
_MANY_ROWS = 4096
_OUTPUTS = (["probabilities"], ["value"], ["probabilities", "margin"])


def load_scorer(
    payload: bytes, kind: Literal["onnx", "xgboost"], *, threads: int = 1, margins: bool = False
) -> Scorer:
    """A function from a float32 matrix [n, features] to probabilities [n, classes] or values [n].

    NaN is missing; ±inf lies beyond every split; a category code is a whole number, and one never seen in
    training goes where no category of its split goes. Binary: column 1 is the positive class. Both kinds
    add the same float32 leaves in the same order, whatever `threads` is: values are equal, probabilities
    agree within 1e-6. `onnx` answers one row in microseconds; `xgboost` is faster on many rows; a linear
    payload is given as `xgboost` and needs no library. threads: used by one call on many rows. XGBoost loads
    a document of ours, written from the payload's trees once they are checked (E0811, E0812; linear: E0819);
    E0814: not an ONNX model of ours. A call raises E0813 where the matrix has another width or type.
    margins: give what probabilities are made of, [n], [n, 1] or [n, classes].
    """
    made = _onnx_scorer if kind == "onnx" else _xgboost_scorer
    return made(payload, threads, margins)


def _checked(matrix: Matrix, features: int) -> Matrix:
    if matrix.ndim != 2 or matrix.shape[1] != features or matrix.dtype != np.float32:
        raise CauceError("E0813", expected=features, given=f"{matrix.shape} {matrix.dtype}")
    return matrix


def _onnx_scorer(payload: bytes, threads: int, margins: bool) -> Scorer:
    # From 1.31 on it numbers the machine, keeps what it did in a database of the user's, and sends it on.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime  # noqa: PLC0415

    options = onnxruntime.SessionOptions()
    # With threads of its own the runtime adds trees in another order, and sums of float32 change.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(payload, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise CauceError("E0814", reason=_first_line(error)) from None
    features = _onnx_features(session, margins=margins)
    run, outputs = session.run, [session.get_outputs()[1 if margins else 0].name]
    alone = _RowScorer(session, outputs[0], features)

    def part(rows: Matrix) -> Matrix:
        result: Matrix = run(outputs, {"features": rows})[0]
        return result

    def score(matrix: Matrix) -> Matrix:
        checked = _checked(matrix, features)
        if len(checked) == 1:
            found = alone(checked)
            return part(checked) if found is None else found
        if threads == 1 or len(checked) < _MANY_ROWS:
            return part(checked)
        with ThreadPoolExecutor(threads) as pool:
            return np.concatenate(list(pool.map(part, np.array_split(checked, threads))))

    return score


@dataclass(frozen=True, eq=False)
class _RowScorer:
    """Scores one row in memory that is bound once: what the runtime does for each call otherwise takes longer
    than the trees."""

    session: Any
    output: str
    features: int
    _lock: Lock = field(default_factory=Lock, init=False)

    def __call__(self, row: Matrix) -> Matrix | None:
        """The scores of `row`, float32 [1, features]; None while another thread is at it."""
        if not self._lock.acquire(blocking=False):
            return None
        try:
            given, made, binding = self._bound
            given[:] = row
            self.session.run_with_iobinding(binding)
            return made.copy()
        finally:
            self._lock.release()

    @cached_property
    def _bound(self) -> tuple[Matrix, Matrix, Any]:
        given: Matrix = np.zeros((1, self.features), dtype=np.float32)
        made: Matrix = np.array(self.session.run([self.output], {"features": given})[0])
        binding = self.session.io_binding()
        binding.bind_input("features", "cpu", 0, given.dtype.type, given.shape, given.ctypes.data)
        binding.bind_output(self.output, "cpu", 0, made.dtype.type, made.shape, made.ctypes.data)
        return given, made, binding


def _onnx_features(session: Any, *, margins: bool) -> int:
    inputs = [(item.name, item.type, item.shape) for item in session.get_inputs()]
    outputs = [item.name for item in session.get_outputs()]
    answers = (["probabilities", "margin"],) if margins else _OUTPUTS
    if len(inputs) == 1 and outputs in answers:
        name, kind, shape = inputs[0]
        if (name, kind) == ("features", "tensor(float)") and len(shape) == 2 and isinstance(shape[1], int):
            return shape[1]
    raise CauceError("E0814", reason=f"inputs {inputs}, outputs {outputs}")


def _linear_scorer(payload: bytes, margins: bool) -> Scorer:
    model = read_linear(payload)

    def score(matrix: Matrix) -> Matrix:
        checked = _checked(matrix, model.features)
        return model.margins(checked) if margins else model.scores(checked)  # type: ignore[return-value]

    return score


def _xgboost_scorer(payload: bytes, threads: int, margins: bool) -> Scorer:
    if is_linear(payload):
        return _linear_scorer(payload, margins)
    import xgboost  # noqa: PLC0415

    ensemble = read_xgboost(payload)
    booster = xgboost.Booster({"nthread": threads, "verbosity": 0})
    try:
        booster.load_model(bytearray(write_xgboost(ensemble)))
        booster.set_param({"nthread": threads, "device": "cpu"})
    except xgboost.core.XGBoostError as error:
        raise CauceError("E0811", reason=_first_line(error)) from None

    def score(matrix: Matrix) -> Matrix:
        checked = _checked(matrix, ensemble.features)
        if len(checked) == 0:
            return _empty(ensemble)
        if margins:
            found: Matrix = booster.inplace_predict(checked, missing=np.nan, predict_type="margin")
            return found
        result: Matrix = booster.inplace_predict(checked, missing=np.nan)
        if ensemble.shares:
            return shares(result, start=ensemble.start)
        return np.stack((np.float32(1) - result, result), axis=1) if ensemble.kind == "binary" else result

    return score


def _empty(ensemble: Ensemble) -> Matrix:
    classes = max(2, len(ensemble.base))
    return np.zeros(0 if ensemble.kind == "regression" else (0, classes), dtype=np.float32)


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
