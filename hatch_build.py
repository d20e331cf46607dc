"""Build hook: message catalogues (.po, for people) become what Python reads (.mo); wheels get the locks of
the libraries that `cauce image` and `cauce stack` give to containers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LOCALE = Path("src/cauce/locale")
LOCKS = tuple(Path("constraints", f"{name}.txt") for name in ("serve", "stack-mlflow", "stack-work"))


def compile_catalogues(root: Path) -> list[Path]:
    """Write the .mo beside every .po under `root`, whole or not at all. Returns the files written."""
    written = []
    for source in sorted((root / LOCALE).glob("*/LC_MESSAGES/*.po")):
        with source.open("rb") as file:
            catalogue = read_po(file, locale=source.parents[1].name)
        target = source.with_suffix(".mo")
        unfinished = target.with_suffix(f".{os.getpid()}.tmp")
        with unfinished.open("wb") as file:
            write_mo(file, catalogue)
        unfinished.replace(target)
        written.append(target)
    return written


class MessagesHook(BuildHookInterface[Any]):
    """Runs before every build, wheels and editable installs alike."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        compile_catalogues(Path(self.root))
        if self.target_name == "wheel" and version != "editable":
            included = build_data["force_include"]
            included |= {str(Path(self.root) / lock): f"cauce/{lock.as_posix()}" for lock in LOCKS}
