"""Cauce: a table to a monitored model in production, with the same numbers everywhere.

The functions are the commands: `cauce.run("cauce.toml")`, `cauce.load("models:/flights@champion")`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cauce.version import __version__

if TYPE_CHECKING:
    from cauce.api.captures import captures
    from cauce.api.champion import champion
    from cauce.api.compare import compare
    from cauce.api.demo import demo
    from cauce.api.doctor import doctor
    from cauce.api.explain import explain
    from cauce.api.gc import gc
    from cauce.api.history import history
    from cauce.api.image import image
    from cauce.api.init import init
    from cauce.api.load import load
    from cauce.api.models import models
    from cauce.api.plan import plan
    from cauce.api.predict import predict
    from cauce.api.profile import profile
    from cauce.api.promote import promote
    from cauce.api.replay import replay
    from cauce.api.report import report
    from cauce.api.rollback import rollback
    from cauce.api.run import run
    from cauce.api.runs import runs
    from cauce.api.serve import serve
    from cauce.api.stack import stack
    from cauce.api.status import status
    from cauce.api.submit import submit
    from cauce.api.token import token
    from cauce.api.try_ import try_
    from cauce.api.tune import tune
    from cauce.api.validate import validate
    from cauce.api.verify import verify
    from cauce.api.warehouse import warehouse

__all__ = [
    "__version__",
    "captures",
    "champion",
    "compare",
    "demo",
    "doctor",
    "explain",
    "gc",
    "history",
    "image",
    "init",
    "load",
    "models",
    "plan",
    "predict",
    "profile",
    "promote",
    "replay",
    "report",
    "rollback",
    "run",
    "runs",
    "serve",
    "stack",
    "status",
    "submit",
    "token",
    "try_",
    "tune",
    "validate",
    "verify",
    "warehouse",
]


def __getattr__(name: str) -> Any:
    """Each function is loaded when it is first asked for, so that `import cauce` stays light."""
    name = "try_" if name == "try" else name
    if name not in __all__ or name.startswith("_"):
        raise AttributeError(f"module 'cauce' has no attribute {name!r}")
    return getattr(import_module(f"cauce.api.{name}"), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
