"""Libraries that a later step needs, loaded while files are read."""

from __future__ import annotations

import threading
from contextlib import suppress
from importlib import import_module

from cauce.spec import Project

_NEEDED = {"boosting": "xgboost", "forest": "xgboost"}


def load_learners(project: Project) -> None:
    """Load what the project's models are trained with in a thread of its own.

    Reading files leaves Python's lock free most of the time. What cannot be loaded is told by the step
    that needs it, which waits where loading is not over.
    """
    libraries = sorted({_NEEDED[one.learner] for one in project.models if one.learner in _NEEDED})
    if libraries:
        threading.Thread(target=_load, args=(libraries,), name="cauce-loading").start()


def _load(libraries: list[str]) -> None:
    for library in libraries:
        with suppress(Exception):
            import_module(library)
