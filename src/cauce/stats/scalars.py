"""Single values of any kind as JSON, exactly."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from typing import Any

Scalar = bool | int | float | str | date | datetime | Decimal | None


def plain(value: Any) -> Any:
    """`value` as a JSON value that `scalar` reads back with the same type and every digit."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$": "float", "value": str(value)}
    if isinstance(value, datetime):
        return {"$": "datetime", "value": value.isoformat()}
    if isinstance(value, date):
        return {"$": "date", "value": value.isoformat()}
    if isinstance(value, Decimal):
        return {"$": "decimal", "value": str(value)}
    raise TypeError(type(value).__name__)


def scalar(value: Any) -> Scalar:
    """The value `plain` wrote. Raises ValueError or KeyError for anything else."""
    if not isinstance(value, dict):
        return value  # type: ignore[no-any-return]
    text = value["value"]
    match value["$"]:
        case "float":
            return float(text)
        case "datetime":
            return datetime.fromisoformat(text)
        case "date":
            return date.fromisoformat(text)
        case "decimal":
            return Decimal(text)
    raise ValueError(value["$"])


def order(value: Scalar) -> tuple[int, Any]:
    """A sort key over values of one kind: null first, then by value, NaN last."""
    if value is None:
        return (0, 0)
    if isinstance(value, float) and math.isnan(value):
        return (2, 0)
    return (1, value)
