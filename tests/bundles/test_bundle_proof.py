"""A bundle proves that it scores as when it was born, and keeps what training looked like."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import small_models as small

from cauce import stats
from cauce.core.bundle.baseline import Gathered, baseline_files, decode_summary, encode_summary, read_baseline
from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.golden import Golden
from cauce.core.bundle.writing import largest_difference
from cauce.errors import CauceError
from cauce.running.verification import CHECKS, verify_bundle


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_a_whole_bundle_proves_itself(task: str) -> None:
    """A proof that fails on the machine that made the model proves nothing anywhere."""
    found = verify_bundle(small.bundle(task))
    assert found.holds
    assert found.rows == 200
    assert [check.name for check in found.checks] == list(CHECKS)
    assert all((check.difference or 0) <= (check.tolerance or 0) for check in found.checks)
    assert json.dumps(found.to_json())
    found.require()


def born_otherwise(*, features: float = 0.0, scores: float = 0.0) -> Bundle:
    """The bundle as if its features or scores had been others when it was born."""
    whole = small.bundle()
    golden = whole.golden
    moved = Golden(
        golden.rows,
        golden.features + np.float32(features),
        (golden.scores + np.float32(scores)).astype(np.float32),
    )
    return Bundle(whole.manifest, whole.identity, {**whole.contents, "golden.json": moved.to_bytes()})


@pytest.mark.parametrize(
    ("changes", "failing"),
    [
        ({"features": 1e-3}, {"features_batch", "features_row"}),
        ({"scores": 1e-4}, {"scores_xgboost", "scores_onnx", "scores_row"}),
    ],
)
def test_what_scores_otherwise_is_found(changes: dict[str, float], failing: set[str]) -> None:
    """Another library version that moves a split would otherwise go unnoticed."""
    found = verify_bundle(born_otherwise(**changes))
    assert {check.name for check in found.checks if not check.holds} == {"digests", *failing}
    with pytest.raises(CauceError, match="E1210"):
        found.require()


def test_a_bundle_that_cannot_be_read_says_so_instead_of_raising() -> None:
    """`cauce verify` must end with a list, not with a traceback."""
    whole = small.bundle()
    for path in ("golden.json", "model.onnx", "model.json.gz", "baseline/index.json"):
        found = verify_bundle(Bundle(whole.manifest, whole.identity, {**whole.contents, path: b"x"}))
        assert not found.holds
        assert any(check.reason for check in found.checks)


def test_library_versions_then_and_now_stand_beside_each_other() -> None:
    """The first question about other scores is: which version?"""
    manifest = replace(small.bundle().manifest, libraries={"numpy": "0.1", "nothing-such": "1"})
    found = verify_bundle(Bundle(manifest, "", small.bundle().contents))
    assert found.libraries == (("nothing-such", "1", None), ("numpy", "0.1", np.__version__))


def test_differences_are_relative_and_missing_is_not_a_number() -> None:
    """1e-6 of a million is one; NaN beside a number is as far as can be."""
    ones = np.array([[1e6, np.nan]], dtype=np.float32)
    assert largest_difference(ones, ones) == 0
    assert largest_difference(ones, ones + np.float32([1, 0])) == pytest.approx(1e-6)
    assert largest_difference(ones, np.array([[1e6, 1]], dtype=np.float32)) == np.inf
    assert largest_difference(ones, ones[:0]) == np.inf


SUMMARIES = (
    stats.Counts(("a", "b")),
    stats.Levels(("a",), 7),
    stats.Quantiles(("b",)),
    stats.Moments(("b",)),
    stats.Distinct(("a",)),
    stats.Extremes(("b",)),
    stats.Filtered("fold", (0,), stats.Counts(("a",))),
    stats.Grouped("fold", stats.Levels(("a",), 3)),
    stats.ScoreBins("b", "fold", 1, None),
)


@pytest.mark.parametrize("summary", SUMMARIES, ids=lambda one: type(one).__name__)
def test_summaries_are_kept_with_their_declaration(summary: stats.Summary) -> None:
    """A monitor years later must know what a state is a state of."""
    stored = json.loads(json.dumps(encode_summary(summary)))
    assert decode_summary(stored) == summary


def test_the_baseline_gives_the_results_of_training() -> None:
    """Drift is measured against these numbers."""
    frame = small.rows(200)
    numbers, levels = small.bundle().baseline
    direct = numbers.summary.result(numbers.summary.update(numbers.summary.start(), frame))
    assert numbers.summary.result(numbers.state) == direct
    assert (
        levels.summary.result(levels.state)[small.HOSTILE].count("AA")
        == frame.filter(frame.get_column(small.HOSTILE).alias("x") == "AA").height
    )
    assert read_baseline({}) == ()
    with pytest.raises(CauceError, match="E1219"):
        baseline_files([Gathered("x", _Foreign(), None)])  # type: ignore[arg-type]
    for bad in ({"summary": "os", "fields": {}}, [], {"summary": "Counts", "fields": {"x": 1}}, 7):
        with pytest.raises((KeyError, TypeError)):
            decode_summary(bad)


class _Foreign:
    """No summary of ours."""

    __dataclass_fields__: dict[str, object] = {}  # noqa: RUF012 - a dataclass, to look at

    def dump(self, state: object) -> bytes:
        return b""
