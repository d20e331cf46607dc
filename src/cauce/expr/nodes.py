"""The closed language of row-wise operations: frozen nodes, meaning in docs/meaning/expressions.md."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import get_args

from cauce.expr.arity import Binary, Many, Unary
from cauce.expr.choices import Comparison, ElapsedUnit, Level, Part, Side, TruncateUnit, Value, kind_of_value
from cauce.expr.schema import Kind


@dataclass(frozen=True)
class Column:
    """The value of a column."""

    name: str


@dataclass(frozen=True)
class Literal:
    """A constant of a kind; None is the null of that kind. Build it with `literal`."""

    value: Value
    kind: Kind


class Add(Binary):
    """left + right."""


class Subtract(Binary):
    """left - right."""


class Multiply(Binary):
    """left × right."""


class Divide(Binary):
    """left / right, always a float."""


class FloorDivide(Binary):
    """The integer quotient rounded towards -∞."""


class Modulo(Binary):
    """What `FloorDivide` leaves: has the sign of the divisor."""


@dataclass(frozen=True)
class Power(Unary):
    """A whole power by repeated squaring and multiplication; exponent within ±64."""

    exponent: int


class Negate(Unary):
    """The opposite number."""


class Absolute(Unary):
    """The distance to zero."""


class Minimum(Many):
    """The smallest operand; null where any is null."""


class Maximum(Many):
    """The largest operand; null where any is null."""


@dataclass(frozen=True)
class Clip(Unary):
    """The number moved into [lower, upper]; None leaves that side open. Always a float."""

    lower: float | None = None
    upper: float | None = None


class Log(Unary):
    """The natural logarithm."""


class Log1p(Unary):
    """The natural logarithm of 1 + x, exact near zero."""


class Log10(Unary):
    """ln(x) × 0.4342944819032518 (1 / ln 10)."""


class Exp(Unary):
    """e to the x."""


class Expm1(Unary):
    """e to the x, less 1, exact near zero (Kahan's formula)."""


class SquareRoot(Unary):
    """The square root."""


class Floor(Unary):
    """The next whole number towards -∞, of the operand's kind."""


class Ceiling(Unary):
    """The next whole number towards +∞, of the operand's kind."""


@dataclass(frozen=True)
class Round(Unary):
    """x × 10^digits rounded half to even, divided by 10^digits; digits 0 to 15."""

    digits: int = 0


@dataclass(frozen=True)
class Compare(Binary):
    """A comparison: null where either side is null or NaN."""

    operator: Comparison


class And(Many):
    """Three-valued and: false where any is false, else null where any is null."""


class Or(Many):
    """Three-valued or: true where any is true, else null where any is null."""


class Not(Unary):
    """Three-valued not."""


class IsNull(Unary):
    """True for null alone; never null."""


class IsNan(Unary):
    """True for NaN alone; never null."""


class IsMissing(Unary):
    """True for null and for NaN; never null."""


class Coalesce(Many):
    """The first operand that is neither null nor NaN, else null."""


@dataclass(frozen=True)
class IfElse:
    """`then` where the condition is true, `otherwise` where false, null where it is null."""

    condition: Expression
    then: Expression
    otherwise: Expression


@dataclass(frozen=True)
class IsIn(Unary):
    """True where the operand equals one of the values; null for null and NaN."""

    values: tuple[Value, ...]


@dataclass(frozen=True)
class Cast(Unary):
    """The operand as another kind; texts are read by the Parse nodes instead."""

    kind: Kind


@dataclass(frozen=True)
class ParseInteger(Unary):
    """A text as an integer: [sign] digits, with an optional grouping mark and currency text."""

    grouping: str = ""
    currency: str = ""


@dataclass(frozen=True)
class ParseFloat(Unary):
    """A text as a float, with its decimal mark, grouping mark, currency text and percent sign."""

    decimal: str = "."
    grouping: str = ""
    currency: str = ""
    percent: bool = False


@dataclass(frozen=True)
class ParseDecimal(Unary):
    """A text as a decimal of so many digits behind the mark, exactly; with its decimal and grouping marks."""

    scale: int
    decimal: str = "."
    grouping: str = ""


@dataclass(frozen=True)
class ParseBoolean(Unary):
    """A text as a boolean by two lists of words, read without blanks and case."""

    true: tuple[str, ...] = ("true",)
    false: tuple[str, ...] = ("false",)


@dataclass(frozen=True)
class ParseDate(Unary):
    """A text as a date by a format of strict directives."""

    format: str = "%Y-%m-%d"


@dataclass(frozen=True)
class ParseDatetime(Unary):
    """A text as a datetime by a format of strict directives; `%z` makes it an instant in UTC."""

    format: str = "%Y-%m-%dT%H:%M:%S"


@dataclass(frozen=True)
class ParseDuration(Unary):
    """A text such as "100 Hora(s)": its number times the factor of its unit."""

    units: tuple[tuple[str, float], ...]
    decimal: str = "."


class Strip(Unary):
    """The text without leading and trailing blanks (the stated strip set)."""


class Lower(Unary):
    """The text in lower case, each character by itself."""


class Upper(Unary):
    """The text in upper case."""


class Length(Unary):
    """The number of code points."""


@dataclass(frozen=True)
class Slice(Unary):
    """`length` code points from `start` (0 is the first); None takes the rest."""

    start: int
    length: int | None = None


@dataclass(frozen=True)
class Contains(Unary):
    """Whether the text holds `text`, literally."""

    text: str


@dataclass(frozen=True)
class StartsWith(Unary):
    """Whether the text begins with `text`, literally."""

    text: str


@dataclass(frozen=True)
class EndsWith(Unary):
    """Whether the text ends with `text`, literally."""

    text: str


@dataclass(frozen=True)
class Replace(Unary):
    """The text with every `old` replaced by `new`, literally, from left to right."""

    old: str
    new: str


class Concatenate(Many):
    """The texts one after another; null where any is null."""


class Normalise(Unary):
    """The text in Unicode normal form NFC."""


@dataclass(frozen=True)
class DatePart(Unary):
    """A part of a date as an integer; weekday is 1 (Monday) to 7 (Sunday)."""

    part: Part


@dataclass(frozen=True)
class Elapsed:
    """The time from `start` to `end` in `unit`, a float; negative where end is earlier."""

    start: Expression
    end: Expression
    unit: ElapsedUnit


@dataclass(frozen=True)
class Truncate(Unary):
    """The first moment of the date's year, quarter, month, week (Monday), day or hour."""

    unit: TruncateUnit


@dataclass(frozen=True)
class LookupNumber(Unary):
    """The learned number of a level; `unseen` for other levels and `missing` for null."""

    levels: tuple[Level, ...]
    numbers: tuple[float, ...]
    unseen: float | None = None
    missing: float | None = None


@dataclass(frozen=True)
class LookupCode(Unary):
    """The position of a level in `levels`; `unseen` for other levels and `missing` for null."""

    levels: tuple[Level, ...]
    unseen: int | None = None
    missing: int | None = None


@dataclass(frozen=True)
class Bins(Unary):
    """How many edges lie below the number (or at it: `closed` "left", of bins [a, b)); null for null, NaN."""

    edges: tuple[float, ...]
    closed: Side = "left"


@dataclass(frozen=True)
class LevelEquals(Unary):
    """A one-hot cell: whether the operand is this level; false for null."""

    level: Level


@dataclass(frozen=True)
class Linear(Many):
    """intercept + Σ weight × operand, added in blocks of 16 (see the document)."""

    weights: tuple[float, ...]
    intercept: float = 0.0


@dataclass(frozen=True)
class Component(Many):
    """Σ weight × (operand − centre), a missing one adding 0, in the blocks of `Linear` (see the document)."""

    centres: tuple[float, ...]
    weights: tuple[float, ...]


_ARITHMETIC = Add | Subtract | Multiply | Divide | FloorDivide | Modulo | Power | Negate | Absolute
_NUMERIC = Minimum | Maximum | Clip | Log | Log1p | Log10 | Exp | Expm1 | SquareRoot | Floor | Ceiling | Round
_LOGIC = Compare | And | Or | Not | IsNull | IsNan | IsMissing | Coalesce | IfElse | IsIn | Cast
_PARSING = ParseInteger | ParseFloat | ParseDecimal | ParseBoolean | ParseDate | ParseDatetime | ParseDuration
_TEXT = Strip | Lower | Upper | Length | Slice | Contains | StartsWith | EndsWith | Replace | Concatenate
_DATES = Normalise | DatePart | Elapsed | Truncate
_LEARNED = LookupNumber | LookupCode | Bins | LevelEquals | Linear | Component
Expression = Column | Literal | _ARITHMETIC | _NUMERIC | _LOGIC | _PARSING | _TEXT | _DATES | _LEARNED
NODES: tuple[type, ...] = get_args(Expression)


def literal(value: bool | int | float | Decimal | str | date | datetime) -> Literal:
    """`value` as a constant of the kind its Python type names."""
    return Literal(value, kind_of_value(value))
