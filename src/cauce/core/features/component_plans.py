"""Which columns become principal components, from what the project declares."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from cauce.core.features.components import ComponentsPlan, check_size, number_cell
from cauce.core.features.rule import NUMBERS
from cauce.core.features.stream import Setting, begin
from cauce.errors import CauceError
from cauce.expr.kinds import columns_of
from cauce.expr.nodes import Column, Expression
from cauce.spec.features import ALL_NUMBERS, Pca
from cauce.spec.project import Features


@dataclass(frozen=True, kw_only=True)
class ComponentPlanner:
    """Plans `[features.pca]`. setting: its schema is the prepared table's. formulas: as declared.

    free: whether `auto` may take a column that nobody names; barred: the role that keeps one from features.
    """

    features: Features
    setting: Setting
    formulas: Mapping[str, Expression]
    free: Callable[[str], bool]
    barred: Callable[[str], str | None]

    def plans(self, columns: tuple[str, ...], faults: list[CauceError]) -> tuple[ComponentsPlan, ...]:
        """One for each declaration; its faults are added to `faults`. columns: those of the user's table."""
        made = []
        for name, pca in self.features.pca_declared.items():
            before = len(faults)
            faults.extend(self._faults(name, pca, columns))
            if len(faults) == before:
                try:
                    made.append(self._plan(name, pca, columns))
                except CauceError as fault:
                    faults.append(fault)
        return tuple(made)

    def _cell(self, name: str) -> Expression:
        return self.formulas.get(name, Column(name))

    def _kind(self, name: str) -> str:
        return begin(name, self._cell(name), schema=self.setting.schema).kind

    def _faults(self, name: str, pca: Pca, columns: tuple[str, ...]) -> Iterator[CauceError]:
        known = (*columns, *self.formulas)
        if name in known:
            yield CauceError("E1010", name=name)
        for column in () if pca.columns == ALL_NUMBERS else pca.columns:
            if column not in known:
                near = ", ".join(difflib.get_close_matches(column, known, n=3, cutoff=0.5) or known[:5])
                yield CauceError("E1001", column=column, key=f"features.pca.{name}.columns", near=near)
                continue
            for read in columns_of(self._cell(column)):
                role = self.barred(read)
                if role is not None:
                    yield CauceError("E1002", column=read, role=role, feature=name)
            kind = self._kind(column)
            if kind not in NUMBERS:
                yield CauceError("E1003", column=column, step="pca", kind=kind, takes=", ".join(NUMBERS))

    def _plan(self, name: str, pca: Pca, columns: tuple[str, ...]) -> ComponentsPlan:
        chosen = pca.columns
        if pca.columns == ALL_NUMBERS:
            chosen = tuple(one for one in columns if self.free(one) and self._kind(one) in NUMBERS)
        chosen = tuple(dict.fromkeys(chosen))
        asked = 1 if pca.components is None else pca.components
        if len(chosen) < 2 or asked > len(chosen):
            raise CauceError("E1011", name=name, columns=len(chosen), components=max(asked, 2))
        plan = ComponentsPlan(
            name=name,
            columns=tuple((one, self._number(one)) for one in chosen),
            count=pca.components,
            share=pca.share,
            scale=pca.scale,
        )
        check_size(name, len(chosen), components=1 if pca.share is not None else plan.most)
        return plan

    def _number(self, name: str) -> Expression:
        return number_cell(begin(name, self._cell(name), schema=self.setting.schema))

    def replaced(self, plans: tuple[ComponentsPlan, ...]) -> frozenset[str]:
        """The columns that `auto` leaves to the components."""
        declared = self.features.pca_declared
        return frozenset(name for one in plans if not declared[one.name].keep for name, _cell in one.columns)
