"""How a setting is declared: exact types, bounds, one value for a list, frozen tables, one line of text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field
from datetime import date, datetime
from typing import Annotated, Any, Generic, Literal, TypeVar, dataclass_transform, get_args

from cauce.language import gettext_noop as _

T = TypeVar("T")
V = TypeVar("V")


def setting(
    description: str, *, default: Any = MISSING, example: Any = None, written: str | None = None
) -> Any:
    """A dataclass field with its one-line description.

    example: where it is not set, `cauce init` shows the setting with this value, as a comment. written: its
    name in the file, where Python cannot have that name.
    """
    named = {} if written is None else {"alias": written}
    return field(default=default, metadata={"description": description, "example": example, **named})


def file_name(item: Field[Any]) -> str:
    """What the file calls a setting."""
    return str(item.metadata.get("alias", item.name))


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(setting,))
def section(declared: type[T]) -> type[T]:
    """A frozen dataclass of settings whose reader refuses unknown keys, infinities and NaN."""
    config = {"extra": "forbid", "allow_inf_nan": False}
    declared.__pydantic_config__ = config  # type: ignore[attr-defined]
    return dataclass(frozen=True, kw_only=True)(declared)


def before(change: Callable[[Any], Any], schema: Any) -> dict[str, Any]:
    """The pydantic-core schema that applies `change` to a value, then `schema`."""
    return {"type": "function-before", "function": {"type": "no-info", "function": change}, "schema": schema}


class Exact:
    """Marks a type whose values are taken as they are, never converted, and within bounds.

    bounds: what pydantic-core calls them (`ge`, `gt`, `le`, `lt`, `min_length`, `max_length`, `pattern`).
    """

    def __init__(self, **bounds: Any) -> None:
        self.bounds = bounds

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> dict[str, Any]:
        return {**handler(source), "strict": True, **self.bounds}


class AtLeastOne:
    """Marks a tuple that may not be empty."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> dict[str, Any]:
        return {**handler(source), "min_length": 1}


class OneOrMany:
    """Marks a tuple that one value alone may stand for."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        return before(_listed, handler(source))

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> dict[str, Any]:
        listed = handler(core)
        return {"anyOf": [listed["items"], listed]}


def _listed(value: Any) -> Any:
    return value if isinstance(value, (list, tuple)) else (value,)


class FrozenMap(Mapping[str, V], Generic[V]):
    """A mapping that cannot change, keeps its order, and can be hashed where its values can."""

    __slots__ = ("_entries",)

    def __init__(self, entries: Mapping[str, V] | Iterable[tuple[str, V]] = ()) -> None:
        self._entries = dict(entries)

    def __getitem__(self, name: str) -> V:
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __hash__(self) -> int:
        return hash(frozenset(self._entries.items()))

    def __repr__(self) -> str:
        return f"FrozenMap({self._entries!r})"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        table = handler.generate_schema(dict.__class_getitem__((Text, *get_args(source))))
        return {"type": "function-after", "function": {"type": "no-info", "function": cls}, "schema": table}


class DottedNames:
    """Marks a table whose names have dots: `a.b = 1` means `"a.b" = 1`, not a table in a table."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        return before(_joined, handler(source))

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> dict[str, Any]:
        table = handler(core)
        values = {"anyOf": [table["additionalProperties"], {"type": "object"}]}
        return {**table, "additionalProperties": values, "x-expects": _("a table of texts, each in quotes")}


def _joined(value: Any) -> Any:
    return dict(_flat(value)) if isinstance(value, dict) else value


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


class IsoMoment:
    """Marks a text that is an ISO 8601 date or datetime; a TOML date or datetime is turned into one."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        return before(_iso_text, handler(source))


def _iso_text(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        datetime.fromisoformat(value)
    return value


@dataclass(frozen=True)
class Expects:
    """Says in words what a type takes, where its parts would say it badly."""

    words: str

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> dict[str, Any]:
        return {**handler(core), "x-expects": self.words}


Text = Annotated[str, Exact()]
Name = Annotated[str, Exact(min_length=1)]
Character = Annotated[str, Exact(min_length=1, max_length=1)]
Flag = Annotated[bool, Exact()]
Number = Annotated[float, Exact()]
Whole = Annotated[int, Exact()]
Natural = Annotated[int, Exact(ge=1)]
NotNegative = Annotated[float, Exact(ge=0)]
Share = Annotated[float, Exact(ge=0, le=1)]
PositiveShare = Annotated[float, Exact(gt=0, le=1)]
Moment = Annotated[str, Exact(), IsoMoment(), Expects(_("a date or datetime, such as 2013-01-31"))]
Scalar = Annotated[Flag | Whole | Number | Text, Expects(_("a text, a number, true or false"))]
SomeNames = Annotated[tuple[Name, ...], AtLeastOne(), OneOrMany()]
Texts = Annotated[tuple[Text, ...], OneOrMany()]
Names = Annotated[tuple[Name, ...], OneOrMany()]

Kind = Literal["boolean", "integer", "float", "decimal", "text", "date", "datetime"]
RowLimit = Annotated[
    Annotated[int, Exact(ge=0)] | Share,
    Expects(_("a number of rows (a whole number) or a share of them (from 0.0 to 1.0)")),
]

EMPTY: FrozenMap[Any] = FrozenMap()
