"""Libraries of the project's models are loaded while its files are read, and no others."""

from __future__ import annotations

import subprocess
import sys

import pytest

_CODE = """
import sys, threading
from cauce.running.loading import load_learners
from cauce.spec import project_from_text
text = 'schema = 1\\nname = "a"\\ndata.source = "a.csv"\\ntarget.column = "y"\\n'
text += '[[models]]\\nlearner = "{}"\\n'
load_learners(project_from_text(text))
for one in threading.enumerate():
    if one.name == "cauce-loading":
        one.join()
print("xgboost" in sys.modules)
"""


@pytest.mark.parametrize(("learner", "loaded"), [("boosting", "True"), ("linear", "False")])
def test_only_what_trains_the_models_is_loaded(learner: str, loaded: str) -> None:
    """Else a run of a linear model would take the time and memory of a library it never asks."""
    found = subprocess.run(
        [sys.executable, "-c", _CODE.format(learner)], stdout=subprocess.PIPE, check=True, text=True
    )
    assert found.stdout.strip() == loaded


def test_a_run_without_candidates_does_not_load_the_search() -> None:
    """Else every run, plan and status would begin later, for what only projects with candidates do."""
    code = "import sys, cauce.api.run; print('cauce.running.steps.tune' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True, text=True)
    assert found.stdout.strip() == "False"
