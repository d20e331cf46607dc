"""Whether the steps of a chain go together, and each step's own settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from itertools import pairwise
from typing import Any

from cauce.language import gettext_noop as _
from cauce.spec.features import Bins, Clip, Elapsed, FeatureStep, Impute
from cauce.spec.findings import Finding
from cauce.spec.positions import KeyPath
from cauce.spec.project import FeatureDefaults, Project
from cauce.spec.refusals import value_at
from cauce.spec.shorthand import Chain, Chains, is_one_chain
from cauce.spec.words import Translated, dotted

NUMBER, TEXT, BOOLEAN, MOMENT = _("numbers"), _("texts"), _("booleans"), _("dates or datetimes")
ANY = frozenset((NUMBER, TEXT, BOOLEAN, MOMENT))
KINDS = {
    "integer": NUMBER,
    "float": NUMBER,
    "decimal": NUMBER,
    "number": NUMBER,
    "text": TEXT,
    "boolean": BOOLEAN,
    "date": MOMENT,
    "datetime": MOMENT,
}
TAKES = {
    "raw": frozenset((NUMBER, BOOLEAN)),
    "scale": frozenset((NUMBER,)),
    "log": frozenset((NUMBER,)),
    "clip": frozenset((NUMBER,)),
    "bins": frozenset((NUMBER,)),
    "text_length": frozenset((TEXT,)),
    "date_parts": frozenset((MOMENT,)),
    "elapsed": frozenset((MOMENT,)),
}
LAST = ("one_hot", "category", "date_parts")


def chain_findings(project: Project, mapping: dict[str, Any]) -> Iterator[Finding]:
    """Faults in the chains of columns and defaults; `mapping` tells how they are written."""
    for path, chains, kind in _declared(project):
        written = value_at(mapping, path)
        for place, steps in enumerate(chains):
            paths = [_step_path(path, written, place, index) for index in range(len(steps))]
            yield from _order(steps, paths, kind)
            for step, step_path in zip(steps, paths, strict=True):
                yield from _own(step, step_path)


def _declared(project: Project) -> Iterator[tuple[KeyPath, Chains, str | None]]:
    types, formulas = project.data.types, project.features.formulas
    for column, chains in project.features.columns.items():
        kind = None if column in formulas else types.get(column)
        yield ("features", "columns", column), chains, kind
    for item in fields(FeatureDefaults):
        chains = getattr(project.features.defaults, item.name)
        yield ("features", "defaults", item.name), chains or (), item.name


def _step_path(path: KeyPath, written: Any, place: int, index: int) -> KeyPath:
    if not isinstance(written, (list, tuple)):
        return path
    return (*path, index) if is_one_chain(written) else (*path, place, index)


def _order(steps: Chain, paths: Sequence[KeyPath], kind: str | None) -> Iterator[Finding]:
    for (earlier, later), path in zip(pairwise(steps), paths[1:], strict=True):
        if earlier.step in LAST:
            yield Finding("E0326", path, {"step": later.step, "last": earlier.step})
            return
    possible = frozenset((KINDS[kind],)) if kind else ANY
    for step, path in zip(steps, paths, strict=True):
        taken = _takes(step)
        if not possible & taken:
            told = {"step": step.step, "takes": _Kinds(taken), "gets": _Kinds(possible)}
            yield Finding("E0320", path, told)
            return
        possible = _gives(step, possible & taken)


def _takes(step: FeatureStep) -> frozenset[str]:
    if isinstance(step, Impute) and step.method in ("mean", "median"):
        return frozenset((NUMBER,))
    return TAKES.get(step.step, ANY)


def _gives(step: FeatureStep, given: frozenset[str]) -> frozenset[str]:
    return given if isinstance(step, Impute) else frozenset((NUMBER,))


class _Kinds(Translated):
    def __init__(self, kinds: frozenset[str]) -> None:
        super().__init__("\n".join(sorted(kinds)))

    def __str__(self) -> str:
        return ", ".join(str(Translated(kind)) for kind in self.text.split("\n"))


def _own(step: FeatureStep, path: KeyPath) -> Iterator[Finding]:
    if isinstance(step, Impute):
        yield from _impute(step, path)
    elif isinstance(step, Clip):
        yield from _clip(step, path)
    elif isinstance(step, Bins):
        if step.edges and step.count is not None:
            yield _excluded(path, "count", "edges")
        if any(later <= earlier for earlier, later in pairwise(step.edges)):
            yield Finding("E0325", (*path, "edges"), {"key": dotted((*path, "edges"))})
    elif isinstance(step, Elapsed):
        if step.since is not None and step.column is not None:
            yield _excluded(path, "since", "column")
        if step.since is None and step.column is None:
            yield _needed(path, step, "since, column")


def _impute(step: Impute, path: KeyPath) -> Iterator[Finding]:
    if step.method == "constant" and step.value is None:
        yield _needed(path, step, "value")
    if step.method != "constant" and step.value is not None:
        yield _excluded(path, f'method = "{step.method}"', "value")


def _clip(step: Clip, path: KeyPath) -> Iterator[Finding]:
    limits = (step.lower, step.upper, step.lower_quantile, step.upper_quantile)
    if all(limit is None for limit in limits):
        yield _needed(path, step, "lower, upper, lower_quantile, upper_quantile")
    for side in ("lower", "upper"):
        if getattr(step, side) is not None and getattr(step, f"{side}_quantile") is not None:
            yield _excluded(path, side, f"{side}_quantile")
    for low, high in (("lower", "upper"), ("lower_quantile", "upper_quantile")):
        least, most = getattr(step, low), getattr(step, high)
        if least is not None and most is not None and least >= most:
            yield Finding("E0325", (*path, high), {"key": f"{dotted(path)}: {low}, {high}"})


def _needed(path: KeyPath, step: FeatureStep, settings: str) -> Finding:
    return Finding("E0313", path, {"key": f"{dotted(path)} ({step.step})", "settings": settings})


def _excluded(path: KeyPath, first: str, second: str) -> Finding:
    return Finding("E0314", (*path, second), {"first": f"{dotted(path)}: {first}", "second": second})
