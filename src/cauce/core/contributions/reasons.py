"""Columns beside predictions that say why: words for people, or every amount for programs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from cauce.core.bundle.answers import PREDICTION
from cauce.core.bundle.bundle import Bundle
from cauce.core.contributions.explainer import Explainer
from cauce.core.contributions.values import Contributions
from cauce.core.contributions.words import Words, because
from cauce.errors import CauceError
from cauce.expr.schema import Field

MOST_WORDS = 100
ALL = "all"


@dataclass(frozen=True)
class Explain:
    """What is wanted. count: of the strongest columns of each row, in words; None for every amount.

    values: whether the words show the row's own cells.
    """

    count: int | None
    values: bool = False

    @staticmethod
    def of(wanted: int | str | None, *, values: bool = False) -> Explain:
        """From 3, "3" or "all"; E2301 for anything else."""
        text = str(wanted).strip()
        if text == ALL:
            return Explain(None, values)
        if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_WORDS):
            raise CauceError("E2301", value=wanted, most=MOST_WORDS)
        return Explain(int(text), values)


@dataclass(frozen=True)
class Reasons:
    """What stands beside each prediction.

    In words: `because_1` … `because_<n>`, of a row with several classes for the class that is predicted.
    Every amount: `base`, then `contribution_<column>`; with several classes `base_<class>` and
    `contribution_<class>_<column>` for each class. Their sum is the raw score.
    """

    explainer: Explainer
    how: Explain

    @staticmethod
    def of(bundle: Bundle, how: Explain, *, threads: int | None = None) -> Reasons:
        """The reasons of a bundle's predictions."""
        return Reasons(Explainer(bundle.scorer(threads=threads), bundle.xgboost), how)

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The columns, in order."""
        if self.how.count is not None:
            return tuple(Field(because(at + 1), "text") for at in range(self._words.count))
        return tuple(Field(name, "float") for name in self._names)

    def columns(self, rows: pl.DataFrame, answers: pl.DataFrame) -> list[pl.Series]:
        """The columns `fields` names for rows of the model's input and the predictions made of them."""
        found = self.explainer(rows)
        if self.how.count is not None:
            return self._words.columns(found, self._predicted(answers), rows=rows)
        values = np.concatenate([np.column_stack((base, one)) for base, one in _by_output(found)], axis=1)
        return [pl.Series(name, values[:, at]) for at, name in enumerate(self._names)]

    @property
    def _words(self) -> Words:
        most = self.how.count or MOST_WORDS
        return Words(min(most, len(self.explainer.sources)), self.how.values)

    @property
    def _names(self) -> list[str]:
        names: list[str] = []
        for output in self.explainer.outputs:
            of = f"_{output}" if output else ""
            names += [f"base{of}", *(f"contribution{of}_{one}" for one in self.explainer.sources)]
        return names

    def _predicted(self, answers: pl.DataFrame) -> npt.NDArray[np.int64] | int:
        if self.explainer.scorer.target.task != "multiclass":
            return 0
        places = {value: at for at, value in enumerate(self.explainer.scorer.answers.classes)}
        chosen = [places[value] for value in answers.get_column(PREDICTION).to_list()]
        return np.array(chosen, dtype=np.int64)


def _by_output(found: Contributions) -> list[tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]]:
    rows = len(found.amounts)
    return [(np.full(rows, one), found.amounts[:, at]) for at, one in enumerate(found.base)]
