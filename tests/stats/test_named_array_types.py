"""Stored summaries are read under every NumPy: since 2.5 the type of an array is a name for it."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import pytest
from typing_extensions import TypeAliasType

from cauce.stats.state_trees import from_tree

Scalar = TypeVar("Scalar", bound=np.generic)
Named = TypeAliasType("Named", np.ndarray[tuple[Any, ...], np.dtype[Scalar]], type_params=(Scalar,))


def test_an_array_is_read_by_the_name_of_its_type() -> None:
    """Every run would end in E0205 once NumPy names its types."""
    array = np.array([1, 2])
    assert from_tree(Named[np.int64], array) is array
    assert from_tree(tuple[Named[np.int64], ...], [array]) == (array,)


@pytest.mark.parametrize("tree", [np.array([1.5]), [1, 2], None])
def test_what_is_not_the_named_array_is_refused(tree: Any) -> None:
    with pytest.raises(TypeError, match=r"in place of (int64|ndarray)"):
        from_tree(Named[np.int64], tree)
