"""What a report says of principal components is what they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from told_run import content

from cauce.core.features.components import Components
from cauce.running.report.blocks import Gallery, Paragraph, Part, Table
from cauce.running.report.page import as_html
from cauce.running.report.report import report_page
from cauce.running.report.sections.components import component_parts

SHAPE = Components(
    name="<shape>",
    columns=("length", "weight", "flat"),
    scale=True,
    rows=90,
    means=np.array([10.0, 2000.0, 1.0]),
    spreads=np.array([2.0, 4.0, 1.0]),
    deviations=np.array([2.0, 4.5, 0.0]),
    missing=np.array([0, 10, 0]),
    loadings=np.array([[0.6, 0.8, 0.0]]),
    variances=np.array([1.5, 0.5, 0.0]),
)


def told() -> Part:
    features = content().features
    assert features is not None
    (part,) = component_parts(replace(features, components=(SHAPE,)))
    assert isinstance(part, Part)
    return part


def test_shares_loadings_and_what_scaling_did_are_told() -> None:
    """Three quarters in one direction; a column in grams would have been all of it."""
    said, drawn, loadings, scaling = told().blocks
    assert isinstance(said, Paragraph)
    assert "1 component of 3 columns holds 75.0\u202f% of their variance" in said.text
    assert "10 missing cells stand at the mean" in said.text
    assert isinstance(drawn, Gallery)
    assert drawn.charts[0].data.rows[1] == ("all up to this one", "2", "1")
    assert isinstance(loadings, Table)
    assert [row[1] for row in loadings.rows] == ["0.800", "0.600", "0.000"]
    assert isinstance(scaling, Table)
    assert [row[1:] for row in scaling.rows] == [
        ("2,000", "4.5", "80.0\u202f%", "0", "1", "50.0\u202f%"),
        ("10", "2", "20.0\u202f%", "0", "1", "50.0\u202f%"),
        ("1", "0", "0.0\u202f%", "0", "0", "–"),
    ]


def test_a_page_with_components_is_safe_and_its_json_has_them_all() -> None:
    run = content()
    assert run.features is not None
    with_shape = replace(run, features=replace(run.features, components=(SHAPE,)))
    assert "<shape>" not in as_html(report_page(with_shape))
    assert Components.from_json(with_shape.to_json()["components"][0]).to_json() == SHAPE.to_json()
    assert "components" not in run.to_json()
