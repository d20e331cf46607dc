"""Spares this process what XGBoost imports on the chance that it is wanted, and most looks for garbage."""

from __future__ import annotations

import gc
import sys
from importlib.abc import MetaPathFinder
from types import ModuleType

_GARBAGE = (20_000, 20, 20)


class _Spared(MetaPathFinder):
    """Hides scikit-learn from `xgboost.compat`, and from nothing and nobody else."""

    def find_spec(self, fullname: str, _path: object = None, _target: ModuleType | None = None) -> None:
        if fullname == "sklearn" and _is_loading("xgboost.compat"):
            raise ModuleNotFoundError(fullname, name=fullname)


def spare_imports() -> None:
    """Let `import xgboost` pass over scikit-learn, SciPy's statistics and pandas: two seconds, unused here.

    For a process of ours alone: XGBoost's own estimators for scikit-learn do not work after it.
    """
    if not any(isinstance(finder, _Spared) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Spared())


def spare_collections() -> None:
    """Look for cycles of objects after 20,000 new ones: at Python's 700, imports alone make it look for half
    a second, among objects that never go."""
    gc.set_threshold(*_GARBAGE)


def _is_loading(name: str) -> bool:
    module = sys.modules.get(name)
    return module is not None and bool(getattr(module.__spec__, "_initializing", False))
