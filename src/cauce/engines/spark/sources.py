"""Questions about files that executors answer, with the reader that the local engine has."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from cauce.engines.spark.scoring_tasks import answers_of
from cauce.ports.pieces import Question

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def answers(session: SparkSession, questions: Sequence[Question]) -> list[Any]:
    """The answers of executors, in order; raises what the first question that fails raises."""
    if not questions:
        return []
    tasks = [partial(_answer, question) for question in questions]
    return [json.loads(answer) for answer in answers_of(session, tasks)]


def _answer(question: Question) -> str:
    return json.dumps(question())
