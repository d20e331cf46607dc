"""A page and its JSON as files that appear whole, and replace only what Cauce wrote itself."""

from __future__ import annotations

import json
import math
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from cauce.core.faults import translated
from cauce.errors import CauceError
from cauce.failpoints import passage

_OURS = b'<meta name="generator" content="cauce '
_LOOKED_AT = 2000


def check_page(path: Path) -> None:
    """E1905 for a name that does not end in .html, E1906 where another file has it already."""
    if path.suffix.lower() not in (".html", ".htm"):
        raise CauceError("E1905", path=path)
    if not os.path.lexists(path):
        return
    with translated(path):
        start = path.open("rb").read(_LOOKED_AT) if path.is_file() else b""
    if _OURS not in start:
        raise CauceError("E1906", path=path)


def write_page(path: Path, html: str, *, content: Mapping[str, Any]) -> Path:
    """Write `html` and, beside it, `content` as JSON; the path of the JSON."""
    beside = path.with_suffix(".json")
    written = json.dumps(plain(content), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    _replace(beside, written + "\n")
    _replace(path, html)
    return beside


def plain(value: Any) -> Any:
    """`value` with null in place of NaN and infinities, which JSON does not have."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _replace(path: Path, text: str) -> None:
    """Durable under another name first, then under its own: a reader sees the old file or the new one."""
    draft = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.tmp")
    with translated(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with draft.open("wb") as file:
                file.write(text.encode("utf-8", "backslashreplace"))
                file.flush()
                os.fsync(file.fileno())
            passage("report.written")
            draft.replace(path)
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
        passage("report.named")
