"""Files scored into a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypedDict, Unpack

from cauce.core.contributions import Explain
from cauce.running.model_reference import find_model
from cauce.running.prediction import Prediction, PredictOptions, predict_file
from cauce.spec import Project


class Choices(TypedDict, total=False):
    """What else `predict` takes.

    digest: what the bundle's must be. key: columns to keep beside the predictions; the model's own where
    absent. overwrite: replace `out` where it exists. guard_formulas: put a ' before texts of a CSV that a
    spreadsheet would run. explain: how many columns to name that moved each row most, or "all" for the
    contribution of every column; explain_values: with the row's own cells in the words. interval: write
    `lower` and `upper`, between which the project's share of new values lies.
    """

    digest: str | None
    key: Sequence[str] | None
    overwrite: bool
    guard_formulas: bool
    explain: int | str | None
    explain_values: bool
    interval: bool


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
    Rows in the sources = rows in `out` + rejected rows. Raises what `load` raises, E1209 to E1222,
    E2205, E2301, E2302, and what reading and writing raise.
    """
    found = find_model(model, digest=choices.get("digest"), project=project)
    key, explain, values = choices.get("key"), choices.get("explain"), choices.get("explain_values", False)
    options = PredictOptions(
        key=None if key is None else tuple(key),
        overwrite=choices.get("overwrite", False),
        version=found.version,
        guard_formulas=choices.get("guard_formulas", False),
        explain=None if explain is None and not values else Explain.of(explain, values=values),
        interval=choices.get("interval", False),
    )
    return predict_file(found.bundle, source, out=out, options=options, report=report)
