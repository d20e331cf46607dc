"""Names of settings from other tools lead to Cauce's own."""

from __future__ import annotations

import pytest

from cauce.errors import CauceError
from cauce.spec import project_from_text


@pytest.mark.parametrize(
    ("model", "meant"),
    [
        ("learning_rate = 0.1", "eta"),
        ("n_estimators = 100", "rounds"),
        ('learner = "forest"\nn_estimators = 100', "trees"),
        ('learner = "linear"\npenalty = { alpha = 0.1 }', "lambda"),
        ('search = { method = "random", space = { learning_rate = [0.1, 0.2] } }', "eta"),
        ("rond = 4", "rounds"),
    ],
)
def test_a_setting_named_as_in_another_tool_is_recognised(model: str, meant: str) -> None:
    """Spelling alone would send learning_rate to learner, and n_estimators nowhere."""
    text = f'name = "a"\ndata.source = "a.csv"\ntarget.column = "b"\n[[models]]\n{model}\n'
    with pytest.raises(CauceError) as refused:
        project_from_text(text)
    assert refused.value.code == "E0306"
    assert f"Did you mean {meant}?" in refused.value.hint


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ('[[models]]\nlearner = "lasso"', "linear"),
        ('[[models]]\nlearner = "lightgbm"', "boosting"),
        ('[choose]\ncalibration = "sigmoid"', "platt"),
    ],
)
def test_a_choice_named_as_in_another_tool_is_recognised(text: str, meant: str) -> None:
    """A list of four learners does not tell who knows the lasso which of them it is."""
    with pytest.raises(CauceError) as refused:
        project_from_text(f'name = "a"\ndata.source = "a.csv"\ntarget.column = "b"\n{text}\n')
    assert refused.value.code == "E0309"
    assert f'Did you mean "{meant}"?' in refused.value.hint
