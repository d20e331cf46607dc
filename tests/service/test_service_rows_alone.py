"""A row that is scored alone has the numbers that it has among others, whoever else asks meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import served_models as serving
import small_models as small

from cauce.core.matrix import Matrix
from cauce.core.scoring import Scorer, load_scorer


def of_model(task: str) -> tuple[Scorer, Matrix]:
    """What scores the features of rows, and the features of some."""
    scorer = serving.served(task).scorer
    assert scorer.onnx is not None
    rows = small.rows(60, seed=3).to_dicts()
    return load_scorer(scorer.onnx, "onnx"), scorer.matrix_of_rows(rows)


@pytest.mark.parametrize("task", serving.TASKS)
def test_a_row_alone_has_the_bits_that_it_has_among_others(task: str) -> None:
    """The same row would be approved when it comes alone and refused when it comes with others."""
    score, matrix = of_model(task)
    together = score(matrix)
    alone = [score(matrix[k : k + 1]) for k in range(len(matrix))]
    # Kept until now: what was answered first is still there after the last.
    assert np.concatenate(alone).tobytes() == together.tobytes()
    assert {(one.dtype, one.shape[1:]) for one in alone} == {(together.dtype, together.shape[1:])}


def test_rows_of_several_threads_are_not_mixed_up() -> None:
    """A client would be answered another client's prediction."""
    score, matrix = of_model("binary")
    together = score(matrix)

    def wrong(start: int) -> int:
        places = [(start + turn) % len(matrix) for turn in range(3000)]
        return sum(score(matrix[k : k + 1]).tobytes() != together[k : k + 1].tobytes() for k in places)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(wrong, range(0, 60, 15))) == [0, 0, 0, 0]
