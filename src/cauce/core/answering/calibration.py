"""Maps from a model's score to the share of rows that are of the class, kept as numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from cauce.core.canonical import check_fields, damaged

Floats = npt.NDArray[np.float64]
Method = Literal["isotonic", "platt"]
Input = Literal["margin", "share"]
PLACE = "answering.calibration"
MOST_KNOTS = 200_000
_NEAR = 2.0**-25


@dataclass(frozen=True)
class Knots:
    """A non-decreasing line through (score, share) points; flat before the first and after the last."""

    scores: tuple[float, ...]
    shares: tuple[float, ...]

    def __call__(self, score: Floats) -> Floats:
        found: Floats = np.interp(score, *self._arrays)
        return found

    @cached_property
    def _arrays(self) -> tuple[Floats, Floats]:
        return np.asarray(self.scores, dtype=np.float64), np.asarray(self.shares, dtype=np.float64)

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {"scores": list(self.scores), "shares": list(self.shares)}


@dataclass(frozen=True)
class Sigmoid:
    """1 / (1 + exp(-(slope × score + intercept))), slope ≥ 0 (Platt 1999)."""

    slope: float
    intercept: float

    def __call__(self, score: Floats) -> Floats:
        return expit(self.slope * score + self.intercept)

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {"slope": self.slope, "intercept": self.intercept}


Map = Knots | Sigmoid


@dataclass(frozen=True)
class Calibration:
    """How scores become probabilities.

    on: what the maps read. "margin": of two classes the sum before the logistic function, of more the log
    odds of a class against the rest; "share": of a forest, the share of a class. maps: one for the positive
    class of two, else one for each class in order, whose results are divided by their sum.
    """

    method: Method
    on: Input
    maps: tuple[Map, ...]

    def __call__(self, raw: npt.NDArray[Any]) -> Floats:
        """Probabilities [n, classes]. raw: margins, the payload's sums, [n], [n, 1] or [n, classes]."""
        scores = class_scores(raw, on=self.on)
        found = np.empty((len(scores), max(2, len(self.maps))))
        if len(self.maps) == 1:
            found[:, 1] = self.maps[0](scores[:, 0])
            np.subtract(1.0, found[:, 1], out=found[:, 0])
            return found
        for at, one in enumerate(self.maps):
            found[:, at] = one(scores[:, at])
        return _divided(found)

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {"method": self.method, "on": self.on, "maps": [one.to_json() for one in self.maps]}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Calibration:
        """What `to_json` gave; E0507 for anything else, and for maps that could reverse an order."""
        check_fields(value, ("method", "on", "maps"), key=PLACE)
        method, maps = value["method"], value["maps"]
        if method not in get_args(Method) or value["on"] not in get_args(Input):
            raise damaged(PLACE, "the method is unknown")
        if not isinstance(maps, list) or not maps:
            raise damaged(PLACE, "maps is not a list")
        return Calibration(method, value["on"], tuple(map(_map, maps)))


def class_scores(raw: npt.NDArray[Any], *, on: Input) -> Floats:
    """What is calibrated, float64 [n, 1] (the positive class of two) or [n, classes]."""
    values = np.asarray(raw, dtype=np.float64)
    one = values.ndim == 1 or values.shape[1] == 1
    if on == "share":
        limited = np.clip(values, 0.0, 1.0)
        return limited.reshape(-1, 1) if one else _divided(limited)
    return values.reshape(-1, 1) if one else log_odds(values)


def uncalibrated(raw: npt.NDArray[Any], *, on: Input) -> Floats:
    """The model's own probabilities [n, classes] of these margins."""
    values = np.asarray(raw, dtype=np.float64)
    if on == "margin" and values.ndim == 2 and values.shape[1] > 1:
        powers = np.exp(values - values.max(axis=1, keepdims=True))
        return _divided(powers)
    scores = class_scores(values, on=on)
    found = expit(scores) if on == "margin" else scores
    return np.concatenate((1.0 - found, found), axis=1) if found.shape[1] == 1 else found


def margins_of(probabilities: npt.NDArray[Any], *, on: Input) -> Floats:
    """Margins [n] of two classes, else [n, classes], that would give these probabilities [n, classes].

    Probabilities nearer to 0 or 1 than float32 tells apart count as that near.
    """
    values = np.asarray(probabilities, dtype=np.float64)
    if on == "share":
        return values[:, 1] if values.shape[1] == 2 else values
    logs: Floats = np.log(np.clip(values, _NEAR, 1.0))
    return logs[:, 1] - logs[:, 0] if values.shape[1] == 2 else logs


def _divided(found: Floats) -> Floats:
    total = found.sum(axis=1, keepdims=True)
    even = np.full_like(found, 1.0 / found.shape[1])
    shares: Floats = np.divide(found, total, out=even, where=total > 0)
    return shares


def log_odds(margins: Floats) -> Floats:
    """Of softmax margins [n, classes], each class's log odds against the rest, without cancellation."""
    before = np.logaddexp.accumulate(margins, axis=1)
    after = np.logaddexp.accumulate(margins[:, ::-1], axis=1)[:, ::-1]
    rest = np.empty_like(margins)
    rest[:, 0], rest[:, -1] = after[:, 1], before[:, -2]
    rest[:, 1:-1] = np.logaddexp(before[:, :-2], after[:, 2:])
    return margins - rest


def expit(values: Floats) -> Floats:
    """The logistic function, exact in relative terms at both ends."""
    small = np.exp(-np.abs(values))
    return np.where(values >= 0, 1.0, small) / (1.0 + small)


def _numbers(value: Any) -> tuple[float, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_KNOTS:
        raise damaged(PLACE, "a map is not a list of numbers")
    if not all(type(one) is float and math.isfinite(one) for one in value):
        raise damaged(PLACE, "a map holds something else than numbers")
    return tuple(value)


def _rising(values: Sequence[float], *, strictly: bool) -> bool:
    steps = np.diff(np.asarray(values))
    return bool((steps > 0).all() if strictly else (steps >= 0).all())


def _map(value: Any) -> Map:
    if not isinstance(value, dict):
        raise damaged(PLACE, "a map is not a JSON object")
    return _sigmoid(value) if "slope" in value else _knots(value)


def _knots(value: Any) -> Knots:
    check_fields(value, ("scores", "shares"), key=PLACE)
    scores, shares = _numbers(value["scores"]), _numbers(value["shares"])
    fine = len(scores) == len(shares) and _rising(scores, strictly=True) and _rising(shares, strictly=False)
    if not fine or not 0.0 <= shares[0] <= shares[-1] <= 1.0:
        raise damaged(PLACE, "a map does not rise from score to share")
    return Knots(scores, shares)


def _sigmoid(value: Any) -> Sigmoid:
    check_fields(value, ("slope", "intercept"), key=PLACE)
    slope, intercept = _numbers([value["slope"], value["intercept"]])
    if slope < 0:
        raise damaged(PLACE, "a slope is negative")
    return Sigmoid(slope, intercept)
