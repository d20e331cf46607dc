"""Which of the engine's own tables a project reads."""

from __future__ import annotations

from typing import Any

from cauce.errors import CauceError
from cauce.ports.engine import Engine
from cauce.ports.pieces import HeldRows, HoldingTables
from cauce.sources import ReadOptions
from cauce.sources.files import TABLE, is_held, is_remote, not_here
from cauce.spec import Data


def open_held(engine: Engine, rows: Any, *, data: Data, options: ReadOptions) -> HeldRows | None:
    """The table that the project reads, where the engine holds it; None where the project reads files.

    rows: a table of the caller's, in place of the project's source. E0742 for a table beside something else,
    E0743 where the engine has no tables.
    """
    held = [one for one in data.source if is_held(one)]
    if rows is None and not held:
        return None
    asked = held[0] if rows is None else "DataFrame"
    if not isinstance(engine, HoldingTables):
        raise not_here(asked)
    if rows is not None:
        return engine.open_table(rows, drop=options.drop)
    if len(held) < len(data.source) or (len(held) > 1 and not all(is_remote(one) for one in held)):
        raise CauceError("E0742", source=asked)
    if is_remote(asked):
        return engine.open_remote(held, form=options.format, drop=options.drop)
    return engine.open_table(asked.removeprefix(TABLE), drop=options.drop)
