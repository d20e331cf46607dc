"""Arrow's types to Cauce's kinds: which field a Parquet column becomes, and how its values get there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cauce.expr.schema import Field

Convert = Callable[[Any], Any]
"""An Arrow array (not chunked) to an Arrow array of the field's own type."""


@dataclass(frozen=True)
class Arrived:
    """A Parquet column as a field. exact: whether the file already holds exactly the field's type.

    look: why all its values must be seen before reading: "size" (uint64 that may not fit 64 signed bits),
    "letters" (bytes that may not be UTF-8), "digits" (times finer than microseconds); "" for no reason.
    said: the code of a notice this column calls for, or "".
    """

    field: Field
    convert: Convert
    exact: bool = False
    look: str = ""
    said: str = ""


@dataclass(frozen=True)
class Refused:
    """A column that no kind holds: the code and what it is."""

    code: str
    found: str


def arrived(name: str, arrow: Any, *, big: bool = False) -> Arrived | Refused:
    """What the column `name` of the Arrow type `arrow` becomes. big: whether its uint64 pass int64."""
    from pyarrow import types

    if types.is_dictionary(arrow):
        inner = arrived(name, arrow.value_type, big=big)
        if isinstance(inner, Refused):
            return inner
        decoded = _cast(arrow.value_type)
        return Arrived(
            inner.field, lambda array: inner.convert(decoded(array)), look=inner.look, said=inner.said
        )
    for found in (_number(name, arrow, big), _text(name, arrow), _time(name, arrow)):
        if found is not None:
            return found
    return Refused("E0422", str(arrow)[:60])


def _cast(target: Any, *, safe: bool = True) -> Convert:
    return lambda array: array.cast(target, safe=safe)


def _number(name: str, arrow: Any, big: bool) -> Arrived | Refused | None:  # noqa: PLR0911 - one for each type
    import pyarrow as pa
    from pyarrow import types

    if types.is_boolean(arrow):
        return Arrived(Field(name, "boolean"), _same, exact=True)
    if types.is_uint64(arrow):
        if big:
            return Arrived(Field(name, "decimal", scale=0), _cast(pa.decimal128(38, 0)), said="W0419")
        return Arrived(Field(name, "integer"), _cast(pa.int64()), look="size")
    if types.is_integer(arrow):
        return Arrived(Field(name, "integer"), _cast(pa.int64()), exact=types.is_int64(arrow))
    if types.is_floating(arrow):
        return Arrived(Field(name, "float"), _cast(pa.float64()), exact=types.is_float64(arrow))
    if types.is_decimal(arrow):
        if arrow.precision > 38 or not 0 <= arrow.scale <= 38:
            return Refused("E0424", str(arrow))
        target = pa.decimal128(38, arrow.scale)
        return Arrived(Field(name, "decimal", scale=arrow.scale), _cast(target), exact=arrow == target)
    return None


def _same(array: Any) -> Any:
    return array


def _text(name: str, arrow: Any) -> Arrived | None:
    import pyarrow as pa
    from pyarrow import types

    field = Field(name, "text")
    if types.is_string(arrow) or types.is_large_string(arrow) or types.is_string_view(arrow):
        return Arrived(field, _same, exact=True)
    if types.is_null(arrow):
        return Arrived(field, _cast(pa.string()), said="W0417")
    if types.is_fixed_size_binary(arrow):
        bytes_first = _cast(pa.binary())
        return Arrived(field, lambda array: bytes_first(array).cast(pa.string()), look="letters")
    if types.is_binary(arrow) or types.is_large_binary(arrow) or types.is_binary_view(arrow):
        return Arrived(field, _cast(pa.large_string()), look="letters")
    return None


def _time(name: str, arrow: Any) -> Arrived | None:
    import pyarrow as pa
    from pyarrow import types

    if types.is_date(arrow):
        return Arrived(Field(name, "date"), _cast(pa.date32()), exact=types.is_date32(arrow))
    if types.is_timestamp(arrow):
        zone = None if arrow.tz is None else "UTC"
        said = "W0422" if arrow.tz not in (None, "UTC", "+00:00") else ""
        field = Field(name, "datetime", zone="UTC" if zone else None)
        fine = arrow.unit == "ns"
        exact = arrow.unit == "us" and zone is None
        return Arrived(field, _microseconds(pa.timestamp("us")), exact, "digits" if fine else "", said)
    if types.is_time(arrow) or types.is_duration(arrow):
        fine = arrow.unit == "ns"
        return Arrived(Field(name, "integer"), _microseconds(None), False, "digits" if fine else "", "W0423")
    return None


_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def _microseconds(target: Any) -> Convert:
    """To whole microseconds, towards the past where the unit is finer; as `target`, or as int64 for None."""

    def convert(array: Any) -> Any:
        import polars as pl
        import pyarrow as pa
        from pyarrow import compute

        width = pa.int32() if pa.types.is_time32(array.type) else pa.int64()
        counts = array.view(width).cast(pa.int64())
        if array.type.unit == "ns":
            floored = pl.Series(pl.from_arrow(counts)) // 1000
            counts = floored.to_arrow()
        else:
            factor = 10**6 // _PER_SECOND[array.type.unit]
            counts = compute.multiply_checked(counts, pa.scalar(factor, pa.int64()))
        return counts if target is None else counts.view(target)

    return convert


def offending(look: str, array: Any) -> bool:
    """Whether an array's values trouble the reader in the way `Arrived.look` asks about."""
    import pyarrow as pa
    from pyarrow import compute

    if pa.types.is_dictionary(array.type):
        array = array.dictionary
    if look == "size":
        most = compute.max(array).as_py()
        return most is not None and most > 2**63 - 1
    if look == "digits":
        counts = array.view(pa.int64())
        whole = compute.multiply(compute.divide(counts, 1000), 1000)
        return bool(compute.any(compute.not_equal(counts, whole)).as_py())
    try:
        array.cast(pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        return True
    return False
