"""What the data must be like: the `[validate]` part of a project file."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from cauce.language import gettext_noop as _
from cauce.spec.settings import (
    EMPTY,
    AtLeastOne,
    Exact,
    Expects,
    Flag,
    FrozenMap,
    Kind,
    Moment,
    Name,
    Number,
    OneOrMany,
    RowLimit,
    Scalar,
    Share,
    SomeNames,
    Whole,
    before,
    section,
    setting,
)

Kinds = Annotated[tuple[Kind, ...], OneOrMany()]
Bound = Annotated[Whole | Number | Moment, Expects(_("a number, or a date or datetime such as 2013-01-31"))]
Levels = Annotated[tuple[Scalar, ...], OneOrMany()]
RowCount = Annotated[int, Exact(ge=0)]
Characters = Annotated[int, Exact(ge=0)]
Span = Annotated[
    str,
    Exact(pattern=r"^[1-9][0-9]{0,5} (minute|hour|day|week)s?$"),
    Expects(_('a text such as "36 hours" or "30 days"')),
]
RowAction = Literal["stop", "quarantine", "warn"]
TableAction = Literal["stop", "warn"]

_ON_FAILURE = _("What a failure does: stop the run, set the failing rows aside (quarantine), or warn.")
_ON_TABLE_FAILURE = _("What a failure does: stop the run, or warn.")
_TOLERATED = _("The share of rows that may fail.")


@section
class ColumnExpectation:
    """What one column must be like. Missing cells (null or NaN) are judged by `nulls` alone."""

    type: Kinds = setting(_("The kind, or kinds, the column may be of."), default=())
    min: Bound | None = setting(_("The smallest value allowed."), default=None)
    max: Bound | None = setting(_("The largest value allowed."), default=None)
    above: Bound | None = setting(_("Values must be above this one."), default=None)
    below: Bound | None = setting(_("Values must be below this one."), default=None)
    levels: Levels = setting(_("The only values allowed."), default=())
    nulls: Share | None = setting(_("The largest share of missing cells."), default=None)
    unique: Flag = setting(_("Whether no value may come twice."), default=False)
    pattern: Name | None = setting(
        _("A regular expression (Rust's syntax) that the whole of each text matches."), default=None
    )
    min_length: Characters | None = setting(_("The fewest characters of a text."), default=None)
    max_length: Characters | None = setting(_("The most characters of a text."), default=None)
    tolerated: Share = setting(_TOLERATED, default=0.0)
    on_failure: RowAction = setting(_ON_FAILURE, default="stop")


@section
class FormulaExpectation:
    """A formula that must hold in each row."""

    formula: Name = setting(_("The formula, true where a row is as it must be, such as end >= start."))
    null: Literal["pass", "fail"] = setting(
        _("Whether a row passes for which the formula gives null, because a value is missing."),
        default="pass",
    )
    tolerated: Share = setting(_TOLERATED, default=0.0)
    on_failure: RowAction = setting(_ON_FAILURE, default="stop")


@section
class KeyExpectation:
    """Columns that together identify a row. Rows where one of them is null are left out."""

    columns: SomeNames = setting(_("The columns whose values together come only once."))
    tolerated: Share = setting(_TOLERATED, default=0.0)
    on_failure: RowAction = setting(_ON_FAILURE, default="stop")


@section
class RowsExpectation:
    """How many rows there must be."""

    min: RowCount | None = setting(_("The fewest rows."), default=None)
    max: RowCount | None = setting(_("The most rows."), default=None)
    on_failure: TableAction = setting(_ON_TABLE_FAILURE, default="stop")


@section
class FreshnessExpectation:
    """How old the newest row may be. Times without a zone are taken as UTC; a date lasts until midnight."""

    column: Name = setting(_("The date or datetime column that says how new a row is."))
    within: Span = setting(_("How old the newest value may be, such as 36 hours or 30 days."))
    on_failure: TableAction = setting(_ON_TABLE_FAILURE, default="stop")


class FormulaShorthand:
    """Marks a formula's expectation, which its text alone may stand for."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        return before(_long_formula, handler(source))

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> dict[str, Any]:
        words = _('a formula such as "end >= start", or a table with it under `formula`')
        return {"anyOf": [{"type": "string", "minLength": 1}, handler(core)], "x-expects": words}


def _long_formula(value: Any) -> Any:
    return {"formula": value} if isinstance(value, str) else value


ColumnExpectations = Annotated[tuple[ColumnExpectation, ...], AtLeastOne(), OneOrMany()]
RowFormula = Annotated[FormulaExpectation, FormulaShorthand()]
Keys = Annotated[tuple[KeyExpectation, ...], OneOrMany()]


@section
class Validate:
    """What the data must be like before anything is learned from them."""

    columns: FrozenMap[ColumnExpectations] = setting(
        _("What a column must be like; a list of tables gives several with an action of their own."),
        default=EMPTY,
    )
    formulas: FrozenMap[RowFormula] = setting(
        _("Formulas that must hold in each row, by a name for each."), default=EMPTY
    )
    unique: Keys = setting(_("Columns whose values together come only once."), default=())
    rows: RowsExpectation | None = setting(_("How many rows there must be."), default=None)
    freshness: FreshnessExpectation | None = setting(_("How old the newest row may be."), default=None)
    quarantined: RowLimit = setting(
        _("The run stops when more rows than this would be set aside: a share (0.1) or a number (100)."),
        default=0.1,
    )

    @property
    def declared(self) -> bool:
        """Whether anything is expected at all."""
        return bool(self.columns or self.formulas or self.unique or self.rows or self.freshness)
