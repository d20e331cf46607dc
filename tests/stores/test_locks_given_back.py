"""Locks of files end with the work they were taken for, whoever has a copy of the open file."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import pytest

from cauce.stores.lock import locked
from cauce.tracking.locks import held


def held_by_path(path: str) -> AbstractContextManager[bool]:
    return held(Path(path))


@pytest.mark.parametrize("lock", [locked, held_by_path])
def test_a_lock_is_free_although_a_child_that_just_began_has_its_file_open(
    lock: Callable[[str], AbstractContextManager[bool]], tmp_path: Path
) -> None:
    """A process that another thread begins has all files for a moment: a run would be left to nobody."""
    path = str(tmp_path / "lock")
    with lock(path) as mine:
        assert mine
        copies = copies_of(path)
    try:
        assert copies
        with lock(path) as mine:
            assert mine
    finally:
        for copy in copies:
            os.close(copy)


def copies_of(path: str) -> list[int]:
    """The open file once more, as a child has it between its beginning and its program's."""
    found = []
    for one in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            if str(one.readlink()) == path:
                found.append(os.dup(int(one.name)))
    return found
