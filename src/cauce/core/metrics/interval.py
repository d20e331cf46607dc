"""Intervals around metrics: what rows drawn anew could give."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Literal, get_args

from cauce.errors import CauceError

Method = Literal["delong", "wilson", "normal", "rank", "bootstrap", "buckets"]
LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """From `low` to `high` with confidence `level` (0.95), found by `method`."""

    low: float
    high: float
    level: float = LEVEL
    method: Method = "bootstrap"

    @property
    def error(self) -> float:
        """The standard error that a normal interval of this width has."""
        return (self.high - self.low) / (2 * quantile_of(self.level))

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return dict(vars(self))

    @staticmethod
    def from_json(value: dict[str, Any]) -> Interval:
        """What `to_json` gave; E0906 for anything else."""
        method = value["method"]
        low, high, level = (float(value[name]) for name in ("low", "high", "level"))
        if method not in get_args(Method) or not (low <= high and 0 < level < 1):
            raise CauceError("E0906", reason=f"interval {method!r}")
        return Interval(low, high, level, method)


def quantile_of(level: float) -> float:
    """How many standard errors lie on each side: 1.96 for 0.95."""
    return NormalDist().inv_cdf((1 + level) / 2)


def wilson(share: float, count: float, *, level: float = LEVEL) -> Interval:
    """Wilson's interval (1927) of a share of `count` independent rows; of none, 0 to 1."""
    if count <= 0:
        return Interval(0.0, 1.0, level, "wilson")
    z = quantile_of(level)
    under = 1 + z * z / count
    middle = (share + z * z / (2 * count)) / under
    half = z * math.sqrt(max(share * (1 - share), 0.0) / count + z * z / (4 * count * count)) / under
    low = 0.0 if share <= 0 else max(0.0, min(middle - half, share))
    high = 1.0 if share >= 1 else min(1.0, max(middle + half, share))
    return Interval(low, high, level, "wilson")


def around_share(value: float, error: float, *, level: float, method: Method) -> Interval:
    """A normal interval on the logit scale, which stays between 0 and 1 (Pepe 2003, 5.2.3)."""
    spread = value * (1 - value)
    if spread <= 0 or error <= 0:
        return Interval(value, value, level, method)
    logit, half = math.log(value / (1 - value)), quantile_of(level) * error / spread
    return Interval(_expit(logit - half), _expit(logit + half), level, method)


def around(value: float, error: float, *, level: float, method: Method) -> Interval:
    """A normal interval."""
    half = quantile_of(level) * error
    return Interval(value - half, value + half, level, method)


def _expit(value: float) -> float:
    if value < 0:
        small = math.exp(max(value, -700.0))
        return small / (1 + small)
    return 1 / (1 + math.exp(-min(value, 700.0)))
