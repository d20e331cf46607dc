"""The row hash and the summaries: everything that looks at data, one mergeable batch at a time."""

from cauce.stats.comoments import Comoments
from cauce.stats.counts import Counts, Extremes, TextLengths
from cauce.stats.day_facts import DayFacts
from cauce.stats.distinct import Distinct
from cauce.stats.gram import Gram
from cauce.stats.grouped import Filtered, Grouped, Several
from cauce.stats.histogram import Histogram
from cauce.stats.identity import Identity
from cauce.stats.levels import Levels, LevelSums
from cauce.stats.logistic import LogisticSums
from cauce.stats.moments import Moments
from cauce.stats.number_facts import NumberFacts
from cauce.stats.ordered_counts import OrderedCounts, hash_quantile
from cauce.stats.outcomes import Confusion, ResidualBins
from cauce.stats.quantiles import Quantiles
from cauce.stats.row_hash import HASH_COLUMNS, key_hashes, row_hashes, unit_interval, with_hashes
from cauce.stats.rows import LowestRows
from cauce.stats.scores import ScoreBins
from cauce.stats.summary import Summary
from cauce.stats.text_facts import TextFacts
from cauce.stats.thinning import Thinned
from cauce.stats.unions import Unions
from cauce.stats.weighted_numbers import WeightedNumbers
from cauce.stats.worked import Worked

__all__ = [
    "HASH_COLUMNS",
    "Comoments",
    "Confusion",
    "Counts",
    "DayFacts",
    "Distinct",
    "Extremes",
    "Filtered",
    "Gram",
    "Grouped",
    "Histogram",
    "Identity",
    "LevelSums",
    "Levels",
    "LogisticSums",
    "LowestRows",
    "Moments",
    "NumberFacts",
    "OrderedCounts",
    "Quantiles",
    "ResidualBins",
    "ScoreBins",
    "Several",
    "Summary",
    "TextFacts",
    "TextLengths",
    "Thinned",
    "Unions",
    "WeightedNumbers",
    "Worked",
    "hash_quantile",
    "key_hashes",
    "row_hashes",
    "unit_interval",
    "with_hashes",
]
