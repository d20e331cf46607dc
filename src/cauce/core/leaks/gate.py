"""What the leak gate asks of the rows, in one scan, and the report it makes of the answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import polars as pl

from cauce.core.columns import FOLD, TRAIN, VALIDATION
from cauce.core.features import FeaturePlan
from cauce.core.leaks.columns import Looked, column_findings, target_null_findings
from cauce.core.leaks.findings import Finding, LeakReport
from cauce.core.leaks.groups import (
    DUPLICATED,
    MOST_LEVELS,
    ColumnFacts,
    duplicated,
    entity_candidates,
    overlap,
    rich_enough,
    richness,
)
from cauce.core.leaks.sampling import NullPairs, SampledRows
from cauce.core.leaks.writing import listed
from cauce.core.preparation import Preparation
from cauce.core.roles import unknown_column
from cauce.core.splits import SplitSettings
from cauce.expr.nodes import Column
from cauce.stats.summary import Summary

WHOLE_ROWS, SAMPLED_ROWS, MOST_CELLS = 131_072, 100_000, 10_000_000
LEAST_ROWS = 5_000
_ROOM = 0.95
_ATTRIBUTES = 32


@dataclass(frozen=True, kw_only=True)
class Gate:
    """What is known before the scan.

    plan: the features to be. preparation: puts target and fold beside any columns. settings: of the
    split. rows: of the snapshot. facts: of its columns. missing: rows without a target. acknowledged,
    known_after: as declared; E1401 where one acknowledged is no column.
    """

    plan: FeaturePlan
    preparation: Preparation
    settings: SplitSettings
    rows: int
    facts: tuple[ColumnFacts, ...]
    missing: int
    acknowledged: tuple[str, ...] = ()
    known_after: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in self.acknowledged:
            if name not in self.preparation.input and name not in self._formulas:
                raise unknown_column("features.acknowledged", name, schema=self.preparation.input)

    @cached_property
    def _formulas(self) -> tuple[str, ...]:
        return tuple(one.source for one in self.plan.chains if not isinstance(one.expression, Column))

    @property
    def _limit(self) -> int:
        width = len(self.preparation.input) + 8
        most = WHOLE_ROWS if self.rows <= WHOLE_ROWS else SAMPLED_ROWS
        return max(min(most, MOST_CELLS // width), LEAST_ROWS)

    @property
    def _share(self) -> float:
        return 1.0 if self.rows <= self._limit else _ROOM * self._limit / self.rows

    @cached_property
    def _entities(self) -> tuple[str, ...]:
        """Columns whose values may be on both sides of the split."""
        if self.settings.kind == "time":
            return ()
        target = self.preparation.target.columns
        return entity_candidates(self.facts, but=(*self.settings.hashed, *self.preparation.key, *target))

    @cached_property
    def _content(self) -> tuple[str, ...]:
        """The columns under which a row may be a copy of another; none where equal rows share a fold."""
        if self.settings.kind == "time" or not self.settings.hashed:
            return ()
        placed = {*self.settings.hashed, *self.preparation.key}
        return tuple(name for name in self.preparation.input.names if name not in placed)

    @cached_property
    def _attributes(self) -> tuple[str, ...]:
        """Columns of few values, on which rows of an entity may agree."""
        target = self.preparation.target.columns
        few = [one.name for one in self.facts if 2 <= one.distinct <= MOST_LEVELS and one.name not in target]
        return tuple(few[:_ATTRIBUTES])

    @property
    def summaries(self) -> tuple[Summary, ...]:
        """What one scan of the snapshot gathers, for `report`."""
        return (self._rows, self._nulls, *self._entity_rows, *self._content_rows)

    @cached_property
    def _rows(self) -> SampledRows:
        whole = self._share == 1.0
        names = self.preparation.input.names
        return SampledRows(
            hashed=self.preparation.key or names,
            share=self._share,
            limit=self._limit,
            work=replace(self.preparation, keep=names),
            content=self._content if whole else (),
        )

    @cached_property
    def _nulls(self) -> NullPairs:
        watched = self.plan.columns if self.missing else ()
        return NullPairs(watched, self.preparation.target, self.preparation.input)

    @cached_property
    def _entity_rows(self) -> tuple[SampledRows, ...]:
        if self._share == 1.0:
            return ()
        return tuple(
            replace(
                self._rows,
                hashed=(name,),
                work=replace(self.preparation, keep=tuple(dict.fromkeys((name, *self._attributes)))),
            )
            for name in self._entities
        )

    @cached_property
    def _content_rows(self) -> tuple[SampledRows, ...]:
        if self._share == 1.0 or not self._content:
            return ()
        work = replace(self.preparation, keep=())
        return (replace(self._rows, hashed=self._content, work=work, content=self._content),)

    def report(self, results: tuple[Any, ...]) -> LeakReport:
        """The report, from the results of `summaries`."""
        rows, nulls, *more = results
        of_entities = more[: len(self._entity_rows)] or [rows] * len(self._entities)
        of_content = rows if self._share == 1.0 else more[-1] if self._content_rows else None
        found = (
            *target_null_findings(nulls, self._looked(rows)),
            *column_findings(self._looked(rows)),
        )
        findings = (
            *_one_stop_each(found),
            *self._group_findings(of_entities),
            *self._duplicates(rows, of_content),
            *self._identifiers(found),
            *self._barred(),
        )
        return LeakReport(
            rows=self.rows,
            sampled=rows.height,
            findings=tuple(self._acknowledge(one) for one in findings),
            acknowledged=self.acknowledged,
            known_after=self.known_after,
        )

    def _looked(self, rows: pl.DataFrame) -> Looked:
        kept = rows.filter(rows[FOLD].is_in([TRAIN, VALIDATION]))
        return Looked(kept, self.plan, self.preparation.target)

    def _group_findings(self, samples: Iterable[pl.DataFrame]) -> Iterator[Finding]:
        pairs = zip(self._entities, samples, strict=True)
        every = (overlap(rows, name, attributes=self._attributes) for name, rows in pairs)
        largest = sorted((one for one in every if one is not None), key=lambda one: -one.share)
        for found in largest:
            name = found.column
            yield Finding(
                kind="group",
                severity="stop",
                code="E1806",
                columns=(name,),
                values={
                    "column": name,
                    "share": _percent(found.share),
                    "attribute": found.attribute,
                    "agreement": _percent(found.agreement),
                    "chance": _percent(found.chance),
                    **listed((name,)),
                },
                settings=(("data.group", name), ("split.kind", "group")),
            )

    def _duplicates(self, rows: pl.DataFrame, content: pl.DataFrame | None) -> Iterator[Finding]:
        if not self._content or content is None:
            return
        share = duplicated(content)
        if share is None or share < DUPLICATED[0]:
            return
        if not rich_enough(richness(rows, self._content), self.rows):
            return
        placed = tuple(dict.fromkeys((*self.settings.hashed, *self.preparation.key)))
        stops = share >= DUPLICATED[1]
        yield Finding(
            kind="duplicates",
            severity="stop" if stops else "warn",
            code="E1807" if stops else "W1807",
            columns=placed,
            values={"column": ", ".join(placed), "share": _percent(share), **listed(placed)},
        )

    def _identifiers(self, found: Iterable[Finding]) -> Iterator[Finding]:
        known = {name for one in found for name in one.columns}
        for column in self.facts:
            if column.identifier and column.name in self.plan.columns and column.name not in known:
                yield Finding(
                    kind="identifier",
                    severity="warn",
                    code="W1808",
                    columns=(column.name,),
                    values={"column": column.name, **listed((column.name,))},
                    settings=(("features.exclude", column.name),),
                )

    def _barred(self) -> Iterator[Finding]:
        target = self.preparation.target
        if not isinstance(target.expression, Column):
            names = ", ".join(target.columns)
            yield Finding(
                kind="barred",
                severity="note",
                code="W1809",
                columns=target.columns,
                values={"columns": names, "target": target.name},
            )

    def _acknowledge(self, finding: Finding) -> Finding:
        known = any(name in self.acknowledged for name in finding.columns)
        return replace(finding, acknowledged=known and finding.kind != "barred")


def _percent(share: float) -> float:
    return round(100 * share, 1)


def _one_stop_each(found: Iterable[Finding]) -> Iterator[Finding]:
    """Of each column the first that stops, which is the plainest; what only warns where nothing stops."""
    every = tuple(found)
    stopped: set[str] = set()
    for one in every:
        if one.severity == "stop" and one.column not in stopped:
            stopped.add(one.column)
            yield one
    yield from (one for one in every if one.severity != "stop" and one.column not in stopped)
