"""A page and its JSON as files that appear whole, and replace only what Cauce wrote itself."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cauce.core.faults import translated
from cauce.errors import CauceError
from cauce.running.drafts import Drafts

_OURS = b'<meta name="generator" content="cauce '
_LOOKED_AT = 2000


def check_page(path: Path) -> None:
    """E1905 for a name that does not end in .html, E1906 where another file has it already."""
    if path.suffix.lower() not in (".html", ".htm"):
        raise CauceError("E1905", path=path)
    if not os.path.lexists(path):
        return
    start = b""
    if path.is_file():
        with translated(path), path.open("rb") as file:
            start = file.read(_LOOKED_AT)
    if _OURS not in start:
        raise CauceError("E1906", path=path)


def write_page(path: Path, html: str, *, content: Mapping[str, Any]) -> Path:
    """Write `html` and, beside it, `content` as JSON; the path of the JSON.

    Both are whole and durable before either has its name: a reader sees the old ones or the new ones.
    """
    beside = path.with_suffix(".json")
    written = json.dumps(plain(content), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    drafts = Drafts(overwrite=True)
    with translated(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            for target, text in ((beside, written + "\n"), (path, html)):
                drafts.new(target).write_bytes(text.encode("utf-8", "backslashreplace"))
            drafts.publish()
        finally:
            drafts.discard()
    return beside


def plain(value: Any) -> Any:
    """`value` with null in place of NaN and infinities, which JSON does not have."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
