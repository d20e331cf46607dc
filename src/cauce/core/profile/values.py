"""What a profile says, as values: the table, its columns, how they hang together, and the target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from cauce.core.profile.codec import decoded, encoded
from cauce.stats.levels import ColumnLevels

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
"""The shares of `Numbers.quantiles`."""
_YEARS = (1500, 2200)
_IDENTIFIER_SHARE = 0.95
_IDENTIFIER_ROWS = 100

LevelsShown = Literal["all", "most_frequent", "too_many", "hidden", "none"]
FlagKind = Literal[
    "empty",
    "constant",
    "nearly_constant",
    "identifier",
    "personal_name",
    "personal_value",
    "many_levels",
    "mixed",
    "numbers_as_text",
    "dates_as_text",
    "boolean_as_text",
    "skewed",
    "suspects",
]


@dataclass(frozen=True)
class Flag:
    """Something worth knowing about a column. values: what `flag_text` puts into its sentence."""

    kind: FlagKind
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Level:
    """A value and how many rows hold it."""

    value: Any
    count: int


@dataclass(frozen=True)
class Outliers:
    """Finite values further than 1.5 interquartile ranges from the quartiles (Tukey's fences)."""

    low_fence: float
    high_fence: float
    below: int
    above: int

    @property
    def count(self) -> int:
        """Cells outside the fences."""
        return self.below + self.above


@dataclass(frozen=True)
class HistogramBins:
    """counts[i]: cells in [edges[i], edges[i+1]), the last with its upper edge.

    scale: how edges are spaced and what they are: numbers for "linear" and "logarithmic", ISO dates for
    "day", "month" and "year". left_out: cells with a value that no bin holds (infinities; on a logarithmic
    scale also zeros and negative numbers).
    """

    scale: Literal["linear", "logarithmic", "day", "month", "year"]
    edges: tuple[Any, ...]
    counts: tuple[int, ...]
    left_out: int = 0


@dataclass(frozen=True)
class Numbers:
    """A column of numbers (true as 1); infinities are left out of mean, deviation and skew.

    mean, deviation (n - 1), skew (g1): None where undefined. quantiles: at QUANTILES, each within
    `relative_error` of its own size (0.0: exact); empty where there is no value. logarithm: the step of
    features that takes most of the skew away, where one does.
    """

    mean: float | None
    deviation: float | None
    skew: float | None
    quantiles: tuple[float, ...]
    relative_error: float
    outliers: Outliers | None = None
    logarithm: Literal["natural", "one_plus"] | None = None


@dataclass(frozen=True)
class Lengths:
    """Lengths of texts in code points; None where there is no text."""

    shortest: int | None
    longest: int | None
    mean: float | None
    deviation: float | None


@dataclass(frozen=True)
class ColumnProfile:
    """One column. nulls, nans, infinities, zeros, empty: cells.

    distinct: different values, within about 1 % unless `distinct_exact`. low, high: of numbers and dates.
    suspects: values that look like a missing one, with how many cells hold them. levels: at most 50, by
    falling count; `levels_shown` says whether these are all, or why there are none.
    """

    name: str
    kind: str
    rows: int
    nulls: int
    nans: int
    infinities: int
    zeros: int
    empty: int
    distinct: int
    distinct_exact: bool
    low: Any
    high: Any
    suspects: Mapping[str, int]
    levels: tuple[Level, ...]
    levels_shown: LevelsShown
    numbers: Numbers | None = None
    lengths: Lengths | None = None
    histogram: HistogramBins | None = None
    flags: tuple[Flag, ...] = ()

    @property
    def missing(self) -> int:
        """Cells that hold no value: null or NaN."""
        return self.nulls + self.nans

    @property
    def present(self) -> int:
        """Cells that hold a value."""
        return self.rows - self.missing

    @property
    def constant(self) -> bool:
        """Whether all its values are one, or there are none."""
        return self.distinct <= 1

    @property
    def identifier(self) -> bool:
        """Whether nearly every value is another, as in names and numbers of documents."""
        several = self.kind in ("text", "integer") and self.present >= _IDENTIFIER_ROWS
        return several and self.distinct >= _IDENTIFIER_SHARE * self.present

    @property
    def years(self) -> bool:
        """Whether its whole numbers are all such as years are, and so written without marks."""
        ends = (self.low, self.high)
        whole = self.kind == "integer" and all(isinstance(one, int) for one in ends)
        return whole and _YEARS[0] <= self.low <= self.high <= _YEARS[1]

    def flag(self, kind: FlagKind) -> Flag | None:
        """The flag of this kind, if the column has it."""
        return next((flag for flag in self.flags if flag.kind == kind), None)


@dataclass(frozen=True)
class Sample:
    """How many rows were looked at for what needs rows side by side, of how many; chosen by their hash."""

    rows: int
    of: int

    @property
    def whole(self) -> bool:
        """Whether it holds every row."""
        return self.rows == self.of


@dataclass(frozen=True)
class Repeats:
    """Rows that repeat an earlier one in `columns` (empty: in every column); beyond the first of each.

    standard_error: of `rows`, 0.0 where `exact`.
    """

    columns: tuple[str, ...]
    rows: int
    standard_error: float
    exact: bool


@dataclass(frozen=True)
class Matrix:
    """A symmetric table of how strongly columns go together; None where one of them does not vary."""

    columns: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True)
class Pair:
    """Two columns that go together, and by which measure."""

    left: str
    right: str
    measure: Literal["pearson", "spearman", "cramers_v"]
    value: float


@dataclass(frozen=True)
class Associations:
    """On the sample: Pearson and Spearman between numbers, Cramér's V between categories.

    pairs: the strongest by absolute value, falling; each pair of columns once. left_out: columns beyond
    the first that the tables hold.
    """

    sample: Sample
    pearson: Matrix
    spearman: Matrix
    cramers_v: Matrix
    pairs: tuple[Pair, ...]
    left_out: int = 0


@dataclass(frozen=True)
class Part:
    """A part of a column's values and the target in it, on the sample.

    value: the level, or the ISO date a period begins with; low, high: the ends of a range of numbers (both
    inside it). All None: the missing values. rest: the levels that are not shown one by one. mean, median:
    of the target's numbers; shares: of its classes, in the order of `TargetProfile.classes`.
    """

    rows: int
    value: Any = None
    low: float | None = None
    high: float | None = None
    rest: bool = False
    mean: float | None = None
    median: float | None = None
    shares: tuple[float, ...] = ()


@dataclass(frozen=True)
class TargetBy:
    """The target in each part of a column.

    strength: from 0 to 1, over these parts and corrected for their number: of a number the correlation ratio
    of its ranks, which no single far value can carry; of classes Cramér's V.
    """

    column: str
    by: Literal["level", "range", "day", "month", "year"]
    parts: tuple[Part, ...]
    strength: float


@dataclass(frozen=True)
class TargetProfile:
    """The target: exact counts over all rows, and on the sample what goes with it.

    levels: of its values (up to 1,000, else overflow). classes: by falling count, at most 20; empty where
    it is looked at as a number. by_column: the strongest first. over_time: the time column's, if any.
    """

    name: str
    kind: str
    nulls: int
    infinities: int
    levels: ColumnLevels
    classes: tuple[Any, ...] = ()
    sample: Sample | None = None
    by_column: tuple[TargetBy, ...] = ()
    over_time: TargetBy | None = None


@dataclass(frozen=True)
class Profile:
    """What a table holds. target: None where none was named. repeated: whole rows, then declared keys."""

    rows: int
    columns: tuple[ColumnProfile, ...]
    target: TargetProfile | None = None
    repeated: tuple[Repeats, ...] = ()
    associations: Associations | None = None

    def __getitem__(self, name: str) -> ColumnProfile:
        """The column of this name; KeyError."""
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, ColumnProfile]:
        return {column.name: column for column in self.columns}

    @property
    def target_levels(self) -> ColumnLevels:
        """The target's values over all rows; none where no target was named."""
        return self.target.levels if self.target else ColumnLevels((), (), self.rows, overflow=False)

    @property
    def target_infinities(self) -> int:
        """Rows whose target is infinite."""
        return self.target.infinities if self.target else 0

    @property
    def target_nulls(self) -> int:
        """Rows without a target."""
        return self.target.nulls if self.target else 0

    def to_json(self) -> dict[str, Any]:
        """A JSON value. Of the data's values it holds levels, extremes of numbers and dates, suspects."""
        value: dict[str, Any] = encoded(self)
        return value

    @staticmethod
    def from_json(value: dict[str, Any]) -> Profile:
        """What `to_json` gave. Raises TypeError, ValueError or KeyError for anything else."""
        found: Profile = decoded(Profile, value)
        return found
