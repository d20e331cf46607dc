"""Frozen dataclasses as trees of plain parts and back, checked against their annotations."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np

from cauce.stats.scalars import plain


def to_tree(value: Any) -> Any:
    """Dataclasses as dicts, tuples as lists; arrays, frames, bytes and scalars stay what they are."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: to_tree(getattr(value, name)) for name in _hints(type(value))}
    if isinstance(value, tuple | list):
        return [to_tree(item) for item in value]
    return value


def from_tree(kind: Any, tree: Any) -> Any:
    """The value of type `kind` that `to_tree` made `tree` of. Raises TypeError or ValueError."""
    origin = get_origin(kind)
    if kind is Any:
        return tree
    if hasattr(origin, "__value__"):  # since NumPy 2.5 NDArray[...] is a name of an array's type
        return from_tree(origin.__value__[get_args(kind)], tree)
    if origin in (Union, UnionType):
        return _from_choice(get_args(kind), tree)
    if origin is tuple:
        return _from_list(get_args(kind), tree)
    if dataclasses.is_dataclass(kind):
        return _from_dict(kind, tree)
    wanted = np.ndarray if origin is np.ndarray else kind
    if type(tree) is not wanted:
        raise TypeError(f"{type(tree).__name__} in place of {wanted.__name__}")
    return _typed_array(kind, tree) if wanted is np.ndarray else tree


def declaration(value: Any) -> str:
    """A digest of a frozen declaration: its class and every field, nested ones included."""
    text = json.dumps(_declared(value), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _declared(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {item.name: _declared(getattr(value, item.name)) for item in dataclasses.fields(value)}
        return [type(value).__name__, fields]
    if isinstance(value, tuple):
        return [_declared(item) for item in value]
    return [type(value).__name__, plain(value)]


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _from_choice(kinds: tuple[Any, ...], tree: Any) -> Any:
    if tree is None and type(None) in kinds:
        return None
    rest = [kind for kind in kinds if kind is not type(None)]
    for kind in rest[:-1]:
        try:
            return from_tree(kind, tree)
        except (TypeError, ValueError):
            continue
    return from_tree(rest[-1], tree)


def _from_list(kinds: tuple[Any, ...], tree: Any) -> tuple[Any, ...]:
    if type(tree) is not list:
        raise TypeError(f"{type(tree).__name__} in place of a list")
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(from_tree(kinds[0], item) for item in tree)
    if len(kinds) != len(tree):
        raise ValueError(f"{len(tree)} items in place of {len(kinds)}")
    return tuple(from_tree(kind, item) for kind, item in zip(kinds, tree, strict=True))


def _from_dict(kind: Any, tree: Any) -> Any:
    hints = _hints(kind)
    if type(tree) is not dict or tree.keys() != hints.keys():
        raise TypeError(f"not the fields of {kind.__name__}")
    return kind(**{name: from_tree(hint, tree[name]) for name, hint in hints.items()})


def _typed_array(kind: Any, tree: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    kinds = (get_args(item)[0] for item in get_args(kind) if get_origin(item) is np.dtype)
    wanted = [np.dtype(item) for item in kinds if item is not Any]
    if wanted and tree.dtype != wanted[0]:
        raise TypeError(f"{tree.dtype} in place of {wanted[0]}")
    return tree
