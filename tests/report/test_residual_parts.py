"""What a report says of a regression's errors is what they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from told_run import evaluation

from cauce.core.metrics.residuals import residual_analysis
from cauce.running.report.blocks import Gallery, Listing, Part
from cauce.running.report.sections.residuals import residual_parts


def test_sentences_and_charts_are_told() -> None:
    random = np.random.default_rng(0)
    predicted = np.repeat(np.arange(10.0), 50)
    label = predicted + random.normal(size=500) * (1 + predicted)
    slices = {"<plan>": ["a", "b"] * 250}
    found = residual_analysis(label, predicted, dataset="test", slices=slices)
    assert found is not None
    (part,) = residual_parts(replace(evaluation(), residuals=found))
    assert isinstance(part, Part)
    said, drawn = part.blocks
    assert isinstance(said, Listing)
    assert said.items == found.sentences
    assert isinstance(drawn, Gallery)
    by_prediction, normal, by_slice = drawn.charts
    assert "500 test rows" in by_prediction.says
    assert {row[0] for row in by_prediction.data.rows} == {
        "mean",
        "nine tenths lie below",
        "one tenth lies below",
    }
    assert len(normal.data.rows) == 12
    assert [row[0] for row in by_slice.data.rows] == ["<plan> a", "<plan> b"]


def test_a_report_without_the_analysis_is_as_before() -> None:
    assert list(residual_parts(evaluation())) == []
