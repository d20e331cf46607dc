"""Which rows teach, which stop the training and which judge on each fold: a function of the row alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cauce.core.canonical import digest_of
from cauce.core.splits.blocks import BlockRule, HoldoutBlocks, RandomBlocks, StratifiedBlocks, TimeBlocks


@dataclass(frozen=True)
class Fold:
    """One fold. number: from 0 through all repetitions. train, stop, score: blocks of its repetition.

    Rows of `stop` stop the training of learners that can be stopped, and train the others.
    """

    number: int
    repeat: int
    train: tuple[int, ...]
    stop: tuple[int, ...]
    score: tuple[int, ...]

    @property
    def taught(self) -> tuple[int, ...]:
        """The blocks that features are fitted on: those that train or stop."""
        return (*self.train, *self.stop)


@dataclass(frozen=True)
class FoldPlan:
    """Every fold of one way to cut rows. by: random, stratified, group, time, holdout. k: 1 for holdout."""

    by: str
    k: int
    repeats: int
    rule: BlockRule
    folds: tuple[Fold, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of what decides which row is in which fold."""
        return digest_of(self.to_json())

    def told(self) -> dict[str, Any]:
        """`[choose] folds` with its defaults filled in, for a leaderboard."""
        return {"by": self.by, "k": self.k, "repeats": self.repeats}

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        rule = {"kind": _KINDS[type(self.rule)], **vars(self.rule)}
        return {**self.told(), "rule": rule, "folds": [vars(one) for one in self.folds]}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> FoldPlan:
        """What `to_json` gave."""
        settings = {name: _tuples(one) for name, one in value["rule"].items() if name != "kind"}
        rule: BlockRule = _TYPES[value["rule"]["kind"]](**settings)
        folds = tuple(Fold(**{name: _tuples(one) for name, one in fold.items()}) for fold in value["folds"])
        return FoldPlan(value["by"], value["k"], value["repeats"], rule, folds)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(one) for one in value) if isinstance(value, list | tuple) else value


_KINDS: dict[type, str] = {
    RandomBlocks: "random",
    StratifiedBlocks: "stratified",
    TimeBlocks: "time",
    HoldoutBlocks: "holdout",
}
_TYPES: dict[str, Callable[..., BlockRule]] = {
    "random": RandomBlocks,
    "stratified": StratifiedBlocks,
    "time": TimeBlocks,
    "holdout": HoldoutBlocks,
}


def crossed(k: int, repeats: int) -> tuple[Fold, ...]:
    """Folds of `k` parts whose rows come in two blocks each: the second may stop the training."""
    found: list[Fold] = []
    for repeat in range(repeats):
        for part in range(k):
            others = [one for one in range(k) if one != part]
            train, stop = (tuple(2 * one + own for one in others) for own in (0, 1))
            found.append(Fold(len(found), repeat, train, stop, (2 * part, 2 * part + 1)))
    return tuple(found)


def forward(cuts: list[tuple[int, int, int]]) -> tuple[Fold, ...]:
    """Folds in time. cuts: of each the first block that stops, the first that scores, and the one after."""
    return tuple(
        Fold(number, 0, tuple(range(stop)), tuple(range(stop, score)), tuple(range(score, end)))
        for number, (stop, score, end) in enumerate(cuts)
    )
