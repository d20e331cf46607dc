"""What a model of one batch of the rows loses against the same model of all of them."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cauce.core.candidates.trials import Trial
from cauce.core.metrics.names import MetricName
from cauce.language import format_number, format_significant, translate, translate_plural
from cauce.language import gettext_noop as _


@dataclass(frozen=True)
class BatchedTable:
    """The batches of a `[[models]]` table. rows: that a batch was to have. sizes: that each one has."""

    table: int
    learner: str
    rows: int
    sizes: tuple[int, ...]

    def sentences(self, trials: Sequence[Trial], metric: MetricName) -> list[str]:
        """How the rows were cut, and what the batches lose, in the active language."""
        told = [f"{self.learner}: {self._cut()}"]
        singles, batches = self._judged(trials)
        if singles and batches:
            told.append(self._lost(singles, batches, metric))
        return told

    def _cut(self) -> str:
        sizes, rows = self.sizes, format_number(self.rows)
        if len(sizes) == 1:
            text = translate_plural(
                "the {count} row outside the test is one batch of up to {rows}: it is the fit on all rows.",
                "the {count} rows outside the test are one batch of up to {rows}: it is the fit on all rows.",
                sizes[0],
            )
            return text.format(count=format_number(sizes[0]), rows=rows)
        text = translate_plural(
            "{batches} shuffled batches of {rows} rows; the last one has {count} row.",
            "{batches} shuffled batches of {rows} rows; the last one has {count} rows.",
            sizes[-1],
        )
        return text.format(batches=format_number(len(sizes)), rows=rows, count=format_number(sizes[-1]))

    def _judged(self, trials: Sequence[Trial]) -> tuple[list[Trial], list[Trial]]:
        """Trials of fits on all rows, and of single batches, of this table's settings."""
        known = [one for one in trials if not one.failed]
        batches = [one for one in known if _batch_of(one, self.rows) and one.candidate.table == self.table]
        plain: set[Any] = {_on_all_rows(one) for one in batches}
        return [one for one in known if one.candidate.model in plain], batches

    def _lost(self, singles: Sequence[Trial], batches: Sequence[Trial], metric: MetricName) -> str:
        lower = metric.direction == "lower"
        best = (min if lower else max)(singles, key=lambda one: one.mean)
        own = [one.mean for one in batches if _on_all_rows(one) == best.candidate.model]
        if not own:
            own = [one.mean for one in batches]
        mean = statistics.fmean(own)
        loss = mean - best.mean if lower else best.mean - mean
        ends = (max(own), min(own)) if lower else (min(own), max(own))
        told = {
            "metric": metric,
            "single": format_significant(best.mean, 4),
            "mean": format_significant(mean, 4),
            "worst": format_significant(ends[0], 4),
            "best": format_significant(ends[1], 4),
            "loss": format_significant(abs(loss), 3),
        }
        if loss < 0:
            text = _(
                "Models of one batch reach {mean} in {metric} on average ({worst} to {best}), the fit on all "
                "rows {single}: here the batches gain {loss}."
            )
        else:
            text = _(
                "Models of one batch reach {mean} in {metric} on average ({worst} to {best}), the fit on all "
                "rows {single}: seeing one batch alone loses {loss}."
            )
        return translate(text).format(**told)

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {**vars(self), "sizes": list(self.sizes)}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> BatchedTable:
        """What `to_json` gave."""
        sizes = tuple(map(int, value["sizes"]))
        return BatchedTable(int(value["table"]), str(value["learner"]), int(value["rows"]), sizes)


def _batch_of(trial: Trial, rows: int) -> bool:
    subset = trial.candidate.model.subset
    return subset is not None and subset.batches == rows


def _on_all_rows(trial: Trial) -> Any:
    model: Any = trial.candidate.model
    return replace(model, subset=None)
