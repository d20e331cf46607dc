"""Warnings that tasks give on executors, given again by the driver: each once for a job."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from cauce.engines.spark.crossing import error_from_json, error_to_json
from cauce.errors import CauceWarning, warn
from cauce.version import __version__

if TYPE_CHECKING:
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

_EARS: WeakKeyDictionary[SparkContext, Any] = WeakKeyDictionary()


@dataclass(frozen=True)
class Home:
    """What a task knows of its driver. version: of Cauce there. ear: Spark's accumulator of warnings."""

    version: str
    ear: Any


class Texts:
    """How Spark adds up what tasks report: texts, each once."""

    def zero(self, _value: frozenset[str]) -> frozenset[str]:
        """What a task begins with."""
        return frozenset()

    def addInPlace(self, left: frozenset[str], right: frozenset[str]) -> frozenset[str]:  # noqa: N802 - Spark's
        """The texts of both."""
        return left | right


def home_of(session: SparkSession) -> Home:
    """The driver of this session, for its tasks."""
    context = session.sparkContext
    ear = _EARS.get(context)
    if ear is None:
        param: Any = Texts()
        ear = _EARS[context] = context.accumulator(frozenset(), param)
    return Home(__version__, ear)


@contextmanager
def heard_at(home: Home) -> Iterator[None]:
    """What is warned of inside, in a task, is told to the driver once the task has ended well."""
    with warnings.catch_warnings():
        others = warnings.showwarning

        def hear(message: Warning | str, *more: Any, **named: Any) -> None:
            if isinstance(message, CauceWarning):
                home.ear.add(frozenset((json.dumps(error_to_json(message.told), sort_keys=True),)))
            else:
                others(message, *more, **named)

        warnings.simplefilter("always", CauceWarning)
        warnings.showwarning = hear
        yield


def tell_heard(context: SparkContext) -> None:
    """Warn of what tasks have warned of since this was last called."""
    ear = _EARS.get(context)
    if ear is None:
        return
    told, ear.value = sorted(ear.value), frozenset()
    for text in told:
        error = error_from_json(json.loads(text))
        warn(error.code, place=error.place, **error.values)
