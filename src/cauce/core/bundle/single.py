"""Rows scored one by one with as little as it takes: what a service does thousands of times a second."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from cauce.core.bundle.answers import PREDICTION, THRESHOLD
from cauce.core.bundle.features import feature_projection
from cauce.core.bundle.scorer import Scorer
from cauce.core.matrix import LARGEST, Matrix
from cauce.expr.row import to_rows

Row = Mapping[str, Any]
Answer = dict[str, Any]
_LARGEST = float(LARGEST)
_EXACT = 1 << 53


def rows_scorer(scorer: Scorer) -> Callable[[Sequence[Row]], list[Answer]]:
    """A function that gives what `scorer.score_rows` gives, to the last bit, for at least one row."""
    features = _features(scorer)
    if scorer.interval or scorer.ends or scorer.answering:
        return lambda rows: scorer.answered_rows(features(rows))
    score, answered = scorer.row_payload, _answered(scorer)
    return lambda rows: answered(score(features(rows)))


def _features(scorer: Scorer) -> Callable[[Sequence[Row]], Matrix]:
    """The features of rows, float32 [n, features], as `matrix_of_rows` makes them."""
    closure = to_rows([one.expression for one in scorer.features], scorer.input)
    made = feature_projection(scorer.features, scorer.input).schema
    whole = tuple(
        place
        for place, (field, one) in enumerate(zip(made, scorer.features, strict=True))
        if field.kind == "integer" and one.levels is None
    )
    array, least, most, double, single = np.array, np.minimum, np.maximum, np.float64, np.float32

    def features(rows: Sequence[Row]) -> Matrix:
        listed = [closure(row) for row in rows]
        for place in whole:
            for values in listed:
                value = values[place]
                if value is not None and not -_EXACT <= value <= _EXACT:
                    # Rounded once, and not by way of a double.
                    values[place] = np.int64(value).astype(single)
        matrix = array(listed, dtype=double)
        least(matrix, _LARGEST, out=matrix)
        most(matrix, -_LARGEST, out=matrix)
        return matrix.astype(single)

    return features


def _answered(scorer: Scorer) -> Callable[[Matrix], list[Answer]]:
    """From the scores of rows, [n, classes] or [n], to their answers, where nothing lies between them."""
    answers = scorer.answers
    if answers.target.task == "regression":
        return lambda scores: [{PREDICTION: value} for value in scores.tolist()]
    if answers.target.task == "binary":
        classes = answers.classes
        none, one = (field.name for field in answers.fields[1:])
        limit = THRESHOLD if answers.threshold is None else answers.threshold
        return lambda scores: [
            {PREDICTION: classes[high >= limit], none: low, one: high} for low, high in scores.tolist()
        ]
    return answers.rows
