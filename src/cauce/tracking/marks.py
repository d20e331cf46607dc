"""How far a run's messages have arrived. Only a hint: a lost mark means that messages are told again."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

MARK = "delivered.json"


@dataclass(frozen=True)
class Mark:
    """through: the number of the last message that arrived; destination: where; run: the tracker's name."""

    through: int = 0
    destination: str = ""
    run: str = ""


def read_mark(folder: Path) -> Mark:
    """The mark of a run's folder; an empty one where there is none that can be read."""
    with suppress(OSError, ValueError, TypeError):
        value = json.loads((folder / MARK).read_bytes())
        mark = Mark(**value)
        if isinstance(mark.through, int) and isinstance(mark.destination, str) and isinstance(mark.run, str):
            return mark
    return Mark()


def write_mark(folder: Path, mark: Mark) -> None:
    """Replace the mark as a whole."""
    draft = folder / f".{MARK}"
    draft.write_bytes(json.dumps(asdict(mark)).encode())
    draft.replace(folder / MARK)
