"""Files scored into a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from cauce.core.contributions.reasons import Explain
from cauce.running.bringing import brought_here
from cauce.running.model_reference import find_model
from cauce.running.prediction import Prediction, PredictOptions, predict_file
from cauce.running.prediction_on_spark import predict_on_spark
from cauce.running.prediction_output import check_output
from cauce.running.prediction_table import check_table, predict_table
from cauce.running.wiring import make_engine
from cauce.running.workspace import EngineAsked, engine_settings, open_workspace
from cauce.sources.brought import Wanted
from cauce.spec import Engine, Project
from cauce.spec.addresses import DATABASES, scheme_of


class Choices(EngineAsked, total=False):
    """What else `predict` takes.

    digest: what the bundle's must be. key: columns to keep beside the predictions; the model's own where
    absent. overwrite: replace `out` where it exists. guard_formulas: put a ' before texts of a CSV that a
    spreadsheet would run. explain: how many columns to name that moved each row most, or "all" for the
    contribution of every column; explain_values: with the row's own cells in the words. interval: write
    `lower` and `upper`, between which the project's share of new values lies. engine, master, spark: where
    the work is done, this machine where none is given, whatever the project says of its runs.
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

    `out` may be a table of a database (mysql://user@host/db?password=env:NAME#table): all rows once, whatever
    happens, and the same where it is repeated. On Spark `out` is a folder, of Parquet parts unless it ends in
    .csv, which executors write.
    source: files, folders, patterns or addresses. model: as in `load`; None takes what the project's latest
    run made. report(rows, total) tells progress. choices: see `Choices`.
    Rows in the sources = rows in `out` + rejected rows. Raises what `load` raises, E1209 to E1223,
    E2205, E2301, E2302, what reading and writing raise, and on Spark E0701 and E0750 to E0753.
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
    session = _session(project, choices)
    sources = (str(source),) if isinstance(source, str | Path) else tuple(str(one) for one in source)
    if session is not None and scheme_of(str(out)) not in DATABASES:
        return predict_on_spark(
            found.bundle, sources, session=session, out=out, options=options, report=report
        )
    into_table = scheme_of(str(out)) in DATABASES
    if into_table:
        check_table(str(out))
    else:
        check_output(out, overwrite=options.overwrite)
    with brought_here(sources, Wanted(home=Path.cwd()), folder=None, report=report) as here:
        if into_table:
            into = partial(predict_table, out=str(out), identity=here.identity)
            return into(found.bundle, here.paths, options=options, report=report)
        return predict_file(found.bundle, here.paths, out=out, options=options, report=report)


def _session(project: str | Path | Project | None, choices: Choices) -> Any:
    """The Spark session that was asked for, with the project's settings; None for this machine."""
    asked: EngineAsked = {"engine": choices.get("engine"), "master": choices.get("master")}
    asked["spark"] = choices.get("spark")
    said = Engine() if project is None else open_workspace(project).project.engine
    settings = engine_settings(said, **asked)
    if not any(asked.values()) or settings.kind == "local":
        return None
    made: Any = make_engine(settings, session=asked["spark"])
    return made.session
