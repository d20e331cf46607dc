"""Tokens for a service."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cauce.service.tokens import make_token


def token(name: str, *, file: str | Path, scope: Sequence[str] = ("predict",)) -> str:
    """A new token called `name`, which is shown once; `file` keeps its digest and what it may do.

    scope: of predict, explain, operate. E2402, E2405, E2406.
    """
    return make_token(file, name, scopes=tuple(scope))
