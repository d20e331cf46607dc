"""What single columns, and two together, give away of the target."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import combinations

import numpy as np
import polars as pl

from cauce.core.canonical import Json
from cauce.core.columns import INNER_FOLD, TARGET
from cauce.core.features import FeaturePlan
from cauce.core.leaks.copies import copied, formulas
from cauce.core.leaks.findings import Finding, FindingKind
from cauce.core.leaks.levels import decided
from cauce.core.leaks.predictors import explained, lines
from cauce.core.leaks.rows import Floats, Labels, Whole, cells_of, judged
from cauce.core.leaks.sampling import NullTable
from cauce.core.leaks.writing import listed
from cauce.core.task import Target, class_name
from cauce.expr.nodes import Column
from cauce.expr.projection import Output, Projection
from cauce.threads import in_threads

_NULL_ROWS = 20
_ONLY, _COVERED, _CHANCE = 0.99, 0.5, 1e-9
_MOST_TIMES = 6
_MOST_SHOWN = 40
_NUMBERS = ("integer", "float", "decimal")
_HEAD, _MANY, _USUAL = 4000, 1000, 0.15
_FEW_VALUES, _TOLD_SHARE = 50, 0.005


@dataclass(frozen=True)
class Looked:
    """Sampled rows with a label, of training and validation, and what will be made of them."""

    rows: pl.DataFrame
    plan: FeaturePlan
    target: Target

    @cached_property
    def labels(self) -> Labels:
        """What is to be predicted, for each row."""
        values = self.rows.get_column(TARGET).to_numpy()
        parts = self.rows.get_column(INNER_FOLD).to_numpy()
        return Labels(values, len(self.target.classes), parts)

    @cached_property
    def places(self) -> Whole:
        """The rows that predictors are judged on."""
        return judged(self.labels)

    @cached_property
    def few(self) -> Labels:
        """The labels of those rows."""
        return self.labels.take(self.places)

    def series(self) -> Iterator[tuple[tuple[str, ...], pl.Series]]:
        """Every column features read, every formula, and how far dates are apart; with the columns to
        act on, the first the likelier."""
        for name in self.plan.columns:
            yield (name,), self.rows.get_column(name)
        for chain in self.plan.chains:
            if not isinstance(chain.expression, Column):
                made = Projection((Output("made", chain.expression),), self.plan.schema)(self.rows)
                yield (chain.source, *chain.columns), made.get_column("made")
        times = [one for one in self.plan.columns if self.plan.schema[one].kind in ("date", "datetime")]
        for first, second in combinations(times[:_MOST_TIMES], 2):
            yield self._between(first, second)

    def _between(self, first: str, second: str) -> tuple[tuple[str, ...], pl.Series]:
        one, other = (
            self.rows.get_column(name).alias("cells").cast(pl.Datetime("us")).to_physical()
            for name in (first, second)
        )
        apart = other - one
        later = float(np.nanmean(_floats(apart))) >= 0 if apart.count() else True
        return (second, first) if later else (first, second), apart

    def numbers(self) -> dict[str, Floats]:
        """Columns of numbers that features read."""
        return {
            name: _floats(self.rows.get_column(name))
            for name in self.plan.columns
            if self.plan.schema[name].kind in _NUMBERS
        }

    def targets(self) -> Iterator[tuple[str, Floats]]:
        """The numbers that a column may be a copy of, by name: those to predict, those they are made of."""
        if not self.target.classes:
            yield self.target.name, self.labels.values
        if not isinstance(self.target.expression, Column):
            for name in self.target.columns:
                if self.plan.schema[name].kind in _NUMBERS:
                    yield name, _floats(self.rows.get_column(name))

    def finding(self, code: str, *, kind: FindingKind, columns: tuple[str, ...], **values: Json) -> Finding:
        """A finding whose way out is to bar its first column."""
        filled: dict[str, Json] = {
            "target": self.target.name,
            "column": columns[0],
            **listed((columns[0],)),
            **values,
        }
        return Finding(
            kind=kind,
            severity="stop" if code.startswith("E") else "warn",
            code=code,
            columns=columns,
            values=filled,
            settings=(("data.known_after", columns[0]),),
        )


def target_null_findings(nulls: NullTable, looked: Looked) -> Iterator[Finding]:
    """Columns that are missing only where the target is, over all rows."""
    for name, count in nulls.nulls.items():
        both = nulls.both[name]
        if count < _NULL_ROWS or both < _ONLY * count or both < _COVERED * nulls.missing:
            continue
        if count * math.log(nulls.missing / nulls.rows) > math.log(_CHANCE):
            continue
        values: dict[str, Json] = {"nulls": both, "missing": nulls.missing}
        yield looked.finding("E1804", kind="target_nulls", columns=(name,), **values)


def column_findings(looked: Looked) -> Iterator[Finding]:
    """Copies first, then what explains the target, then what decides it for some values."""
    yield from _copies(looked)
    for found in in_threads(partial(_predictor, looked), looked.series()):
        yield from found
    for name in looked.plan.columns:
        yield from _decided(looked, name, looked.rows.get_column(name))


def _copies(looked: Looked) -> Iterator[Finding]:
    numbers = looked.numbers()
    for called, target in looked.targets():
        for name, cells in numbers.items():
            found = copied(cells, target)
            if found is not None:
                yield looked.finding(
                    "E1802",
                    kind="copy",
                    columns=(name,),
                    target=called,
                    share=_percent(found.share),
                    factor=f"{found.factor:.4g}",
                    rows=found.rows,
                )
        for one in formulas(numbers, target):
            yield looked.finding(
                "E1803",
                kind="formula",
                columns=(one.first, one.second),
                target=called,
                first=one.first,
                operator=one.operator,
                second=one.second,
                share=_percent(one.share),
            )


def _predictor(looked: Looked, judged: tuple[tuple[str, ...], pl.Series]) -> tuple[Finding, ...]:
    columns, series = judged
    found = explained(cells_of(series).take(looked.places), looked.few)
    stop, warn = lines(looked.few, found.weighty)
    if found.least < warn:
        return ()
    stops = found.least >= stop
    formula = columns[0] not in looked.plan.schema
    acted = columns[1:] if formula else columns
    name = columns[0] if formula or len(columns) == 1 else f"{columns[0]} - {columns[1]}"
    values: dict[str, Json] = {"column": name, "explained": _percent(found.share), "rows": found.rows}
    code = "E1801" if stops else "W1801"
    return (looked.finding(code, kind="predictor", columns=acted, **values),)


def _decided(looked: Looked, name: str, series: pl.Series) -> Iterator[Finding]:
    if _scattered(series):
        return
    ordered = series.dtype != pl.String and series.n_unique() > _FEW_VALUES
    found = decided(series, looked.labels)
    most = len(found) > 1 and sum(one.rows for one in found) >= _COVERED * len(looked.labels)
    for one in found:
        kind: FindingKind = "nulls" if one.about_nulls else "level"
        stops = most or (one.covered >= _COVERED and not one.common)
        if not stops and (one.rows < _TOLD_SHARE * len(looked.labels) or (ordered and not one.any_but)):
            continue
        yield looked.finding(
            "E1805" if stops else "W1805",
            kind=kind,
            columns=(name,),
            levels=[None if level is None else _short(level) for level in one.levels],
            any_but=one.any_but,
            outcome=_outcome(looked.target, one.outcome),
            rows=one.rows,
            exceptions=one.exceptions,
            expected=one.expected,
            share=_percent(one.covered),
        )


def _scattered(series: pl.Series) -> bool:
    """Whether a column has too many values, none of them usual, to decide anything by one of them."""
    head = series.alias("cells").head(_HEAD)
    if head.n_unique() <= _MANY:
        return False
    most = head.value_counts(sort=True)["count"][0]
    return bool(most < _USUAL * len(head))


def _short(level: str) -> str:
    return level if len(level) <= _MOST_SHOWN else level[: _MOST_SHOWN - 1] + "…"


def _outcome(target: Target, outcome: float) -> str:
    return class_name(target.classes[int(outcome)]) if target.classes else f"{outcome:.6g}"


def _floats(series: pl.Series) -> Floats:
    return series.alias("cells").cast(pl.Float64).fill_null(math.nan).to_numpy()


def _percent(share: float) -> float:
    return round(100 * float(np.clip(share, 0.0, 1.0)), 1)
