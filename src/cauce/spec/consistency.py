"""What several settings of a project say together."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from cauce.errors import CauceError
from cauce.language import format_significant
from cauce.spec.addresses import SECRET_WORDS, is_brought, is_database, parse_address, scheme_of
from cauce.spec.chains import chain_findings
from cauce.spec.evaluate import answer_findings, threshold_findings, wants_quantiles
from cauce.spec.expectations import expectation_findings
from cauce.spec.features import Category
from cauce.spec.findings import Finding
from cauce.spec.folds import Folds, fold_findings
from cauce.spec.gate import gate_findings
from cauce.spec.models import COMPLETE, TASKS, continued
from cauce.spec.positions import KeyPath
from cauce.spec.project import Project
from cauce.spec.search_rules import search_findings
from cauce.spec.warehouse import warehouse_findings
from cauce.spec.words import Got, dotted

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
# Addresses of file systems that Spark reads.
_FILE_SYSTEMS = frozenset(
    ("file", "hdfs", "viewfs", "webhdfs", "s3", "s3a", "gs", "abfs", "abfss", "wasbs", "dbfs", "oss", "obs")
)
_PASSWORD = re.compile(
    r"^[^/?#:]+://[^/?#@:]*:(?![0-9]+(?:/|$))[^@]*@|[?&;](?:password|passwd|pwd|token|secret|key)=",
    re.IGNORECASE,
)
_SECRET = re.compile(rf"({SECRET_WORDS}|secret\.?key|access\.?key|account\.key\..*)$", re.IGNORECASE)
_TEXT = re.compile(r"\.(csv|tsv|txt)(\.(gz|zst|zip))?$", re.IGNORECASE)
_DATA_ROLES = ("key", "group", "time", "weight")
_SPLIT_NEEDS = {"group": "group", "time": "time"}


def disagreements(project: Project, mapping: dict[str, Any]) -> Iterator[Finding]:
    """Everything in `project` that contradicts itself or is not served yet; `mapping` as written."""
    yield from _sources(project)
    yield from _databases(project)
    yield from _types(project)
    yield from _marks(project)
    yield from _roles(project)
    yield from _target(project)
    yield from _split(project)
    yield from _features(project)
    yield from _models(project)
    yield from search_findings(project.models, mapping)
    yield from chain_findings(project, mapping)
    yield from gate_findings(project.gate)
    yield from fold_findings(project)
    judged = project.split.validation or isinstance(project.choose.folds, Folds)
    yield from threshold_findings(
        project.choose.threshold, task=project.target.task, validation=float(judged)
    )
    yield from answer_findings(project)
    yield from expectation_findings(project, mapping)
    yield from _engine(project)
    if project.store.url is not None:
        yield from _store(project.store.url)
    if project.tracking.uri is not None:
        yield from _tracking(project.tracking.uri)
    yield from warehouse_findings(project.warehouse)


def _engine(project: Project) -> Iterator[Finding]:
    for name in project.engine.spark:
        path: KeyPath = ("engine", "spark", name)
        if _SECRET.search(name):
            yield Finding("E0720", path, {"name": name})
        elif not name.startswith("spark.") or name == "spark.master":
            yield Finding("E0721", path, {"name": name})


def _sources(project: Project) -> Iterator[Finding]:
    for source in project.data.source:
        scheme = _URL.match(source)
        if is_brought(source):
            yield from _address(source)
        elif scheme and scheme[1].lower() not in _FILE_SYSTEMS:
            yield Finding("E0330", ("data", "source"), {"scheme": scheme[1].lower()})
        elif scheme and _PASSWORD.search(source):
            yield Finding("E0746", ("data", "source"), {"scheme": scheme[1].lower()})


def _store(url: str) -> Iterator[Finding]:
    if scheme_of(url) != "s3":
        yield Finding("E0337", ("store", "url"), {"scheme": scheme_of(url)})
        return
    try:
        parse_address(url)
    except CauceError as error:
        yield Finding(error.code, ("store", "url"), error.values)


def _tracking(uri: str) -> Iterator[Finding]:
    """A secret in the server's address, or a reference to one that is none."""
    path: KeyPath = ("tracking", "uri")
    try:
        parse_address(uri)
    except CauceError as error:
        if error.code == "E2502":
            yield Finding(error.code, path, error.values)
        elif error.code == "E2501" or _PASSWORD.search(uri):
            yield Finding("E0312", path)


def _address(source: str) -> Iterator[Finding]:
    """What is wrong with an address whose rows are brought here."""
    try:
        parse_address(source)
    except CauceError as error:
        yield Finding(error.code, ("data", "source"), error.values)


def _databases(project: Project) -> Iterator[Finding]:
    """A database stands alone, and gives a table or what a query asks for."""
    source, query = project.data.source, project.data.query
    tables = [one for one in source if is_database(one)]
    if not tables and query is not None:
        yield Finding("E2506", ("data", "query"), {}, (("data", "source"),))
    elif tables and len(source) > 1:
        yield Finding("E2505", ("data", "source"))
    elif tables and ("#" in tables[0]) == (query is not None):
        yield Finding(
            "E2507", ("data", "source"), {"address": f"{scheme_of(tables[0])}://"}, (("data", "query"),)
        )


def _types(project: Project) -> Iterator[Finding]:
    """Texts are not read as decimals; files of other names say what they are when they are read (E0428)."""
    data = project.data
    text = data.format in ("csv", "tsv") or any(_TEXT.search(source) for source in data.source)
    for column, kind in data.types.items() if text else ():
        if kind == "decimal":
            yield Finding("E0340", ("data", "types", column), {"column": column}, (("data", "source"),))


def _marks(project: Project) -> Iterator[Finding]:
    data = project.data
    for first, second in (("delimiter", "quote"), ("decimal", "thousands")):
        mark = getattr(data, first)
        if mark is not None and mark == getattr(data, second):
            yield Finding(
                "E0323",
                ("data", second),
                {"first": f"data.{first}", "second": f"data.{second}", "mark": Got(mark)},
                (("data", first),),
            )


def _columns_by_role(project: Project) -> dict[KeyPath, tuple[str, ...]]:
    data, features = project.data, project.features
    named = {("data", role): getattr(data, role) for role in _DATA_ROLES}
    roles: dict[KeyPath, tuple[str, ...]] = {
        path: value if isinstance(value, tuple) else (value,) for path, value in named.items() if value
    }
    return roles | {
        ("target", "column"): (project.target.column,) if project.target.column else (),
        ("data", "drop"): data.drop,
        ("data", "known_after"): data.known_after,
        ("features", "include"): features.include,
        ("features", "exclude"): features.exclude,
        ("features", "columns"): tuple(features.columns),
        ("features", "formulas"): tuple(features.formulas),
    }


def _contradictions() -> Iterator[tuple[KeyPath, KeyPath]]:
    dropped: KeyPath = ("data", "drop")
    target: KeyPath = ("target", "column")
    used: tuple[KeyPath, ...] = (("features", "include"), ("features", "columns"))
    for role in _DATA_ROLES:
        yield dropped, ("data", role)
        yield target, ("data", role)
    yield dropped, target
    for feature in used:
        yield from ((dropped, feature), (target, feature))
        yield from (
            ((kind, name), feature) for kind, name in (("data", "known_after"), ("features", "exclude"))
        )
    yield from ((target, ("data", "known_after")), (target, ("features", "formulas")))


def _roles(project: Project) -> Iterator[Finding]:
    roles = _columns_by_role(project)
    for first, second in _contradictions():
        for column in roles.get(second, ()):
            if column in roles.get(first, ()):
                told = {"column": column, "first": dotted(first), "second": dotted(second)}
                place = (*second, column) if second[1] in ("columns", "formulas") else second
                yield Finding("E0315", place, told, (first,))


def _target(project: Project) -> Iterator[Finding]:
    target = project.target
    both: tuple[KeyPath, ...] = (("target", "column"), ("target", "formula"))
    if target.column and target.formula:
        yield Finding("E0314", both[1], {"first": "target.column", "second": "target.formula"}, both)
    if not target.column and not target.formula:
        yield Finding("E0313", ("target",), {"key": "[target]", "settings": "column, formula"}, both)
    misfits = (
        (("target", "positive"), target.positive is not None and target.task in ("multiclass", "regression")),
        (("split", "kind"), project.split.kind == "stratified" and target.task == "regression"),
    )
    for path, misfit in misfits:
        if misfit:
            yield Finding("E0319", path, {"key": dotted(path), "task": target.task}, (("target", "task"),))


def _split(project: Project) -> Iterator[Finding]:
    split = project.split
    needed = _SPLIT_NEEDS.get(split.kind)
    if needed and getattr(project.data, needed) is None:
        yield Finding(
            "E0316", ("split", "kind"), {"kind": split.kind, "needed": f"data.{needed}"}, (("data", needed),)
        )
    shares: tuple[KeyPath, ...] = (("split", "train"), ("split", "validation"), ("split", "test"))
    total = math.fsum((split.train, split.validation, split.test))
    if abs(total - 1) > 1e-9:
        yield Finding("E0317", ("split",), {"total": format_significant(total, 9)}, shares)
    stopped = [at for at, model in enumerate(project.models) if getattr(model, "early_stopping", 0)]
    if split.validation == 0 and stopped and not isinstance(project.choose.folds, Folds):
        depends: tuple[KeyPath, ...] = (("split", "validation"), ("models", stopped[0], "early_stopping"))
        yield Finding("E0318", depends[0], {}, (*depends, ("choose", "folds")))


def _features(project: Project) -> Iterator[Finding]:
    features = project.features
    for name, pca in features.pca_declared.items():
        path: KeyPath = ("features", "pca", name)
        if pca.components is not None and pca.share is not None:
            told = {"first": dotted((*path, "components")), "second": dotted((*path, "share"))}
            yield Finding("E0314", (*path, "share"), told)
    if not (features.auto or features.columns or features.formulas or features.pca_declared):
        depends: tuple[KeyPath, ...] = (("features", "columns"), ("features", "formulas"))
        yield Finding("E0322", ("features", "auto"), {}, depends)
    if features.include and not features.auto:
        told = {"first": "features.include", "second": "features.auto = false"}
        yield Finding("E0314", ("features", "include"), told, (("features", "auto"),))


def _continued(project: Project) -> Iterator[Finding]:
    """E2190 for what no earlier model can be continued with."""
    for at, model in enumerate(project.models):
        place: KeyPath = ("models", at, "continue")
        others: tuple[tuple[KeyPath, bool], ...] = (
            (("models", at, "subset"), getattr(model, "subset", None) is not None),
            (("evaluate", "interval_kind"), wants_quantiles(project)),
        )
        for other, wanted in others if continued(model) else ():
            if wanted:
                yield Finding("E2190", place, {"first": dotted(place), "second": dotted(other)}, (other,))


def _models(project: Project) -> Iterator[Finding]:
    task = project.target.task
    depends: tuple[KeyPath, ...] = (("target", "task"),)
    yield from _categories(project)
    yield from _continued(project)
    for at, model in enumerate(project.models) if task is not None else ():
        if task not in TASKS[model.learner]:
            told = {"learner": model.learner, "task": task}
            yield Finding("E0830", ("models", at, "learner"), told, depends)
        elif task == "regression" and getattr(model, "class_weight", "none") != "none":
            path: KeyPath = ("models", at, "class_weight")
            yield Finding("E0319", path, {"key": dotted(path), "task": task}, depends)
        elif task == "multiclass" and getattr(model, "monotone", None):
            path = ("models", at, "monotone")
            yield Finding("E0319", path, {"key": dotted(path), "task": task}, depends)


def _categories(project: Project) -> Iterator[Finding]:
    """Native categories that a learner of the list cannot take."""
    if not any(model.learner in COMPLETE for model in project.models):
        return
    features = project.features
    defaults = {item.name: getattr(features.defaults, item.name) for item in fields(features.defaults)}
    for section, named in (("columns", features.columns), ("defaults", defaults)):
        for name, chains in named.items():
            if any(isinstance(steps[-1], Category) for steps in chains or ()):
                yield Finding("E0832", ("features", section, name), {"column": name}, (("models",),))
