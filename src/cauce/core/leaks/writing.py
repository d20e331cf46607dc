"""Names of columns as the project file writes them."""

from __future__ import annotations

import json
from collections.abc import Iterable


def toml_list(names: Iterable[str]) -> str:
    """A TOML array of texts."""
    return "[" + ", ".join(toml_text(name) for name in names) + "]"


def toml_text(name: str) -> str:
    """A TOML text: JSON's escapes are among TOML's, but for the one character JSON leaves as it is."""
    return json.dumps(name, ensure_ascii=False).replace("\x7f", "\\u007f")


def listed(names: tuple[str, ...]) -> dict[str, str]:
    """What hints are filled with. list: the names as an array; one: the first."""
    return {"list": toml_list(names), "one": toml_text(names[0])}
