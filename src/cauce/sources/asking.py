"""Questions about files, answered in this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cauce.ports.pieces import Question


def asked_here(questions: Sequence[Question]) -> Iterator[Any]:
    """The answers, one after the other, as they are wanted."""
    return (question() for question in questions)
