"""What Spark tells while it works is said in the language of the run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from cauce.core.boosting import Round
from cauce.engines.spark.boosting_rounds import Listener, listening, telling
from cauce.engines.spark.jobs import job
from cauce.language import translate, use_language

pytestmark = pytest.mark.spark


@pytest.fixture
def spanish() -> Iterator[None]:
    use_language("es")
    yield
    use_language("en")


def test_tasks_done_are_told_in_the_language_of_the_run(spark_session: Any, spanish: None) -> None:
    """A Spanish reader saw every other line of a run in English, because another thread told it."""
    said = set()
    with job(spark_session, tell=lambda done, total: said.add(translate("training"))):
        spark_session.sparkContext.parallelize([1], 1).foreach(lambda _: time.sleep(2))
    assert said == {"entrenamiento"}


def test_rounds_are_told_in_the_language_of_the_run(spanish: None) -> None:
    """So too while trees grow."""
    said: list[str] = []
    listener = Listener(lambda one: said.append(translate("training")))
    with listening(listener, host="127.0.0.1", bind="127.0.0.1") as address, telling(address) as tell:
        assert tell is not None
        tell(Round(0, 0.5, None))
        patience = time.monotonic() + 10
        while not said and time.monotonic() < patience:
            time.sleep(0.01)
    assert said == ["entrenamiento"]
