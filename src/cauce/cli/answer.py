"""What a command answers: the same for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """schema: the document's name and version, such as "cauce.run/1". content: its other members, JSON.

    text: the same for people, on standard output ("" for nothing). notes: lines on standard error.
    next: the command to type now. status: the exit code.
    """

    schema: str
    content: Mapping[str, Any]
    text: str = ""
    notes: tuple[str, ...] = ()
    next: str | None = None
    status: int = 0
