"""Files scored into a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypedDict, Unpack

from cauce.running.model_reference import find_model
from cauce.running.prediction import Prediction, PredictOptions, predict_file
from cauce.spec import Project


class Choices(TypedDict, total=False):
    """What else `predict` takes.

    digest: what the bundle's must be. key: columns to keep beside the predictions; the model's own where
    absent. overwrite: replace `out` where it exists. guard_formulas: put a ' before texts of a CSV that a
    spreadsheet would run.
    """

    digest: str | None
    key: Sequence[str] | None
    overwrite: bool
    guard_formulas: bool


def predict(
    source: str | Path | Sequence[str | Path],
    *,
    out: str | Path,
    model: str | Path | None = None,
    project: str | Path | Project | None = None,
    report: Callable[[float, float | None], None] | None = None,
    **choices: Unpack[Choices],
) -> Prediction:
    """Score the rows of `source` with `model` into `out`, Parquet or CSV by its ending.

    source: files, folders or patterns. model: as in `load`; None takes what the project's latest run
    made. report(rows, total) tells progress. choices: see `Choices`.
    Rows in the sources = rows in `out` + rejected rows. Raises what `load` raises, E1209 to E1222, and
    what reading and writing raise.
    """
    found = find_model(model, digest=choices.get("digest"), project=project)
    key = choices.get("key")
    options = PredictOptions(
        key=None if key is None else tuple(key),
        overwrite=choices.get("overwrite", False),
        version=found.version,
        guard_formulas=choices.get("guard_formulas", False),
    )
    return predict_file(found.bundle, source, out=out, options=options, report=report)
