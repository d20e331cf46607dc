"""Permutation importance: how much worse the model gets when one column's cells are shuffled among rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cauce.core.metrics.names import MetricName


@dataclass(frozen=True)
class ColumnImportance:
    """One column of the user's table. drop: how much worse the metric is on average with its cells
    shuffled (below 0: no worse); spread: the standard deviation of the repeats."""

    column: str
    drop: float
    spread: float


@dataclass(frozen=True, kw_only=True)
class PermutationImportance:
    """Columns by their drop in `metric`, largest first, on `rows` validation rows of lowest hash."""

    metric: MetricName
    rows: int
    repeats: int
    columns: tuple[ColumnImportance, ...]

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        columns = [[one.column, one.drop, one.spread] for one in self.columns]
        return {"metric": str(self.metric), "rows": self.rows, "repeats": self.repeats, "columns": columns}

    @staticmethod
    def from_json(value: dict[str, Any]) -> PermutationImportance:
        """What `to_json` gave."""
        columns = (ColumnImportance(str(a), float(b), float(c)) for a, b, c in value["columns"])
        return PermutationImportance(
            metric=MetricName.parse(value["metric"]),
            rows=int(value["rows"]),
            repeats=int(value["repeats"]),
            columns=tuple(columns),
        )
