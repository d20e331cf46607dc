"""What help and documentation say about one command."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Page:
    """A command's help. summary: one line. more: a paragraph. examples: lines to type, and what each does."""

    summary: str
    more: str
    examples: tuple[tuple[str, str], ...]
