"""Which rows train, validate and test."""

from cauce.core.splits.fitting import SplitSettings, check_folds, fit_split
from cauce.core.splits.rules import (
    RandomSplit,
    SplitRule,
    StratifiedSplit,
    TimeSplit,
    decode_rule,
    encode_rule,
)

__all__ = [
    "RandomSplit",
    "SplitRule",
    "SplitSettings",
    "StratifiedSplit",
    "TimeSplit",
    "check_folds",
    "decode_rule",
    "encode_rule",
    "fit_split",
]
