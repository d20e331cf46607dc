"""How good a model is by how many rows it learned from, and whether more would help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cauce.core.metrics.names import MetricName
from cauce.core.metrics.value import Metric
from cauce.language import format_number, format_significant, translate
from cauce.language import gettext_noop as _

SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)
"""Of the training rows: each size twice the one before."""
_MATTERS = 0.25


@dataclass(frozen=True)
class CurvePoint:
    """A model of a share of the training rows, judged on these rows and on the validation rows."""

    share: float
    rows: int
    train: Metric
    validation: Metric


@dataclass(frozen=True)
class LearningCurve:
    """Points by rising share. left_out: shares on which nothing could be fitted, and the code of why."""

    metric: MetricName
    points: tuple[CurvePoint, ...]
    left_out: tuple[tuple[float, str], ...] = ()

    @property
    def sentence(self) -> str:
        """Whether more rows would help, as far as the last doubling tells; in the active language."""
        known = [one for one in self.points if one.validation.value is not None]
        if len(known) < 2 or known[-1].share < 1:
            return translate(_("Too few sizes could be judged to say whether more rows would help."))
        before, last = known[-2], known[-1]
        told = {
            "metric": str(self.metric),
            "before": format_significant(float(before.validation.value or 0.0), 4),
            "after": format_significant(float(last.validation.value or 0.0), 4),
            "few": format_number(before.rows),
            "many": format_number(last.rows),
        }
        return translate(_SENTENCES[self._helps(last)]).format(**told)

    def _helps(self, last: CurvePoint) -> str:
        """The last doubling's gain against half of the interval: what cannot be seen is not promised.

        Where an earlier size did as well, the gain is chance.
        """
        sign = -1 if self.metric.direction == "lower" else 1
        now = sign * float(last.validation.value or 0.0)
        gains = [now - sign * one.validation.value for one in self.points if one.validation.value is not None]
        gain = min(gains[:-1], default=0.0)
        ends = last.validation
        doubt = (ends.high - ends.low) / 2 if ends.high is not None and ends.low is not None else 0.0
        if gain > doubt:
            return "surely"
        if gain > _MATTERS * doubt:
            return "perhaps"
        return "hardly"

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        points = [
            {**vars(one), "train": one.train.to_json(), "validation": one.validation.to_json()}
            for one in self.points
        ]
        return {
            "metric": str(self.metric),
            "points": points,
            "left_out": [list(one) for one in self.left_out],
        }

    @staticmethod
    def from_json(value: dict[str, Any]) -> LearningCurve:
        """What `to_json` gave."""
        points = (
            CurvePoint(
                float(one["share"]),
                int(one["rows"]),
                Metric.from_json(one["train"]),
                Metric.from_json(one["validation"]),
            )
            for one in value["points"]
        )
        left_out = tuple((float(share), str(code)) for share, code in value["left_out"])
        return LearningCurve(MetricName.parse(value["metric"]), tuple(points), left_out)


_SENTENCES = {
    "surely": _(
        "More rows would help: from {few} to {many} training rows, {metric} on validation rows went from "
        "{before} to {after}, more than its interval is wide to one side."
    ),
    "perhaps": _(
        "More rows would probably help a little: from {few} to {many} training rows, {metric} on validation "
        "rows went from {before} to {after}, which is less than its interval tells apart."
    ),
    "hardly": _(
        "More rows would hardly help: from {few} to {many} training rows, {metric} on validation rows went "
        "from {before} to {after}. Better features or another learner would help more."
    ),
}
