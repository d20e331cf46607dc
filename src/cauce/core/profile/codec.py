"""Frozen values as JSON and back, checked against their annotations."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from cauce.stats.scalars import plain, scalar


def encoded(value: Any) -> Any:
    """Dataclasses as objects, tuples as arrays, single values as `plain` writes them."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: encoded(getattr(value, name)) for name in _hints(type(value))}
    if isinstance(value, Mapping):
        return {name: encoded(one) for name, one in value.items()}
    if isinstance(value, tuple | list):
        return [encoded(one) for one in value]
    return plain(value)


def decoded(kind: Any, value: Any) -> Any:
    """The value of type `kind` that `encoded` wrote. Raises TypeError, ValueError or KeyError."""
    return _decoder(kind)(value)


@cache
def _decoder(kind: Any) -> Callable[[Any], Any]:
    """What reads values of type `kind`: annotations are looked at once, not once for each value."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Any:
        return scalar
    if origin in (Union, UnionType):
        some = next(one for one in arguments if one is not _NONE)
        return lambda value: None if value is None else _decoder(some)(value)
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return lambda value: tuple(map(_decoder(arguments[0]), value))
    if origin is Mapping:
        return lambda value: {name: _decoder(arguments[1])(one) for name, one in value.items()}
    if dataclasses.is_dataclass(kind):
        made: Any = kind
        return lambda value: made(**{name: _decoder(_hints(made)[name])(one) for name, one in value.items()})
    return lambda value: _checked(kind, scalar(value))


_NONE = type(None)


def _checked(kind: Any, value: Any) -> Any:
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise ValueError(f"{value!r} is none of {get_args(kind)}")
    elif type(value) is not kind:
        raise TypeError(f"{type(value).__name__} in place of {kind.__name__}")
    return value


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)
