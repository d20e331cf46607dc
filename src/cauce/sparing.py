"""Spares this process what XGBoost and MLflow import on the chance that it is wanted, most looks for garbage,
and most memory that is given back only to be asked for again."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping
from importlib.abc import MetaPathFinder
from types import ModuleType

_GARBAGE = (20_000, 20, 20)


class _Spared(MetaPathFinder):
    """Hides a library from the module that would only look whether it is there, and from nobody else.

    hidden: the module that asks, or "" for whoever asks, by the library's name.
    """

    def __init__(self) -> None:
        self.hidden: dict[str, str] = {}

    def find_spec(self, fullname: str, _path: object = None, _target: ModuleType | None = None) -> None:
        asks = self.hidden.get(fullname)
        if asks is not None and (not asks or _is_loading(asks)):
            raise ModuleNotFoundError(fullname, name=fullname)


def spare_imports() -> None:
    """Let `import xgboost` pass over scikit-learn, SciPy's statistics and pandas: two seconds, unused here.

    For a process of ours alone: XGBoost's own estimators for scikit-learn do not work after it.
    """
    _hide({"sklearn": "xgboost.compat"})


def spare_mlflow_imports() -> None:
    """Let `import mlflow` pass over Spark and SciPy's sparse matrices, which it takes where they are there: a
    tenth of its imports.

    For the process that ships runs alone, which hands MLflow no rows but a frame of pandas.
    """
    _hide({"pyspark": "", "scipy": "mlflow.models.utils"})


def _hide(hidden: Mapping[str, str]) -> None:
    spared = next((finder for finder in sys.meta_path if isinstance(finder, _Spared)), None)
    if spared is None:
        spared = _Spared()
        sys.meta_path.insert(0, spared)
    spared.hidden.update(hidden)


def spare_collections() -> None:
    """Look for cycles of objects after 20,000 new ones: at Python's 700, imports alone make it look for half
    a second, among objects that never go."""
    gc.set_threshold(*_GARBAGE)


def spare_memory() -> None:
    """Let Polars keep freed memory for three seconds, not half of one: between the batches and the steps of a
    run it would give it back, and the system would clear it again, a twentieth of the run's processor time.

    Arrow's own allocator takes pages of 2 MiB, which the system clears again for each group of rows read;
    jemalloc, where its wheels have it, saves a third of the time of reading Parquet.

    Before Polars and Arrow are imported; what the environment says counts.
    """
    os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:3000,muzzy_decay_ms:-1")
    if sys.platform == "linux" and _is_glibc():
        os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "jemalloc")


def _is_glibc() -> bool:
    try:
        return (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc")
    except (OSError, ValueError):
        return False


def spare_last_collection() -> None:
    """Let the process end without a last look at every object for cycles: a quarter of a second of a run.

    For a process that ends now. What must happen at its end is not left to cycles of objects.
    """
    gc.freeze()


def _is_loading(name: str) -> bool:
    module = sys.modules.get(name)
    return module is not None and bool(getattr(module.__spec__, "_initializing", False))
