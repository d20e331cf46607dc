"""What is found wrong with a project file: as pydantic tells it, and in the file's own terms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cauce.spec.positions import KeyPath


@dataclass(frozen=True)
class Problem:
    """What pydantic found: its name for the kind of fault, and the steps to it through its own schema."""

    kind: str
    steps: tuple[str | int, ...]


@dataclass(frozen=True)
class Finding:
    """One thing to refuse: its code, the key it is about, other keys it depends on, and what is said."""

    code: str
    path: KeyPath
    values: dict[str, Any] = field(default_factory=dict)
    depends: tuple[KeyPath, ...] = ()
