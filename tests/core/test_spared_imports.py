"""What processes of a run load, and what they pass over; what is passed over still works for whoever asks."""

from __future__ import annotations

import subprocess
import sys

_TRAINED = """
import sys
from cauce.sparing import spare_imports
spare_imports()
import numpy as np
import xgboost

rows = np.arange(40, dtype=np.float32).reshape(20, 2)
label = (rows[:, 0] > 20).astype(np.float32)

class Feed(xgboost.DataIter):
    def __init__(self):
        self.given = False
        super().__init__()

    def reset(self):
        self.given = False

    def next(self, input_data):
        if not self.given:
            input_data(data=rows, label=label)
        self.given = not self.given
        return self.given

with xgboost.config_context(verbosity=0):
    watched = [(xgboost.DMatrix(rows, label), "rows")]
    made = xgboost.QuantileDMatrix(Feed())
    trained = xgboost.train({"objective": "binary:logistic"}, made, 3, evals=watched, verbose_eval=False)
    scores = trained.inplace_predict(rows)
    assert trained.predict(xgboost.DMatrix(rows)).tolist() == scores.tolist()
print(*[name for name in ("sklearn", "scipy.sparse._csr", "scipy.special") if name in sys.modules], "trained")
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
import scipy.sparse.linalg
print(csr_matrix(rows).sum() == rows.sum(), round(float(minimize(lambda x: (x[0] - 3) ** 2, [0.0]).x[0]), 3))
from sklearn.linear_model import enet_path
print(scipy.sparse.issparse(csr_matrix(rows)), type(scipy.sparse).__name__)
"""

_DRAWING = """
import sys
from cauce.running.plots.drawer import _load
_load()
print(*[name for name in ("matplotlib.figure", "polars", "mpl_toolkits.mplot3d") if name in sys.modules])
"""


def _said(code: str) -> list[str]:
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()


def test_trees_are_grown_without_scipy_which_still_works_for_whoever_asks() -> None:
    """Every run would pay for sparse matrices that no run has; linear models would not be solved without."""
    assert _said(_TRAINED) == ["trained", "True 3.0", "True module"]


def test_drawing_loads_neither_polars_nor_three_dimensions() -> None:
    """Plots are drawn beside the rest of a run, and take from it what they load."""
    assert _said(_DRAWING) == ["matplotlib.figure"]
