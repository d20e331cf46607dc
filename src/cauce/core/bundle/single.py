"""One row scored with as little as it takes: what a service does thousands of times a second."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cauce.core.bundle.answers import PREDICTION, THRESHOLD
from cauce.core.bundle.features import feature_projection
from cauce.core.bundle.scorer import Scorer
from cauce.core.matrix import LARGEST, Matrix
from cauce.expr.row import to_rows

Answer = dict[str, Any]
_LARGEST = float(LARGEST)
_EXACT = 1 << 53


def single_row_scorer(scorer: Scorer) -> Callable[[Mapping[str, Any]], Answer]:
    """A function that gives what `scorer.score_row` gives, to the last bit."""
    features = _features(scorer)
    if scorer.interval or scorer.ends or scorer.answering:
        return lambda row: scorer.answered_row(features(row))
    score, answered = scorer.row_payload, _answered(scorer)
    return lambda row: answered(score(features(row)))


def _features(scorer: Scorer) -> Callable[[Mapping[str, Any]], Matrix]:
    """The features of a row, float32 [1, features], as `matrix_of_rows` makes them."""
    closure = to_rows([one.expression for one in scorer.features], scorer.input)
    made = feature_projection(scorer.features, scorer.input).schema
    whole = tuple(place for place, field in enumerate(made) if field.kind == "integer")
    array, least, most, double, single = np.array, np.minimum, np.maximum, np.float64, np.float32

    def features(row: Mapping[str, Any]) -> Matrix:
        values = closure(row)
        for place in whole:
            value = values[place]
            if value is not None and not -_EXACT <= value <= _EXACT:
                # Rounded once, and not by way of a double.
                values[place] = np.int64(value).astype(single)
        matrix = array((values,), dtype=double)
        least(matrix, _LARGEST, out=matrix)
        most(matrix, -_LARGEST, out=matrix)
        return matrix.astype(single)

    return features


def _answered(scorer: Scorer) -> Callable[[Matrix], Answer]:
    """From a row's scores, [1, classes] or [1], to its answer, where nothing lies between them."""
    answers = scorer.answers
    if answers.target.task == "regression":
        return lambda scores: {PREDICTION: float(scores[0])}
    if answers.target.task == "binary":
        classes = answers.classes
        none, one = (field.name for field in answers.fields[1:])
        limit = THRESHOLD if answers.threshold is None else answers.threshold

        def answer(scores: Matrix) -> Answer:
            low, high = scores[0].tolist()
            return {PREDICTION: classes[high >= limit], none: low, one: high}

        return answer
    return lambda scores: answers.rows(scores)[0]
