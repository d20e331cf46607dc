"""Spares this process what XGBoost and MLflow import on the chance that it is wanted, most looks for garbage,
and most memory that is given back only to be asked for again."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from threading import RLock
from types import FrameType, ModuleType
from typing import Any

_GARBAGE = (20_000, 20, 20)


class _Spared(MetaPathFinder):
    """Hides libraries from those who would only look whether they are there, and puts off loading others
    until something in them is asked for.

    hidden: the module or package that asks, or "" for whoever asks, by the library's name. put_off: likewise
    who only compares types with the library's own, and is given none; whoever else asks gets it.
    """

    def __init__(self) -> None:
        self.hidden: dict[str, str] = {}
        self.put_off: dict[str, str | None] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        asks = self.hidden.get(fullname)
        if asks is not None and _is_asked_by(asks):
            raise ModuleNotFoundError(fullname, name=fullname)
        if fullname not in self.put_off:
            return None
        found = PathFinder.find_spec(fullname, path)
        if found is not None and found.loader is not None:
            found.loader = _Later(found.loader, self.put_off[fullname])
        return found


class _Later(Loader):
    """Makes a module that `loader` fills once something in it is asked for. comparing: who gets no type."""

    def __init__(self, loader: Loader, comparing: str | None) -> None:
        self.loader, self.comparing = loader, comparing

    def exec_module(self, module: ModuleType) -> None:
        module.__class__ = _Unread


class _Unread(ModuleType):
    """A module that was not loaded yet; modules inside it load without it."""

    def __getattr__(self, name: str) -> Any:
        with _READING:
            spec = self.__spec__
            later = None if spec is None else spec.loader
            if spec is not None and isinstance(later, _Later):
                is_type = name.endswith(("_matrix", "_array", "spmatrix", "sparray"))
                if later.comparing is not None and is_type and _is_asked_by(later.comparing):
                    return _NoType
                _fill(self, spec, later)
        if type(self) is _Unread:
            # It is being loaded, by this thread.
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return getattr(self, name)


class _NoType:
    """The type of nothing."""


_READING = RLock()


def _is_asked_by(name: str) -> bool:
    """Whether code of this module, or of one inside it ("": any), imports something or asks for it."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and str(frame.f_globals.get("__name__")).startswith("importlib"):
        frame = frame.f_back
    asks = "" if frame is None else str(frame.f_globals.get("__name__"))
    return not name or asks == name or asks.startswith(f"{name}.")


def _fill(module: ModuleType, spec: ModuleSpec, later: _Later) -> None:
    spec.loader = module.__loader__ = later.loader
    try:
        later.loader.exec_module(module)
    except BaseException:
        spec.loader = module.__loader__ = later
        raise
    module.__class__ = ModuleType


def spare_imports() -> None:
    """Let `import xgboost` pass over scikit-learn, pandas and SciPy: two seconds and more, unused here.

    For a process of ours alone: XGBoost's own estimators for scikit-learn do not work after it, and it takes
    no sparse matrices of SciPy's. SciPy itself works as ever.
    """
    _spare({"sklearn": "xgboost.compat", "scipy.special": "xgboost.sklearn"}, {"scipy.sparse": "xgboost"})


def spare_mlflow_imports() -> None:
    """Let `import mlflow` pass over Spark, pandas and SciPy's sparse matrices, which it takes where they are
    there, over its judges of texts and the web server before them, and over colours of faults in templates:
    a third of its imports.

    For the process that ships runs alone, which hands MLflow no rows.
    """
    hidden = {"pyspark": "", "pandas": "mlflow", "scipy": "mlflow.models.utils"}
    _spare(hidden | {"pygments": "mako"}, {"mlflow.genai": None, "mlflow.gateway": None})


def spare_plot_imports() -> None:
    """Let Matplotlib, which warns of it, pass over drawing in three dimensions."""
    _spare({"mpl_toolkits.mplot3d": "matplotlib.projections"}, {})


def _spare(hidden: Mapping[str, str], put_off: Mapping[str, str | None]) -> None:
    spared = next((finder for finder in sys.meta_path if isinstance(finder, _Spared)), None)
    if spared is None:
        spared = _Spared()
        sys.meta_path.insert(0, spared)
    spared.hidden.update(hidden)
    spared.put_off.update(put_off)


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
