"""A plan refuses what no run could judge by."""

from __future__ import annotations

import pytest

from cauce.errors import CauceError
from cauce.planning.pipeline import project_plan
from cauce.spec import project_from_text


@pytest.mark.parametrize(("metric", "code"), [("acuracy", "E0901"), ("roc_auc", "E0902")])
def test_a_metric_that_is_none_is_refused_before_anything_is_read(metric: str, code: str) -> None:
    """A misspelled metric would be told of after the rows were read, profiled and divided."""
    text = f'name = "a"\ndata.source = "a.csv"\ntarget.column = "b"\nchoose.metric = "{metric}"\n'
    with pytest.raises(CauceError) as refused:
        project_plan(project_from_text(text), "f" * 64, tracked=False)
    assert refused.value.code == code
