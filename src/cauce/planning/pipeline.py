"""The plan of a project: which steps take its files to a registered model, and on what each depends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cauce.core.canonical import Json
from cauce.core.metrics.names import MetricName
from cauce.core.promotion.gate import demanded
from cauce.planning.libraries import library_versions
from cauce.planning.step import Output, Plan, Step
from cauce.spec import Project
from cauce.spec.evaluate import wants_quantiles
from cauce.spec.folds import Folds, is_tuned
from cauce.spec.models import COMPLETE, feature_kind
from cauce.spec.warehouse import BATCH_ROWS, CLEAN, RAW

STEPS = (
    "ingest",
    "profile",
    "validate",
    "split",
    "leaks",
    "tune",
    "fit",
    "calibrate",
    "evaluate",
    "curve",
    "bundle",
    "register",
    "warehouse",
)

_JUDGING = ("metric", "threshold")
_ROLES = ("key", "group", "time", "weight", "known_after")
_NOT_READING = frozenset((*_ROLES, "source", "query", "rejected"))
_READ = Output("ingest", "snapshot")
_SNAPSHOT = Output("validate", "snapshot")
_SPLIT = Output("split", "split")


def project_plan(
    project: Project, fingerprint: str, *, tracked: bool, earlier: Mapping[str, str] | None = None
) -> Plan:
    """The steps of `project`, whose files have this fingerprint. Pure: nothing is read.

    E0901 to E0904 where choose.metric is no metric, and with E2009 where gate.require demands what judges
    no model. tracked: whether there is a step `register`. earlier: the digests of the models that the
    project's go on from, by what it calls them.
    """
    if project.choose.metric is not None:
        MetricName.parse(project.choose.metric)
    settings = project.to_mapping()
    before: dict[str, Json] = {"earlier": dict(earlier)} if earlier else {}
    steps = (
        _ingest(settings, fingerprint),
        _profile(settings),
        _validate(project, settings),
        _split(project, settings),
        _leaks(project, settings),
        *((_after(_tune(project, settings), before),) if is_tuned(project) else ()),
        _after(_fit(project, settings), before),
        *((_calibrate(project, settings),) if has_calibrate(project) else ()),
        _evaluate(project, settings),
        *((_after(_curve(project, settings), before),) if project.evaluate.learning_curve else ()),
        _bundle(project, settings),
        *((_register(project),) if tracked else ()),
        *((_warehouse(project),) if project.warehouse.url is not None else ()),
    )
    return Plan(steps, project.name)


def _after(step: Step, before: Mapping[str, Json]) -> Step:
    """The step of a project whose models go on from others."""
    return replace(step, inputs={**step.inputs, **before}) if before else step


def _ingest(settings: dict[str, Any], fingerprint: str) -> Step:
    reading = {name: value for name, value in settings["data"].items() if name not in _NOT_READING}
    return Step(
        name="ingest",
        inputs={"files": fingerprint},
        parameters={"reading": reading},
        libraries=library_versions("polars", "pyarrow"),
        scans=1.0,
    )


def _profile(settings: dict[str, Any]) -> Step:
    target = {name: settings["target"].get(name) for name in ("column", "formula")}
    return Step(
        name="profile",
        version=2,
        inputs={"snapshot": _READ},
        parameters={"target": target, "roles": _roles(settings, "key", "time")},
        libraries=library_versions("numpy", "polars"),
        scans=1.0,
    )


def _validate(project: Project, settings: dict[str, Any]) -> Step:
    declared = project.validate.declared
    return Step(
        name="validate",
        inputs={"snapshot": _READ, "profile": Output("profile", "profile")},
        parameters={"validate": settings["validate"] if declared else {}},
        libraries=library_versions("numpy", "polars") if declared else {},
        scans=1.0 if declared else 0.0,
    )


def _split(project: Project, settings: dict[str, Any]) -> Step:
    return Step(
        name="split",
        inputs={"snapshot": _SNAPSHOT, "profile": Output("validate", "profile")},
        parameters={
            "target": settings["target"],
            "split": {**settings["split"], "seed": project.split_seed},
            "roles": _roles(settings, "key", "group", "time"),
        },
        libraries=library_versions("numpy", "polars"),
        scans=1.0 if project.split.kind in ("stratified", "time") else 0.0,
    )


def _leaks(project: Project, settings: dict[str, Any]) -> Step:
    return Step(
        name="leaks",
        inputs={"snapshot": _SNAPSHOT, "profile": Output("validate", "profile"), "split": _SPLIT},
        parameters={
            "features": settings.get("features", {}),
            "split": {**settings["split"], "seed": project.split_seed},
            "roles": _roles(settings, *_ROLES),
        },
        libraries=library_versions("numpy", "polars"),
        scans=1.0,
    )


def _fit(project: Project, settings: dict[str, Any]) -> Step:
    model = {} if is_tuned(project) else {"models": settings["models"]}
    ends = _wanted_ends(project)
    return Step(
        name="fit",
        version=2,
        inputs={"snapshot": _SNAPSHOT, "split": _SPLIT, **_chosen(project)},
        parameters={**model, **_taught(project, settings), **ends, **_guess(project)},
        libraries=library_versions("numpy", "polars", *_learning(project)),
        scans=2.0 + bool(ends),
    )


def _wanted_ends(project: Project) -> dict[str, Json]:
    """The level of intervals whose ends are models of their own."""
    return {"ends": project.evaluate.interval} if wants_quantiles(project) else {}


def _guess(project: Project) -> dict[str, Json]:
    """How the middle of the training rows is taken, where rows have weights."""
    return {"guess": "weighted"} if project.data.weight else {}


def _chosen(project: Project, *names: str) -> dict[str, Output]:
    """What the step `tune` hands on, where the plan has one."""
    return {name: Output("tune", name) for name in ("chosen", *names)} if is_tuned(project) else {}


def _taught(project: Project, settings: dict[str, Any]) -> dict[str, Json]:
    """What a model depends on beside its own settings."""
    # What is acknowledged lets a run go on and changes no number.
    features = {name: value for name, value in settings.get("features", {}).items() if name != "acknowledged"}
    scale = project.target.transform
    transform = {} if scale is None else {"transform": scale}
    roles = _roles(settings, *_ROLES)
    return {"features": features, "roles": roles, "seed": project.seed, **transform, **_tree_rows(project)}


def _tree_rows(project: Project) -> dict[str, Json]:
    """How the rows of a boosted tree are drawn, where it sees a share of them."""
    drawn = any(model.learner == "boosting" and model.subsample != 1.0 for model in project.models)
    return {"tree_rows": "by hash"} if drawn else {}


def _tune(project: Project, settings: dict[str, Any]) -> Step:
    choose = {name: settings["choose"].get(name) for name in ("metric", "threshold", "rule")}
    if project.choose.time_limit is not None:
        choose["time_limit"] = project.choose.time_limit
    folds = project.choose.folds if isinstance(project.choose.folds, Folds) else None
    cut = {} if folds is None else {"k": list(folds.k), "by": folds.by, "repeats": folds.repeats}
    fits = folds.k[0] * folds.repeats if folds is not None else 1
    by = (folds.by if folds is not None else None) or project.split.kind
    kinds = len({feature_kind(model) for model in project.models})
    # How many batches there are depends on the rows; each is read as often as a kind of learner.
    batched = any(model.subset is not None for model in project.models)
    return Step(
        name="tune",
        inputs={"snapshot": _SNAPSHOT, "split": _SPLIT},
        parameters={
            "models": settings["models"],
            "folds": cut,
            "fits": fits,
            "level": project.evaluate.level,
            **_drawn(project),
            **_wanted_ends(project),
            **choose,
            **_taught(project, settings),
        },
        libraries=library_versions("numpy", "polars", *_learning(project)),
        scans=(by in ("stratified", "time")) + batched + kinds * (2.0 + fits),
    )


def _drawn(project: Project) -> dict[str, Json]:
    """What decides which candidates are drawn, and none of their scores."""
    searches = [getattr(model, "search", None) for model in project.models]
    by_library = any(search is not None and search.method == "tpe" for search in searches)
    return {"drawn_by": library_versions("optuna")} if by_library else {}


def _learning(project: Project) -> tuple[str, ...]:
    """The libraries that the project's learners add to those of the features."""
    summed = [model.learner in COMPLETE for model in project.models]
    return (*(("scipy",) if any(summed) else ()), *(() if all(summed) else ("xgboost",)))


def has_calibrate(project: Project) -> bool:
    """Whether anything lies between the model's numbers and its answers."""
    scale, interval = project.target.transform, project.evaluate.interval
    return scale is not None or interval is not None or project.choose.calibration != "none"


def _answering(project: Project) -> dict[str, Output]:
    made = {"answering": Output("calibrate", "answering")} if has_calibrate(project) else {}
    return {**made, **_ends(project)}


def _ends(project: Project) -> dict[str, Output]:
    """The models of an interval's ends, where they are wanted."""
    return {name: Output("fit", name) for name in ("lower", "upper") if wants_quantiles(project)}


def _calibrate(project: Project, settings: dict[str, Any]) -> Step:
    return Step(
        name="calibrate",
        inputs={
            "snapshot": _SNAPSHOT,
            "split": _SPLIT,
            **{name: Output("fit", name) for name in ("features", "model", "training")},
            **_chosen(project, "scores"),
            **_ends(project),
        },
        parameters={
            "calibration": project.choose.calibration,
            "transform": project.target.transform,
            "interval": [project.evaluate.interval, project.evaluate.interval_kind],
            "roles": _roles(settings, "key", "group", "weight"),
        },
        libraries=library_versions("numpy", "polars", "xgboost"),
        scans=0.0 if is_tuned(project) else 1.0,
    )


def _evaluate(project: Project, settings: dict[str, Any]) -> Step:
    answers = ("interval", "interval_kind", "learning_curve")
    return Step(
        name="evaluate",
        inputs={
            "snapshot": _SNAPSHOT,
            "split": _SPLIT,
            "features": Output("fit", "features"),
            "model": Output("fit", "model"),
            "training": Output("fit", "training"),
            **_answering(project),
            **_chosen(project, "scores", "first_model", "first_features"),
        },
        version=3,
        parameters={
            "choose": {name: value for name, value in settings["choose"].items() if name in _JUDGING},
            "evaluate": {name: value for name, value in settings["evaluate"].items() if name not in answers},
            "roles": _roles(settings, "key", "group", "weight"),
            "seed": settings["seed"],
        },
        libraries=library_versions("numpy", "polars", "xgboost"),
        scans=2.0 if settings["evaluate"]["slices"] else 1.0,
    )


def _curve(project: Project, settings: dict[str, Any]) -> Step:
    choose = {name: settings["choose"].get(name) for name in _JUDGING}
    model = {} if is_tuned(project) else {"models": settings["models"]}
    return Step(
        name="curve",
        inputs={
            "snapshot": _SNAPSHOT,
            "split": _SPLIT,
            "training": Output("fit", "training"),
            **_chosen(project),
        },
        parameters={**model, **_taught(project, settings), "choose": choose, "level": project.evaluate.level},
        libraries=library_versions("numpy", "polars", *_learning(project)),
        scans=15.0,
    )


def _bundle(project: Project, settings: dict[str, Any]) -> Step:
    fit = {name: Output("fit", name) for name in ("features", "model", "training", "baseline")}
    return Step(
        name="bundle",
        inputs={
            "snapshot": _SNAPSHOT,
            "reading": Output("ingest", "reading"),
            "split": _SPLIT,
            "leaks": Output("leaks", "leaks"),
            "evaluation": Output("evaluate", "evaluation"),
            **_answering(project),
            **fit,
        },
        parameters={"name": project.name, "roles": _roles(settings, "key")},
        libraries=library_versions("numpy", "polars", *_learning(project), "onnx", "onnxruntime"),
    )


def _register(project: Project) -> Step:
    tracking, gate = project.tracking, project.gate
    demands: dict[str, Json] = {str(name): limit for name, limit in demanded(gate.require)}
    return Step(
        name="register",
        inputs={
            "bundle": Output("bundle", "bundle"),
            "leaks": Output("leaks", "leaks"),
            "evaluation": Output("evaluate", "evaluation"),
            "snapshot": _SNAPSHOT,
        },
        parameters={
            "uri": tracking.uri,
            "experiment": tracking.experiment or project.name,
            "registry": tracking.registry or project.name,
            "alias": tracking.alias,
            "gate": {
                "require": demands,
                "better_than_champion": gate.better_than_champion,
                "margin": gate.margin,
                "confidence": gate.confidence,
                "promote": gate.promote,
            },
            "card": {name: value for name, value in vars(project.card).items() if value is not None},
        },
    )


def _warehouse(project: Project) -> Step:
    said = project.warehouse
    return Step(
        name="warehouse",
        inputs={
            "initial": _READ,
            "snapshot": _SNAPSHOT,
            "split": _SPLIT,
            "evaluation": Output("evaluate", "evaluation"),
            "bundle": Output("bundle", "bundle"),
            **_chosen(project, "leaderboard"),
        },
        parameters={
            "url": said.url,
            "raw": said.raw or RAW,
            "clean": said.clean or CLEAN,
            "batch_rows": said.batch_rows or BATCH_ROWS,
            "seed": project.split_seed,
            "project": project.name,
        },
        scans=5.0,
    )


def _roles(settings: dict[str, Any], *names: str) -> dict[str, Json]:
    return {name: settings["data"].get(name) for name in names}
