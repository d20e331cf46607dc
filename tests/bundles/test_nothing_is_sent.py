"""Scoring tells nobody of it: the README promises that nothing is sent anywhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import small_models as small

from cauce.core.trees.model import read_xgboost
from cauce.core.trees.onnx import write_onnx

PROGRAM = """
import sys
import numpy as np
from cauce.core.scoring import load_scorer

load_scorer(open(sys.argv[1], "rb").read(), "onnx")(np.load(sys.argv[2]))
"""


def test_scoring_leaves_nothing_in_the_home_folder(tmp_path: Path) -> None:
    """ONNX Runtime would number the machine there, and collect what it sends to its makers."""
    home, payload, rows = tmp_path / "home", tmp_path / "model.onnx", tmp_path / "rows.npy"
    home.mkdir()
    ensemble = read_xgboost(small.payload("binary"))
    payload.write_bytes(write_onnx(ensemble))
    np.save(rows, np.zeros((3, ensemble.features), np.float32))
    environment = {name: text for name, text in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    subprocess.run(
        [sys.executable, "-c", PROGRAM, str(payload), str(rows)],
        env={**environment, "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")},
        check=True,
        timeout=120,
    )
    assert list(home.rglob("*")) == []
