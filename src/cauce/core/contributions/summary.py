"""Contributions over many rows: how much each column moves predictions, and which way its values do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ValuePart:
    """Rows with some of a column's values. low, high, middle: the ends and the median of numbers (dates: days
    since 1970), None for a level.

    level: a text, true or false, or None where missing. means: of the contributions, by output.
    """

    low: float | None
    high: float | None
    level: str | None
    rows: int
    means: tuple[float, ...]
    middle: float | None = None


@dataclass(frozen=True)
class ColumnContribution:
    """One source. size: the mean over rows of |contribution|, summed over outputs.

    kind: "number", "moment" or "level"; parts: by rising value or falling rows; empty where the source is
    no column, or too few rows share a value.
    """

    source: str
    size: float
    kind: str = "number"
    parts: tuple[ValuePart, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ContributionSummary:
    """Sources by falling size, over `rows` validation rows of lowest hash. outputs: classes, or one text."""

    rows: int
    outputs: tuple[str, ...]
    base: tuple[float, ...]
    columns: tuple[ColumnContribution, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        columns = [
            [one.source, one.size, one.kind, [vars(part) for part in one.parts]] for one in self.columns
        ]
        return {
            "rows": self.rows,
            "outputs": list(self.outputs),
            "base": list(self.base),
            "columns": columns,
        }

    @staticmethod
    def from_json(value: dict[str, Any]) -> ContributionSummary:
        """What `to_json` gave."""
        columns = (
            ColumnContribution(str(source), float(size), str(kind), tuple(map(_part, parts)))
            for source, size, kind, parts in value["columns"]
        )
        return ContributionSummary(
            rows=int(value["rows"]),
            outputs=tuple(map(str, value["outputs"])),
            base=tuple(map(float, value["base"])),
            columns=tuple(columns),
        )


def _part(value: dict[str, Any]) -> ValuePart:
    ends = {name: None if value[name] is None else float(value[name]) for name in ("low", "high", "middle")}
    level = None if value["level"] is None else str(value["level"])
    return ValuePart(**ends, level=level, rows=int(value["rows"]), means=tuple(map(float, value["means"])))
