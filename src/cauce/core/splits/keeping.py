"""Whether a later division of rows keeps the test rows of an earlier one out of training."""

from __future__ import annotations

from cauce.core.splits.rules import RandomSplit, SplitRule, StratifiedSplit, TimeSplit


def keeps_test(earlier: SplitRule | None, now: SplitRule) -> bool:
    """Whether no row that `now` tests on can have trained or validated under `earlier`.

    Of rows that both divide. Stratified limits are exact for their own snapshot: where a limit moved down,
    rows between the two changed sides.
    """
    if earlier is None or type(earlier) is not type(now):
        return False
    if isinstance(earlier, TimeSplit) and isinstance(now, TimeSplit):
        return earlier.column == now.column and now.validation_until >= earlier.validation_until
    if not isinstance(earlier, RandomSplit) or not isinstance(now, RandomSplit):
        return False
    same = (earlier.columns, earlier.seed) == (now.columns, now.seed)
    return same and all(one >= other for one, other in zip(_ends(now), _ends(earlier), strict=True))


def _ends(rule: RandomSplit) -> tuple[float, ...]:
    """The places from which on rows test, of every class."""
    if isinstance(rule, StratifiedSplit):
        return tuple(validation for _train, validation in rule.limits)
    return (round(rule.train + rule.validation, 12),)
