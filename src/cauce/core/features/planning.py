"""From what the user declared to a plan of features, with every fault found at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from cauce.core.features.automatic import auto_chains
from cauce.core.features.component_plans import ComponentPlanner
from cauce.core.features.components import ComponentsPlan
from cauce.core.features.plan import Chain, FeaturePlan, after, prepared
from cauce.core.features.rules import RULES
from cauce.core.features.stream import Setting, Stream, begin
from cauce.core.task import Task
from cauce.errors import CauceError, CauceErrors
from cauce.expr.formula import parse_formula
from cauce.expr.kinds import columns_of
from cauce.expr.nodes import Column, Expression
from cauce.expr.schema import Schema
from cauce.language import translate
from cauce.spec.features import Category, Elapsed, FeatureStep
from cauce.spec.project import Data, Features

MOST_FEATURES = 20_000


@dataclass(frozen=True, kw_only=True)
class Roles:
    """What columns are for besides being features.

    target, known_after and drop are never read by a feature. key, group, time and weight only become one
    where the user names them; of a `time` that is a date, auto takes the parts that return.
    """

    target: tuple[str, ...] = ()
    known_after: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    group: str | None = None
    time: str | None = None
    weight: str | None = None

    @staticmethod
    def of(data: Data, target: Iterable[str]) -> Roles:
        """The roles that [data] declares; target: the columns the target is made of."""
        return Roles(
            target=tuple(target),
            known_after=data.known_after,
            drop=data.drop,
            key=data.key,
            group=data.group,
            time=data.time,
            weight=data.weight,
        )

    def barred(self, column: str) -> str | None:
        """The role that keeps the column from every feature."""
        for role in ("target", "known_after", "drop"):
            if column in getattr(self, role):
                return role
        return None

    def set_aside(self, column: str) -> bool:
        """Whether `auto` leaves the column alone, because it has another role."""
        return column in (*self.key, self.group, self.weight)


def plan_features(
    features: Features,
    schema: Schema,
    *,
    task: Task,
    roles: Roles,
    classes: tuple[str, ...] = (),
    complete: bool = False,
) -> FeaturePlan:
    """The plan over the user's columns.

    classes: the names of the classes, in order, of a multiclass task. complete: for a learner that takes
    numbers without missing values alone. Raises E0832, E1001 to E1007, E1010 to E1012 and the errors of
    formulas, all at once.
    """
    weighted = roles.weight is not None
    setting = Setting(prepared(schema), task, classes, weighted=weighted, complete=complete)
    work = _Planner(features, schema, setting, roles)
    chains = tuple(work.chains())
    if work.faults:
        raise work.faults[0] if len(work.faults) == 1 else CauceErrors(work.faults)
    plan = FeaturePlan(chains, schema, setting, features.variance_filter, work.components)
    least, most = plan.width_bounds()
    if least > MOST_FEATURES:
        raise CauceError("E1006", count=least, most=MOST_FEATURES)
    if not most:
        raise CauceError("E1007")
    return plan


@dataclass
class _Planner:
    features: Features
    schema: Schema
    setting: Setting
    roles: Roles
    faults: list[CauceError] = field(default_factory=list)
    components: tuple[ComponentsPlan, ...] = ()
    replaced: frozenset[str] = frozenset()

    def chains(self) -> Iterator[Chain]:
        """Every chain: columns in the order of the schema, then formulas as declared."""
        formulas = self._formulas()
        self._names(formulas)
        self._components(formulas)
        for name in self.schema.names:
            yield from self._of_column(name)
        for name, expression in formulas.items():
            yield from self._of_formula(name, expression)

    def _formulas(self) -> dict[str, Expression]:
        found: dict[str, Expression] = {}
        for name, text in self.features.formulas.items():
            if name in self.schema:
                self.faults.append(CauceError("E1005", name=name))
                continue
            try:
                found[name] = parse_formula(text, self.schema)
            except CauceError as fault:
                self.faults.append(fault)
                continue
            for column in columns_of(found[name]):
                self._bar(column, name)
        return found

    def _components(self, formulas: dict[str, Expression]) -> None:
        planner = ComponentPlanner(
            features=self.features,
            setting=self.setting,
            formulas=formulas,
            free=lambda name: self._free(name) and name != self.roles.time,
            barred=self.roles.barred,
        )
        self.components = planner.plans(self.schema.names, self.faults)
        self.replaced = planner.replaced(self.components)

    def _names(self, formulas: dict[str, Expression]) -> None:
        features = self.features
        known = (*self.schema.names, *formulas)
        left_out = self.roles.drop
        for where in ("columns", "include", "exclude"):
            for name in getattr(features, where):
                if name not in known and name not in left_out and name not in features.formulas:
                    near = ", ".join(difflib.get_close_matches(name, known, n=3, cutoff=0.5) or known[:5])
                    self.faults.append(CauceError("E1001", column=name, key=f"features.{where}", near=near))

    def _bar(self, column: str, feature: str) -> bool:
        role = self.roles.barred(column)
        if role is not None:
            self.faults.append(CauceError("E1002", column=column, role=role, feature=feature))
        return role is not None

    def _of_column(self, name: str) -> Iterator[Chain]:
        expression = Column(name)
        declared = self.features.columns.get(name)
        if declared is not None:
            if not self._bar(name, name):
                yield from self._checked(name, expression, declared, auto=False)
        elif self._takes(name):
            yield from self._automatic(name, expression)

    def _takes(self, name: str) -> bool:
        return self.features.auto and name not in self.replaced and self._free(name)

    def _free(self, name: str) -> bool:
        features = self.features
        if name in features.exclude or self.roles.barred(name):
            return False
        if features.include:
            return name in features.include
        return not self.roles.set_aside(name)

    def _of_formula(self, name: str, expression: Expression) -> Iterator[Chain]:
        declared = self.features.columns.get(name)
        if declared is not None:
            yield from self._checked(name, expression, declared, auto=False)
        elif name not in self.features.exclude and name not in self.replaced:
            yield from self._automatic(name, expression)

    def _automatic(self, name: str, expression: Expression) -> Iterator[Chain]:
        kind = begin(name, expression, schema=self.setting.schema).kind
        time = name == self.roles.time and name not in self.features.include
        complete = self.setting.complete
        chains, own = auto_chains(kind, self.features.defaults, time=time, complete=complete)
        text = own and kind == "text"
        yield from self._checked(name, expression, chains, auto=not text)

    def _checked(
        self, name: str, expression: Expression, chains: tuple[tuple[Any, ...], ...], *, auto: bool
    ) -> Iterator[Chain]:
        for steps in chains:
            before = len(self.faults)
            self._check(name, expression, steps)
            if len(self.faults) == before:
                yield Chain(name, expression, steps, auto)

    def _check(self, name: str, expression: Expression, steps: tuple[FeatureStep, ...]) -> None:
        stream = begin(name, expression, schema=self.setting.schema)
        for step in steps:
            if isinstance(step, Elapsed) and step.column is not None and not self._other(step.column, name):
                return
            fault = self._misfit(step, stream)
            if fault is not None:
                self.faults.append(fault)
                return
            stream = after(step, stream)

    def _misfit(self, step: FeatureStep, stream: Stream) -> CauceError | None:
        rule, column, kind = RULES[step.step], stream.source, stream.kind
        if self.setting.complete and isinstance(step, Category):
            return CauceError("E0832", column=column)
        if kind not in rule.takes:
            takes = ", ".join(rule.takes)
            return CauceError("E1003", column=column, step=step.step, kind=kind, takes=takes)
        found = rule.check(step, rule.start(step, stream), self.setting)
        if found is None:
            return None
        reason = translate(found[1])
        return CauceError("E1004", column=column, step=step.step, kind=kind, setting=found[0], reason=reason)

    def _other(self, column: str, feature: str) -> bool:
        if column in self.schema:
            return not self._bar(column, feature)
        near = ", ".join(difflib.get_close_matches(column, self.schema.names, n=3) or self.schema.names[:5])
        self.faults.append(CauceError("E1001", column=column, key=f"features.columns.{feature}", near=near))
        return False
